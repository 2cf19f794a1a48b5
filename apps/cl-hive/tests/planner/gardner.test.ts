import { type NodeId } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type FleetNode, FleetWorld, type WorldOptions } from './fleet-world.ts';
import { channelEntries, idOf, type Network, nodeEntry, smallNetwork } from './network.ts';
import { WorldDesk } from './world-desk.ts';

const network = smallNetwork(300, new SeededRandom(3));
const HOUR = 66;

let world: FleetWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function fleet(options: Partial<WorldOptions> = {}): Promise<FleetWorld> {
  world = await FleetWorld.make({
    network,
    members: 3,
    seed: 1,
    budgetPerDaySat: 50_000_000,
    onchainSat: 60_000_000,
    settings: { 'hive-planner-max-channel-sats': 10_000_000 },
    ...options,
  });
  return world;
}

const first = (w: FleetWorld): FleetNode => {
  const [node] = w.nodes;
  if (node === undefined) {
    throw new Error('the fleet is empty');
  }
  return node;
};

/** Lines of a node's log as `action result` with the target's last digits, the oldest first. */
async function story(node: FleetNode, action?: string): Promise<readonly string[]> {
  const rows = await node.store.readLog({
    limit: 500,
    ...(action === undefined ? {} : { actionType: action }),
  });
  return rows
    .map(({ action_type, result, target }) =>
      [action_type, result, ...(target === null ? [] : [target.slice(-4)])].join(' '),
    )
    .reverse();
}

describe('a fleet', () => {
  it('opens from one node to one target; the others stand back; all of it is in the log', async () => {
    const w = await fleet({ members: 5 });
    w.wake();
    await w.pass(10);
    expect(w.opened).toHaveLength(1);
    const [{ member, target }] = w.opened as [(typeof w.opened)[0]];
    const name = target.slice(-4);
    for (const node of w.nodes) {
      const told = (await story(node)).filter((line) => line.endsWith(name));
      expect(told).toEqual(
        node.id === member
          ? [
              `expansion proposed ${name}`,
              `opening submitted ${name}`,
              `opening submitted ${name}`,
              `opening success ${name}`,
            ]
          : [`expansion stood_back ${name}`],
      );
    }
  });

  it('opens at most once an hour whoever is chosen, never twice to one target', async () => {
    const w = await fleet({ members: 4 });
    w.wake();
    await w.pass(8 * HOUR);
    const times = w.opened.map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(4);
    times.slice(1).forEach((at, n) => expect(at - (times[n] ?? 0)).toBeGreaterThan(40 * 60_000));
    expect(new Set(w.opened.map(({ target }) => target)).size).toBe(w.opened.length);
    expect(new Set(w.opened.map(({ member }) => member)).size).toBeGreaterThan(1);
  });

  it('opens without a member that promises funds and never acts', async () => {
    const w = await fleet({ members: 3 });
    const idle = first(w);
    idle.onchainSat = 500_000_000;
    idle.desk.request = () => new Promise(() => undefined);
    idle.desk.allowance = () => ({ budgetSat: 100_000_000, canOpen: true });
    for (const node of w.nodes.slice(1)) {
      node.words.set(idle.id, {
        at: 0,
        word: {
          onchainSat: 500_000_000,
          budgetSat: 100_000_000,
          canOpen: true,
          sinceOpeningMs: null,
        },
      });
      node.gardner.wake();
    }
    await w.pass(2 * HOUR);
    expect(w.opened).toEqual([]);
    await w.pass(3 * HOUR);
    expect(w.opened.length).toBeGreaterThan(0);
  });
});

describe('the operator', () => {
  it('is asked in advisor mode; one question at a time; a no is not asked again for a day', async () => {
    const w = await fleet({
      members: 1,
      mode: 'advisor',
      settings: { 'hive-planner-execution': 'advisor' },
    });
    const node = first(w);
    w.wake();
    await w.pass(3 * HOUR);
    expect(w.opened).toEqual([]);
    expect(node.desk.requests).toHaveLength(1);
    expect(node.desk.requests[0]).toMatchObject({ askPerson: true, proposedBy: 'planner' });
    const [asked] = node.desk.requests;
    node.desk.reject(asked?.id ?? '');
    await w.pass(HOUR);
    expect(node.desk.requests).toHaveLength(2);
    const second = node.desk.requests[1];
    expect(second?.target).not.toBe(asked?.target);
    node.desk.approve(second?.id ?? '');
    await w.pass(2);
    expect(w.opened).toMatchObject([{ target: second?.target }]);
    await w.pass(6 * HOUR);
    expect(node.desk.requests.slice(2).map(({ target }) => target)).not.toContain(asked?.target);
  });

  it('reads in the log what an approved opening waits for, each reason once', async () => {
    const w = await fleet({ members: 1, settings: { 'hive-planner-execution': 'advisor' } });
    const node = first(w);
    w.wake();
    await w.pass(10);
    const id = node.desk.requests[0]?.id ?? '';
    node.desk.waits(id, 'no_epoch', 'wait a window or two');
    node.desk.waits(id, 'no_epoch', 'wait a window or two');
    node.desk.waits(id, 'no_quorum', 'reconnect');
    await w.pass(1);
    const told = await node.store.readLog({ limit: 3, actionType: 'opening' });
    expect(told).toMatchObject([
      { result: 'submitted', details: { code: 'no_quorum', changed_by: 'reconnect' } },
      { result: 'submitted', details: { code: 'no_epoch', changed_by: 'wait a window or two' } },
      { result: 'proposed' },
    ]);
  });

  it('is asked by an advisor even where the limits would allow it', async () => {
    const w = await fleet({ members: 1, settings: { 'hive-planner-execution': 'advisor' } });
    w.wake();
    await w.pass(HOUR);
    expect(w.opened).toEqual([]);
    expect([...first(w).desk.views.values()]).toMatchObject([{ state: 'proposed' }]);
  });

  it('gets the advisor’s way and the comparison in shadow', async () => {
    const w = await fleet({ members: 1, settings: { 'hive-planner-execution': 'shadow' } });
    w.wake();
    await w.pass(10);
    expect(w.opened).toEqual([]);
    expect(await story(first(w), 'shadow')).toEqual(['shadow success']);
  });

  it('must switch expansions on; until then the log says what would change it', async () => {
    const w = await fleet({ members: 1, settings: { 'hive-planner-enable-expansions': false } });
    const node = first(w);
    w.wake();
    await w.pass(10);
    expect(node.desk.requests).toEqual([]);
    const [line] = await node.store.readLog({ limit: 1, actionType: 'expansion' });
    expect(line).toMatchObject({ result: 'skipped' });
    expect(line?.details?.['reasons']).toContainEqual({
      stage: 'gates',
      reason: 'expansions_disabled',
      count: 1,
      changed_by: 'fact: the operator has not enabled expansions (expansionsEnabled)',
    });
  });

  it('may run a cycle dry: nothing is asked, kept or logged', async () => {
    const w = await fleet({ members: 1 });
    const node = first(w);
    const report = await node.gardner.run('operator', true);
    expect(report.plan.orders).toMatchObject([{ status: 'executable' }]);
    expect(node.desk.requests).toEqual([]);
    expect(await story(node)).toEqual([]);
    expect((await node.gardner.run('operator', false)).plan.orders).toEqual(report.plan.orders);
    expect(node.desk.requests).toHaveLength(1);
  });
});

describe('gates', () => {
  it('wait while the fee rate is high or not known, and open when it falls', async () => {
    const w = await fleet({ members: 1 });
    w.feePerkb = 5_001;
    w.wake();
    await w.pass(2 * HOUR);
    expect(w.opened).toEqual([]);
    w.feePerkb = 5_000;
    await w.pass(HOUR);
    expect(w.opened).toHaveLength(1);
  });

  it('never let a day cost more than the budget', async () => {
    const w = await fleet({ members: 2, budgetPerDaySat: 12_000_000 });
    w.wake();
    await w.pass(20 * HOUR, () => {
      for (const { desk } of w.nodes) {
        expect(desk.spent()).toBeLessThanOrEqual(12_000_000);
      }
    });
    expect(w.opened.length).toBeGreaterThan(1);
  });
});

describe('cycles', () => {
  it('never run two at once', async () => {
    const w = await fleet({ members: 1 });
    const { gardner } = first(w);
    const running = gardner.run('operator', true);
    await expect(gardner.run('operator', true)).rejects.toMatchObject({ code: 'cycle_running' });
    await running;
    await expect(gardner.run('operator', true)).resolves.toMatchObject({ dry: true });
  });

  it('fail with a line in the log, and go on with the next', async () => {
    const w = await fleet({ members: 1 });
    const node = first(w);
    const list: typeof node.desk.list = (query) => WorldDesk.prototype.list.call(node.desk, query);
    node.desk.list = async () => {
      throw new Error('the desk is closed');
    };
    w.wake();
    await w.pass(10);
    const [line] = await node.store.readLog({ limit: 1 });
    expect(line).toMatchObject({
      action_type: 'cycle',
      result: 'failed',
      details: { message: 'the desk is closed' },
    });
    expect(await node.gardner.status()).toMatchObject({
      problem: { message: 'the desk is closed' },
    });
    node.desk.list = list;
    await w.pass(HOUR);
    expect(w.opened).toHaveLength(1);
    expect(await node.gardner.status()).not.toHaveProperty('problem');
  });

  it('come by themselves only while awake', async () => {
    const w = await fleet({ members: 1 });
    const { gardner, store } = first(w);
    gardner.wake();
    gardner.wake();
    await w.pass(10);
    gardner.idle();
    await w.pass(5 * HOUR);
    expect(await store.readLog({ limit: 500, actionType: 'cycle' })).toHaveLength(1);
    expect(w.clock.pending).toBe(0);
  });
});

describe('records', () => {
  it('are replayed to the same plan, and only the last are kept', async () => {
    const w = await fleet({ members: 1, record: true });
    const node = first(w);
    for (let cycle = 0; cycle < 26; cycle += 1) {
      await node.gardner.run('operator', false);
    }
    const cycles = await node.store.cycles();
    expect(cycles.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, n) => 26 - n));
    const kept = await node.store.cycle(4);
    expect(kept?.digest).toMatch(/^[0-9a-f]{64}$/);
    const replayed = await node.engine.replay(
      { snapshot: kept?.snapshot ?? new Uint8Array(), plan: kept?.plan ?? new Uint8Array() },
      kept?.digest ?? '',
    );
    expect(replayed.identical).toBe(true);
  });
});

/** A hub of which the first member holds more and more. */
function hubs(count: number): Network {
  const channels = Array.from({ length: count }, (_, hub) =>
    Array.from({ length: 6 }, (_v, leaf) =>
      channelEntries(idOf(1000 + hub), idOf(5000 + leaf), `${700_000 + hub}x${leaf}x0`, 20_000_000),
    ).flat(),
  ).flat();
  const nodes = [
    ...Array.from({ length: count }, (_, hub) => nodeEntry(idOf(1000 + hub))),
    ...Array.from({ length: 6 }, (_, leaf) => nodeEntry(idOf(5000 + leaf))),
  ];
  return { channels, nodes };
}

describe('the guard', () => {
  const saturating = async (count: number, hubCount = 12): Promise<[FleetWorld, FleetNode]> => {
    const w = await fleet({
      network: hubs(hubCount),
      members: 2,
      settings: { 'hive-planner-enable-expansions': false },
    });
    const [holder, guarded] = w.nodes as [FleetNode, FleetNode];
    guarded.clboss = new Map();
    for (let hub = 0; hub < count; hub += 1) {
      w.addChannel(holder.id, idOf(1000 + hub), 60_000_000, 0);
    }
    return [w, guarded];
  };

  it('has CLBOSS leave saturated targets alone, five at a time, each once', async () => {
    const [w, node] = await saturating(8);
    w.wake();
    await w.pass(10);
    expect(node.clbossCalls).toHaveLength(5);
    expect(node.clbossCalls[0]).toMatch(/ open$/);
    await w.pass(HOUR);
    expect(node.clbossCalls).toHaveLength(8);
    await w.pass(2 * HOUR);
    expect(node.clbossCalls).toHaveLength(8);
    expect((await story(node, 'ignore')).length).toBe(8);
    expect(first(w).clbossCalls).toEqual([]);
  });

  it('keeps the tags of others, releases what fell below 15 %, and not what the operator set', async () => {
    const [w, node] = await saturating(2);
    const [ours, theirs] = [idOf(1000), idOf(1001)] as [NodeId, NodeId];
    node.clboss?.set(ours, ['lnfee']);
    node.clboss?.set(theirs, ['open']);
    w.wake();
    await w.pass(10);
    expect(node.clbossCalls).toEqual([`${ours.slice(-4)} lnfee,open`]);
    w.addChannel(idOf(5000), ours, 400_000_000, 0);
    w.addChannel(idOf(5000), theirs, 400_000_000, 0);
    await w.pass(HOUR);
    expect(node.clbossCalls.slice(1)).toEqual([`${ours.slice(-4)} lnfee`]);
    await w.pass(HOUR);
    expect(node.clbossCalls).toHaveLength(2);
    expect(node.clboss?.get(theirs)).toEqual(['open']);
  });

  it('stops and says so when more than ten become saturated at once', async () => {
    const [w, node] = await saturating(11, 12);
    w.wake();
    await w.pass(10);
    expect(node.clbossCalls).toEqual([]);
    const [line] = await node.store.readLog({ limit: 1, actionType: 'saturation_check' });
    expect(line).toMatchObject({
      result: 'aborted',
      details: { reason: 'mass_saturation', changed_by: 'massSaturationMax' },
    });
  });

  it('goes on without a CLBOSS, and where one refuses', async () => {
    const [w, node] = await saturating(2);
    node.clboss = undefined;
    w.wake();
    await w.pass(10);
    expect(await story(node, 'ignore')).toEqual([]);
    node.clboss = new Map();
    node.refusesTags = true;
    await w.pass(HOUR);
    expect(await story(node, 'ignore')).toHaveLength(2);
    expect((await story(node, 'ignore')).every((line) => line.startsWith('ignore failed'))).toBe(
      true,
    );
    node.refusesTags = false;
    await w.pass(HOUR);
    expect(node.clboss.size).toBe(2);
  });
});
