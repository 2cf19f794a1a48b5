import type { NodeId } from '@cl-hive/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { OpeningView } from '../../src/openings/opening-desk.ts';
import type { Mood } from './chain.ts';
import { Fleet, type FleetNode, TARGET } from './fleet.ts';

const OTHER = '02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5' as NodeId;

let fleet: Fleet;
afterEach(() => fleet.stop());

const ask = (node: FleetNode, id = 'o1', target = TARGET): Promise<OpeningView> =>
  node.desk.request({
    id,
    target,
    capacitySat: 1_000_000n,
    reason: 'a test',
    proposedBy: 'planner',
  });

const state = async (node: FleetNode, id = 'o1'): Promise<string | undefined> =>
  (await node.desk.view(id))?.state;

const advise = (node: FleetNode): void => {
  node.settings = { ...node.settings, mode: 'advisor' };
};

describe('the opening desk', () => {
  it('opens once the majority granted it, and tells so', async () => {
    fleet = await Fleet.start(3);
    const told: string[] = [];
    fleet.first.desk.subscribe((view) => told.push(view.state));
    expect((await ask(fleet.first)).state).toBe('waiting');
    await fleet.settle();
    expect(await fleet.first.desk.view('o1')).toMatchObject({
      state: 'done',
      outpoint: `${'0'.repeat(64)}:0`,
    });
    expect(fleet.chain.channels).toHaveLength(1);
    expect(told).toEqual(expect.arrayContaining(['waiting', 'opening', 'done']));
  });

  it('I1: of two that want one target in the same window one opens, and the other says why not', async () => {
    fleet = await Fleet.start(3);
    await Promise.all([ask(fleet.node(0)), ask(fleet.node(1), 'o2')]);
    await fleet.settle();
    await fleet.pass(120_000);
    expect(fleet.chain.channels).toHaveLength(1);
    const views = [await fleet.node(0).desk.view('o1'), await fleet.node(1).desk.view('o2')];
    expect(new Set(views.map((view) => view?.state))).toEqual(new Set(['done', 'waiting']));
    const loser = views.find((view) => view?.state === 'waiting');
    expect(['held_by_other', 'gave_way']).toContain(loser?.reason?.code);
  });

  it('IN-12: one target is one opening, however often and by whatever ids it is asked for', async () => {
    fleet = await Fleet.start(3);
    const views = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(fleet.first, `o${index % 4}`)),
    );
    await fleet.settle();
    expect(fleet.chain.calls).toHaveLength(1);
    expect(views.filter(({ state: each }) => each !== 'refused').map(({ id }) => id)).toEqual([
      'o0',
      'o0',
    ]);
    expect((await ask(fleet.first, 'o0')).state).toBe('done');
    expect((await ask(fleet.first, 'o9')).reason?.code).toBe('channel_exists');
    const clash = await fleet.first.desk.request({
      id: 'o0',
      target: OTHER,
      capacitySat: 1_000_000n,
      reason: '',
      proposedBy: 'x',
    });
    expect(clash.reason?.code).toBe('same_id');
  });

  it('IN-18: refuses targets that are none, with what would change it', async () => {
    fleet = await Fleet.start(3);
    const codes = ['self', 'member', 'not_on_curve', 'not_a_node_id', 'not_a_node_id'];
    const targets = [
      fleet.first.id,
      fleet.node(1).id,
      `02${'0'.repeat(64)}`,
      '__proto__',
      'x'.repeat(66),
    ];
    for (const [index, target] of targets.entries()) {
      const view = await ask(fleet.first, `t${index}`, target as NodeId);
      expect(view).toMatchObject({
        state: 'refused',
        reason: { code: codes[index], remedy: expect.any(String) },
      });
    }
    expect((await fleet.first.desk.list({ limit: 10 })).openings).toEqual([]);
  });

  it('refuses requests without the values of an opening', async () => {
    fleet = await Fleet.start(1);
    const good = { id: 'a', target: TARGET, capacitySat: 20_000n, reason: '', proposedBy: 'x' };
    const bad = [
      { ...good, id: '' },
      { ...good, id: 'a b' },
      { ...good, id: 'a'.repeat(65) },
      { ...good, capacitySat: 0n },
      { ...good, capacitySat: -1n },
      { ...good, capacitySat: 1n << 64n },
      { ...good, feerate: 'cheap' },
      { ...good, reason: 'x'.repeat(501) },
      { ...good, proposedBy: 'x'.repeat(65) },
    ];
    for (const request of bad) {
      expect((await fleet.first.desk.request(request)).reason?.code).toBe('bad_request');
    }
    fleet.first.standing = undefined;
    expect((await fleet.first.desk.request(good)).reason?.code).toBe('not_in_hive');
  });

  it('judges without keeping anything in a dry run', async () => {
    fleet = await Fleet.start(3);
    const request = {
      id: 'dry',
      target: TARGET,
      capacitySat: 20_000n,
      reason: '',
      proposedBy: 'x',
      dryRun: true,
    };
    expect((await fleet.first.desk.request(request)).state).toBe('allowed');
    advise(fleet.first);
    expect((await fleet.first.desk.request(request)).state).toBe('proposed');
    expect(await fleet.first.desk.view('dry')).toBeUndefined();
    expect(await fleet.first.actions.pending()).toEqual([]);
  });

  it('takes back what lightningd was not asked for yet', async () => {
    fleet = await Fleet.start(3);
    fleet.cut = new Set([fleet.first.id]);
    await ask(fleet.first);
    await fleet.settle();
    expect((await fleet.first.desk.cancel('o1', 'no longer'))?.id).toBe('o1');
    await fleet.settle();
    expect(await fleet.first.desk.view('o1')).toMatchObject({
      state: 'cancelled',
      reason: { code: 'person' },
    });
    fleet.cut = new Set();
    await fleet.pass(60_000);
    expect(fleet.chain.calls).toEqual([]);
    expect(await fleet.first.desk.cancel('nothing', '')).toBeUndefined();
  });

  it('lists pages, the newest first', async () => {
    fleet = await Fleet.start(3);
    advise(fleet.first);
    await ask(fleet.first, 'o1');
    await ask(fleet.first, 'o2', OTHER);
    const page = await fleet.first.desk.list({ limit: 1 });
    expect(page.openings.map(({ id }) => id)).toEqual(['o2']);
    const next = await fleet.first.desk.list({ limit: 1, cursor: page.cursor ?? '' });
    expect(next).toMatchObject({ openings: [{ id: 'o1' }] });
    expect(next.cursor).toBeUndefined();
    expect((await fleet.first.desk.list({ limit: 9, state: 'done' })).openings).toEqual([]);
  });
});

describe('a fleet that is cut', () => {
  it('IN-04: the smaller part waits and names who is silent; the larger opens', async () => {
    fleet = await Fleet.start(5);
    fleet.cut = new Set([fleet.node(0).id, fleet.node(1).id]);
    await Promise.all([ask(fleet.node(0)), ask(fleet.node(2), 'o2')]);
    await fleet.pass(120_000);
    expect(fleet.chain.channels.map(({ opener }) => opener)).toEqual([fleet.node(2).id]);
    const waiting = await fleet.first.desk.view('o1');
    expect(waiting?.state).toBe('waiting');
    expect(waiting?.grants).toMatchObject({ need: 3 });
    expect(waiting?.grants?.silent).toHaveLength(3);
    await fleet.mine(7);
    expect((await fleet.first.desk.view('o1'))?.reason).toMatchObject({
      code: 'asking_hive',
      message: expect.stringContaining('2 of 3 grants; 3 are silent'),
    });
    expect(fleet.first.desk.lock.notices).toMatchObject([
      { code: 'epoch_begins' },
      { code: 'no_quorum' },
    ]);
    fleet.cut = new Set();
    for (const node of fleet.nodes) {
      const holder = fleet.node(2).id;
      await node.desk.lock.give({ kind: 'channels', holder, targets: [TARGET] });
    }
    await fleet.mine(14);
    await fleet.pass(60_000);
    expect(fleet.chain.channels).toHaveLength(1);
  });

  it('a person can overrule, and answers for it', async () => {
    fleet = await Fleet.start(3);
    fleet.cut = new Set([fleet.first.id]);
    await ask(fleet.first);
    await fleet.settle();
    expect(await fleet.first.desk.decisions.overrule('o1')).toMatchObject({ id: 'o1' });
    await fleet.settle();
    expect(await state(fleet.first)).toBe('done');
    expect(fleet.first.desk.lock.notices).toContainEqual(
      expect.objectContaining({ code: 'overruled' }),
    );
    expect(await fleet.first.desk.decisions.overrule('o1')).toMatchObject({ code: 'bad_request' });
  });
});

describe('a person', () => {
  it('is asked for everything in advisor mode, and an approval starts the lock', async () => {
    fleet = await Fleet.start(3);
    for (const node of fleet.nodes) {
      advise(node);
    }
    // IN-09: two persons approve at the same time.
    await Promise.all([ask(fleet.node(0)), ask(fleet.node(2), 'o2')]);
    await fleet.settle();
    expect(fleet.chain.calls).toEqual([]);
    const [one] = await fleet.node(0).actions.pending();
    const [two] = await fleet.node(2).actions.pending();
    expect(one).toMatchObject({
      action_type: 'channel_open',
      status: 'pending',
      payload: { target: TARGET, amount_sats: 1_000_000, source: 'planner' },
    });
    const answers = Promise.all([
      fleet.node(0).actions.approve(one?.id ?? 0),
      fleet.node(2).actions.approve(two?.id ?? 0),
    ]);
    await fleet.settle();
    await fleet.pass(30_000);
    expect(fleet.chain.channels).toHaveLength(1);
    expect(new Set((await answers).map(({ status }) => status))).toEqual(
      new Set(['approved', 'executed']),
    );
  });

  it('decides once, and what was decided outlives a restart', async () => {
    fleet = await Fleet.start(3);
    advise(fleet.first);
    await ask(fleet.first, 'o1');
    await ask(fleet.first, 'o2', OTHER);
    await fleet.boot(fleet.first);
    await fleet.settle();
    const waiting = await fleet.first.actions.pending();
    expect(waiting.map(({ order_id: order }) => order)).toEqual(['o1', 'o2']);
    const [one = 0, two = 0] = waiting.map(({ id }) => id);
    expect(await fleet.first.actions.reject(one, 'no')).toMatchObject({ status: 'rejected' });
    await expect(fleet.first.actions.approve(one)).rejects.toMatchObject({ code: 'action_over' });
    await expect(fleet.first.actions.approve(99)).rejects.toMatchObject({ code: 'action_unknown' });
    const answer = fleet.first.actions.approve(two, 2_000_000n);
    await fleet.settle();
    expect(await answer).toMatchObject({
      status: 'executed',
      channel_size_sats: 2_000_000,
      proposed_size_sats: 1_000_000,
      override_applied: true,
    });
    await expect(fleet.first.actions.approve(two)).rejects.toMatchObject({ code: 'action_over' });
    expect(fleet.chain.channels.map(({ target }) => target)).toEqual([OTHER]);
    expect(await state(fleet.first, 'o1')).toBe('rejected');
  });

  it('approves and rejects all, and nothing where nothing waits', async () => {
    fleet = await Fleet.start(3);
    advise(fleet.first);
    expect(await fleet.first.actions.approveAll()).toMatchObject({ status: 'no_actions' });
    expect(await fleet.first.actions.rejectAll('')).toMatchObject({ status: 'no_actions' });
    await ask(fleet.first, 'o1');
    await ask(fleet.first, 'o2', OTHER);
    expect(await fleet.first.actions.approveAll()).toMatchObject({
      status: 'approved_all',
      approved_count: 2,
      errors: null,
    });
    await fleet.settle();
    expect(fleet.chain.channels).toHaveLength(2);
  });

  it('cannot approve below the reserve, or what has a channel by now', async () => {
    fleet = await Fleet.start(3);
    fleet.first.settings = { ...fleet.first.settings, mode: 'advisor' };
    await ask(fleet.first);
    const [action] = await fleet.first.actions.pending();
    fleet.first.settings = { ...fleet.first.settings, reservePpm: 1_000_000 };
    await expect(fleet.first.actions.approve(action?.id ?? 0)).rejects.toMatchObject({
      code: 'action_refused',
      data: { reason: 'under_reserve' },
    });
    expect(await fleet.first.actions.pending()).toHaveLength(1);
    fleet.first.settings = { ...fleet.first.settings, reservePpm: 0 };
    fleet.first.lightning.silent = true;
    await expect(fleet.first.actions.approve(action?.id ?? 0)).rejects.toMatchObject({
      data: { reason: 'node_silent' },
    });
    fleet.first.lightning.silent = false;
    fleet.first.lightning.estimate = false;
    await expect(fleet.first.actions.approve(action?.id ?? 0)).rejects.toMatchObject({
      data: { reason: 'no_estimate' },
    });
  });

  it('is waited for 144 blocks, by height and not by any clock', async () => {
    fleet = await Fleet.start(3);
    advise(fleet.first);
    await ask(fleet.first);
    fleet.clock.step(400 * 86_400_000);
    await fleet.mine(143);
    expect(await fleet.first.actions.pending()).toHaveLength(1);
    await fleet.mine(1);
    expect(await fleet.first.actions.pending()).toEqual([]);
    expect(await fleet.first.desk.view('o1')).toMatchObject({
      state: 'expired',
      reason: { code: 'expired' },
    });
  });
});

describe('the budget', () => {
  it('is nothing by default: everything is proposed', async () => {
    fleet = await Fleet.start(1);
    fleet.first.settings = { ...fleet.first.settings, perDaySat: 0n };
    expect(await ask(fleet.first)).toMatchObject({
      state: 'proposed',
      reason: { code: 'over_channel_limit' },
    });
  });

  it('CK-01: rolls by blocks; no step of a clock opens it', async () => {
    fleet = await Fleet.start(3);
    fleet.first.settings = { ...fleet.first.settings, perDaySat: 1_500_000n };
    await ask(fleet.first);
    await fleet.settle();
    expect(await state(fleet.first)).toBe('done');
    for (const step of [86_400_000, -86_400_000, 315_360_000_000, -1_700_000_000_000]) {
      fleet.clock.step(step);
      await fleet.boot(fleet.first);
      await fleet.settle();
      const dry = { id: 'd', target: OTHER, capacitySat: 1_000_000n, reason: '', proposedBy: 'x' };
      expect(await fleet.first.desk.request({ ...dry, dryRun: true })).toMatchObject({
        state: 'proposed',
        reason: { code: 'over_day_limit' },
      });
    }
    await fleet.mine(144);
    expect((await ask(fleet.first, 'o2', OTHER)).state).toBe('waiting');
  });
});

describe('members that speak only the original protocol', () => {
  const LOW = `02${'1'.repeat(64)}` as NodeId;

  it('make a person necessary; the intent is announced and held for 60 s', async () => {
    fleet = await Fleet.start(3, { originals: [LOW] });
    expect((await ask(fleet.first)).state).toBe('waiting');
    await fleet.settle();
    expect(await fleet.first.desk.view('o1')).toMatchObject({
      state: 'proposed',
      reason: { code: 'contestable_by_originals' },
    });
    const [action] = await fleet.first.actions.pending();
    const answer = fleet.first.actions.approve(action?.id ?? 0);
    await fleet.pass(50_000);
    expect(await answer).toMatchObject({ status: 'approved', state: 'waiting' });
    expect(fleet.first.announced).toEqual([`intent ${TARGET}`]);
    expect(fleet.chain.calls).toEqual([]);
    await fleet.pass(20_000);
    expect(await state(fleet.first)).toBe('done');
  });

  it('win by the lowest key: ours is taken back, and waits', async () => {
    fleet = await Fleet.start(3, { originals: [LOW] });
    await ask(fleet.first);
    await fleet.settle();
    const [action] = await fleet.first.actions.pending();
    void fleet.first.actions.approve(action?.id ?? 0);
    await fleet.pass(20_000);
    await fleet.first.desk.lock.give({ kind: 'original_intent', from: LOW, target: TARGET });
    await fleet.pass(60_000);
    expect(fleet.first.announced).toEqual([`intent ${TARGET}`, `abort ${TARGET}`]);
    expect((await fleet.first.desk.view('o1'))?.reason?.code).toBe('contested_by_original');
    expect(fleet.chain.calls).toEqual([]);
  });
});

describe('an outcome that is not known', () => {
  it('IN-13: is looked for, and nothing is tried again', async () => {
    fleet = await Fleet.start(3);
    fleet.first.lightning.moods = ['answer_lost'];
    await ask(fleet.first);
    await fleet.settle();
    expect(await state(fleet.first)).toBe('done');
    expect(fleet.chain.calls).toHaveLength(1);
  });

  it('blocks the target while lightningd may still be at it', async () => {
    fleet = await Fleet.start(3);
    fleet.first.lightning.moods = ['late'];
    await ask(fleet.first);
    await fleet.settle();
    expect(await fleet.first.desk.view('o1')).toMatchObject({
      state: 'unknown',
      reason: { code: 'outcome_unknown' },
    });
    expect((await ask(fleet.first, 'o2')).reason?.code).toBe('order_pending');
    fleet.chain.finish();
    await fleet.pass(120_000);
    expect(await state(fleet.first)).toBe('done');
    expect(fleet.chain.channels).toHaveLength(1);
  });

  it('ends as not opened only once it cannot open any more', async () => {
    fleet = await Fleet.start(3);
    fleet.first.lightning.moods = ['late'];
    await ask(fleet.first);
    await fleet.settle();
    await fleet.pass(120_000);
    expect(await state(fleet.first)).toBe('failed');
    fleet.chain.finish();
    expect(fleet.chain.channels).toEqual([]);
    await fleet.mine(14);
    await ask(fleet.node(1), 'o2');
    await fleet.settle();
    expect(fleet.chain.channels.map(({ opener }) => opener)).toEqual([fleet.node(1).id]);
  });

  it('KX-07: of a lightningd that ended is what its database shows', async () => {
    fleet = await Fleet.start(3);
    fleet.first.lightning.moods = ['late'];
    await ask(fleet.first);
    await fleet.settle();
    fleet.first.lightning.restart();
    fleet.first.instance = 'second';
    await fleet.boot(fleet.first);
    await fleet.pass(120_000);
    expect(await state(fleet.first)).toBe('failed');
    expect(fleet.chain.calls).toHaveLength(1);
  });

  it.each<[Mood, string]>([
    ['refused', 'open_failed'],
    ['not_sent', 'open_failed'],
  ])(
    'is none where lightningd was %s: it failed, and others may have the target',
    async (mood, code) => {
      fleet = await Fleet.start(3);
      fleet.first.lightning.moods = [mood];
      await ask(fleet.first);
      await fleet.settle();
      expect(await fleet.first.desk.view('o1')).toMatchObject({
        state: 'failed',
        reason: { code },
      });
      await ask(fleet.node(1), 'o2');
      await fleet.settle();
      expect(fleet.chain.channels.map(({ opener }) => opener)).toEqual([fleet.node(1).id]);
    },
  );
});

describe('a plugin that is killed at any step of an opening', () => {
  async function run(killAt: number, mood: Mood): Promise<boolean> {
    fleet = await Fleet.start(3, { killAt });
    const { first } = fleet;
    first.lightning.moods = [mood];
    void ask(first).catch(() => undefined);
    await fleet.settle();
    void ask(fleet.node(1), 'rival').catch(() => undefined);
    await fleet.settle();
    if (mood === 'late') {
      // It is looked for after a minute, and may be killed at that.
      await fleet.pass(65_000, 65_000);
    }
    const killed = !first.alive;
    if (killed) {
      await fleet.boot(first);
      await fleet.settle();
      fleet.chain.finish();
    }
    first.life.spare();
    await fleet.pass(130_000, 65_000);
    if ((await state(first)) === 'unknown') {
      // Killed right after its coins were set aside: lightningd gives them back by height.
      await fleet.mine(72);
      await fleet.pass(130_000, 65_000);
    }
    const windows = fleet.chain.channels.map(({ target, window }) => `${target}|${window}`);
    expect(new Set(windows).size, `killed after call ${killAt}`).toBe(windows.length);
    expect(fleet.chain.channels.length).toBeLessThanOrEqual(1);
    const mine = fleet.chain.channels.filter(({ opener }) => opener === first.id).length;
    const told = await state(first);
    const where = `killed after call ${killAt} of ${mood}: ${told}`;
    if (mine === 1) {
      expect(told, where).toBe('done');
    } else {
      expect(told, where).not.toBe('done');
    }
    expect(['opening', 'unknown'], where).not.toContain(told);
    await fleet.stop();
    return killed;
  }

  it.each<Mood>(['well', 'late', 'refused'])(
    'KX-10, IN-07: opens at most once and forgets nothing, where lightningd does %s',
    async (mood) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        // Right after a call is right before the next one, as far as anybody outside can tell.
        if (!(await run(at, mood))) {
          break;
        }
        points += 1;
      }
      expect(points).toBeGreaterThan(15);
      fleet = await Fleet.start(1);
    },
    300_000,
  );
});
