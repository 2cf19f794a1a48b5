import { firstEpoch } from '@cl-hive/hive';
import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, type FleetNode, TARGET } from './fleet.ts';

let fleet: Fleet;
afterEach(() => fleet.stop());

const epoch = ({ desk }: FleetNode) => desk.lock.epochMembers;
const letters = (node: FleetNode) => epoch(node).map((member) => member[2]);
const ask = (node: FleetNode, id: string) =>
  node.desk.request({
    id,
    target: TARGET,
    capacitySat: 1_000_000n,
    reason: '',
    proposedBy: 'planner',
  });

describe('the epochs of a hive', () => {
  it('begin with its founder, at once, and take in members as they are promoted', async () => {
    fleet = await Fleet.start(2, { strangers: true });
    const [a, b] = fleet.nodes as [FleetNode, FleetNode];
    a.standing = { others: [], voting: [a.id], voters: [a.id], capable: [] };
    await fleet.pass(10_000);
    expect([letters(a), letters(b)]).toEqual([['a'], []]);
    fleet.meet([0, 1]);
    a.standing = { others: [b.id], voting: [a.id, b.id], voters: [a.id, b.id], capable: [b.id] };
    await fleet.pass(60_000);
    expect([letters(a), letters(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(b.desk.lock.state.tables.epochs.get('2')?.acceptances).toHaveLength(1);
    await fleet.mine(14);
    await ask(b, 'b1');
    await fleet.pass(30_000);
    expect(fleet.chain.channels).toHaveLength(1);
  });

  it('of two that began apart become one, and until then a person is asked', async () => {
    fleet = await Fleet.start(2, { strangers: true });
    await fleet.pass(10_000);
    expect(fleet.nodes.map(letters)).toEqual([[], []]);
    await fleet.mine(14);
    await fleet.pass(10_000);
    expect(fleet.nodes.map(letters)).toEqual([['a'], ['b']]);
    await ask(fleet.node(0), 'a1');
    await ask(fleet.node(1), 'b1');
    await fleet.settle();
    for (const { desk } of fleet.nodes) {
      const { openings } = await desk.list({ limit: 1 });
      expect(openings).toMatchObject([
        { state: 'proposed', reason: { code: 'contestable_by_originals' } },
      ]);
    }
    fleet.meet([0, 1]);
    await fleet.pass(120_000);
    await fleet.mine(21);
    await fleet.pass(120_000);
    expect(fleet.nodes.map(letters)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('are begun by the first where several came at once, as after an import', async () => {
    fleet = await Fleet.start(3, { strangers: true });
    fleet.meet([0, 1, 2]);
    await fleet.pass(60_000);
    expect(fleet.nodes.map(letters)).toEqual([[], [], []]);
    await fleet.mine(14);
    await fleet.pass(120_000);
    const all = ['a', 'b', 'c'];
    expect(fleet.nodes.map(letters)).toEqual([all, all, all]);
  });

  it('are not begun by who has no vote', async () => {
    fleet = await Fleet.start(1, { strangers: true });
    fleet.first.standing = { others: [], voting: [], voters: [], capable: [] };
    await fleet.pass(10_000);
    await ask(fleet.first, 'a1');
    await fleet.mine(30);
    await fleet.pass(10_000);
    expect(epoch(fleet.first)).toEqual([]);
    expect((await fleet.first.desk.view('a1'))?.reason?.code).toBe('no_epoch');
    expect(fleet.chain.calls).toEqual([]);
  });
});

describe('what is not what it says', () => {
  it('an epoch that a neophyte names, or is in, is none', async () => {
    fleet = await Fleet.start(3, { strangers: true });
    const [a, b, c] = fleet.nodes as [FleetNode, FleetNode, FleetNode];
    const standing = { voting: [a.id, b.id], voters: [b.id], capable: [b.id, c.id] };
    a.standing = { ...standing, others: [b.id, c.id] };
    for (const [from, members] of [
      [c.id, [c.id]],
      [c.id, [a.id, b.id]],
      [b.id, [b.id, c.id]],
    ] as const) {
      await a.desk.lock.receive(from, { kind: 'epoch', epoch: firstEpoch(members) });
    }
    expect(epoch(a)).toEqual([]);
    await a.desk.lock.receive(b.id, { kind: 'epoch', epoch: firstEpoch([b.id]) });
    expect(letters(a)).toEqual(['b']);
  });

  it('a grant, an epoch or an abort that its member did not sign counts for nothing', async () => {
    fleet = await Fleet.start(3);
    fleet.cut = new Set([fleet.first.id]);
    await ask(fleet.first, 'a1');
    await fleet.settle();
    const { lock } = fleet.first.desk;
    const [wish] = lock.state.tables.wishes.values();
    const window = wish?.window ?? 0;
    const about = { attempt: `${wish?.id}.${window}`, target: TARGET, window };
    const [, b, c] = fleet.nodes.map(({ id }) => id) as [never, FleetNode['id'], FleetNode['id']];
    await lock.receive(b, { kind: 'grant', ...about, epoch: 1, signature: `${c} signs it` });
    await lock.receive(b, { kind: 'grant', ...about, epoch: 1, signature: 'y'.repeat(104) });
    const forged = {
      ...firstEpoch([b]),
      number: 2,
      ballot: { round: 1, proposer: b },
      acceptances: [{ member: c, stop: 1, signature: 'x' }],
    };
    await lock.receive(b, { kind: 'epoch', epoch: forged });
    await lock.receive('02ff' as never, { kind: 'ask_epoch', after: 0 });
    await fleet.pass(30_000);
    expect(fleet.chain.calls).toEqual([]);
    expect(epoch(fleet.first)).toHaveLength(3);
    expect(fleet.first.log.filter((line) => line.includes('does not hold'))).toHaveLength(3);
  });
});
