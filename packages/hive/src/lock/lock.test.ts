import type { NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Epoch,
  epochHash,
  firstEpoch,
  type Grant,
  type LockCommand,
  type LockInput,
  type LockRow,
  type LockState,
  lockRows,
  mayOpen,
  newLock,
  outranks,
  restoreLock,
  stepLock,
  succeed,
  targetProblem,
} from '../index.ts';
import { GRANTS_MAX } from '../limits.ts';
import type { Round } from './state.ts';

const node = (digit: string): NodeId => `02${digit.repeat(64)}` as NodeId;
const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(node) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const T = node('7');
const HEIGHT = 700_000;

class Fleet {
  readonly states = new Map<NodeId, LockState>();
  readonly disks = new Map<NodeId, Map<string, LockRow>>();
  readonly opened: { readonly node: NodeId; readonly id: string; readonly target: NodeId }[] = [];
  readonly log: LockCommand[] = [];
  cut = new Set<NodeId>();
  now = 0;

  constructor(members: readonly NodeId[], epoch: Epoch = firstEpoch(members)) {
    for (const member of members) {
      const state = newLock(member, epoch);
      this.states.set(member, state);
      this.disks.set(member, new Map(lockRows(state).map((row) => [row.table + row.key, row])));
    }
    this.block(HEIGHT);
  }

  give(to: NodeId, input: LockInput): void {
    const { state, commands } = stepLock(this.states.get(to) as LockState, input, this.now);
    this.states.set(to, state);
    for (const command of commands) {
      this.log.push(command);
      if (command.kind === 'store') {
        for (const row of command.rows) {
          this.disks.get(to)?.set(row.table + row.key, row);
        }
      } else if (command.kind === 'send' && this.cut.has(to) === this.cut.has(command.to)) {
        if (this.states.has(command.to)) {
          this.give(command.to, { kind: 'message', from: to, message: command.message });
        }
      } else if (command.kind === 'send_signed') {
        for (const other of command.to) {
          if (this.cut.has(to) === this.cut.has(other) && this.states.has(other)) {
            const message = { ...command.message, signature: `${to} signs` };
            this.give(other, { kind: 'message', from: to, message });
          }
        }
      } else if (command.kind === 'accept') {
        const { ballot, value, stop } = command;
        const acceptance = { member: to, stop, signature: 'signed' };
        const message = { kind: 'accepted', ballot, value, acceptance } as const;
        this.give(command.to, { kind: 'message', from: to, message });
      } else if (command.kind === 'open') {
        this.opened.push({ node: to, id: command.id, target: command.target });
      }
    }
  }

  block(height: number): void {
    for (const member of this.states.keys()) {
      this.give(member, { kind: 'block', height });
    }
  }

  tick(passedMs = 15_000): void {
    this.now += passedMs;
    for (const member of this.states.keys()) {
      this.give(member, { kind: 'tick' });
    }
  }

  wish(of: NodeId, id: string, target = T, approved = true): void {
    this.give(of, { kind: 'wish', id, target, capacitySat: 1_000_000n, approved });
  }

  restart(member: NodeId): void {
    const rows = [...(this.disks.get(member)?.values() ?? [])].filter(
      ({ value }) => value !== undefined,
    );
    this.states.set(member, restoreLock(member, rows));
    this.give(member, { kind: 'start' });
  }

  phase(member: NodeId, id: string): string | undefined {
    return this.states.get(member)?.tables.wishes.get(id)?.phase;
  }

  reason(member: NodeId, id: string): string | undefined {
    return this.states.get(member)?.tables.wishes.get(id)?.reason;
  }
}

describe('the intent lock', () => {
  it('opens with a majority, and nobody else opens to the target in that window', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(A, 'a1');
    fleet.wish(B, 'b1');
    fleet.tick();
    expect(fleet.opened).toEqual([{ node: A, id: 'a1', target: T }]);
    expect(fleet.reason(B, 'b1')).toBe('held_by_other');
  });

  it('IN-01: a flood of other intents takes no place from a genuine one', () => {
    const fleet = new Fleet([A, B, C, D, E]);
    fleet.wish(A, 'a1');
    for (let i = 0; i < 200; i += 1) {
      fleet.give(B, {
        kind: 'message',
        from: D,
        message: {
          kind: 'request',
          attempt: `d${i}.100000`,
          target: `02${String(i).padStart(64, '0')}` as NodeId,
          window: 100_000,
          epoch: 1,
        },
      });
    }
    const grants = [...(fleet.states.get(B)?.tables.grants.values() ?? [])];
    expect(grants.filter(({ holder }) => holder === D)).toHaveLength(5);
    expect(grants.filter(({ holder }) => holder === A)).toHaveLength(1);
    fleet.wish(B, 'b1');
    expect(fleet.opened.map(({ node }) => node)).toEqual([A]);
  });

  it('IN-01: nobody frees a grant by asking for another target under its id', () => {
    const fleet = new Fleet([A, B, C]);
    const ask = (from: NodeId, target: NodeId): LockInput => ({
      kind: 'message',
      from,
      message: { kind: 'request', attempt: 'a.100000', target, window: 100_000, epoch: 1 },
    });
    fleet.give(B, ask(A, T));
    fleet.give(B, ask(C, node('8')));
    fleet.give(B, ask(A, node('8')));
    const grants = [...(fleet.states.get(B)?.tables.grants.values() ?? [])];
    expect(grants).toMatchObject([{ holder: A, target: T }]);
    expect(fleet.log).toContainEqual({
      kind: 'send',
      to: C,
      message: { kind: 'refuse', attempt: 'a.100000', reason: 'one_per_window', epoch: 1 },
    });
  });

  it('all channels of a member at once are what it has', () => {
    const fleet = new Fleet([A, B, C]);
    const other = node('8');
    fleet.give(A, { kind: 'channels', holder: B, targets: [T, other] });
    fleet.give(A, { kind: 'channels', holder: C, targets: [T] });
    fleet.give(A, { kind: 'channels', holder: B, targets: [other] });
    expect([...(fleet.states.get(A)?.taken.get(T) ?? [])]).toEqual([C]);
    fleet.give(A, { kind: 'channels', holder: C, targets: [] });
    expect([...(fleet.states.get(A)?.taken.keys() ?? [])]).toEqual([other]);
    fleet.wish(A, 'a1');
    expect(fleet.opened).toHaveLength(1);
  });

  it('who has no epoch asks for the newest and takes it from whom it trusts', () => {
    const fleet = new Fleet([A, B, C]);
    const fresh = newLock(D, undefined);
    fleet.states.set(D, fresh);
    fleet.disks.set(D, new Map());
    fleet.give(A, { kind: 'message', from: D, message: { kind: 'ask_epoch', after: 0 } });
    expect(fleet.states.get(D)?.tables.epochs.size).toBe(0);
    const epoch = fleet.states.get(A)?.tables.epochs.get('1') as Epoch;
    fleet.give(D, { kind: 'given_epoch', epoch });
    expect(fleet.states.get(D)?.tables.epochs.get('1')).toEqual(epoch);
    fleet.give(D, { kind: 'given_epoch', epoch: firstEpoch([D]) });
    expect(fleet.states.get(D)?.tables.epochs.get('1')).toEqual(epoch);
  });

  it('who left its hive takes nothing of it along, but what it may have opened', () => {
    const fleet = new Fleet([A, B, C]);
    const other = node('8');
    fleet.wish(A, 'a1');
    fleet.cut = new Set([A]);
    fleet.wish(A, 'a2', other);
    fleet.give(A, { kind: 'left' });
    const tables = fleet.states.get(A)?.tables;
    expect(tables?.epochs.size).toBe(0);
    expect([fleet.phase(A, 'a1'), fleet.phase(A, 'a2')]).toEqual(['opening', 'waiting']);
    fleet.give(A, { kind: 'given_epoch', epoch: firstEpoch([A]) });
    fleet.restart(A);
    expect(fleet.states.get(A)?.tables.epochs.get('1')?.members).toEqual([A]);
    fleet.wish(A, 'a3');
    expect(fleet.phase(A, 'a1')).toBe('unknown');
    expect(fleet.phase(A, 'a3')).toBeUndefined();
  });

  it('an epoch of one gives way to that of a hive, but not while it binds', () => {
    const fleet = new Fleet([A]);
    fleet.wish(A, 'a1');
    fleet.give(A, { kind: 'outcome', id: 'a1', outcome: 'opened' });
    const hive = firstEpoch([B, C]);
    fleet.give(A, { kind: 'given_epoch', epoch: hive });
    expect(fleet.states.get(A)?.tables.epochs.get('1')?.members).toEqual([A]);
    fleet.block(HEIGHT + 14);
    fleet.give(A, { kind: 'given_epoch', epoch: hive });
    expect(fleet.states.get(A)?.tables.epochs.get('1')?.members).toEqual([B, C]);
  });

  it('IN-03: a late announcer after the commit does not open in the window', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(B, 'b1');
    fleet.tick(61_000);
    fleet.give(B, { kind: 'outcome', id: 'b1', outcome: 'opened', marker: 'tx:0' });
    fleet.wish(A, 'a1');
    for (let i = 0; i < 20; i += 1) {
      fleet.tick();
    }
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-04: the part that is cut off from the majority waits and says so', () => {
    const fleet = new Fleet([A, B, C, D, E]);
    fleet.cut = new Set([A, B]);
    fleet.wish(A, 'a1');
    fleet.wish(C, 'c1');
    fleet.tick(62_000);
    fleet.tick(600_000);
    expect(fleet.opened.map(({ node }) => node)).toEqual([C]);
    expect(fleet.phase(A, 'a1')).toBe('gathering');
    fleet.block(HEIGHT + 7);
    expect(fleet.log).toContainEqual(
      expect.objectContaining({ kind: 'notice', code: 'no_quorum', id: 'a1' }),
    );
  });

  it('IN-07, IN-13: an opening whose outcome is unknown blocks, over restarts, until it is known', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(A, 'a1');
    expect(fleet.phase(A, 'a1')).toBe('opening');
    fleet.restart(A);
    fleet.block(HEIGHT + 1);
    expect(fleet.phase(A, 'a1')).toBe('unknown');
    expect(fleet.log.at(-1)).toMatchObject({ kind: 'reconcile', id: 'a1' });
    fleet.wish(A, 'a2');
    fleet.block(HEIGHT + 40);
    fleet.tick(400_000);
    fleet.give(A, { kind: 'outcome', id: 'a1', outcome: 'unknown' });
    expect(fleet.phase(A, 'a2')).toBeUndefined();
    expect(fleet.opened).toHaveLength(1);
    fleet.give(A, { kind: 'outcome', id: 'a1', outcome: 'opened' });
    expect(fleet.phase(A, 'a1')).toBe('opened');
  });

  it('IN-09: two approvals start the lock, not the opening', () => {
    const fleet = new Fleet([A, B, C]);
    for (const member of [A, C]) {
      fleet.give(member, { kind: 'originals', members: [D] });
      fleet.wish(member, `w${member}`, T, false);
      expect(fleet.phase(member, `w${member}`)).toBe('approval');
    }
    fleet.give(A, { kind: 'approve', id: `w${A}` });
    fleet.give(C, { kind: 'approve', id: `w${C}` });
    expect(fleet.opened).toEqual([]);
    fleet.tick(61_000);
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-10: a holder that wastes grants is backed off, and others get the targets', () => {
    const fleet = new Fleet([A, B, C]);
    const squat = (window: number): void => {
      for (const member of [A, B]) {
        fleet.give(member, {
          kind: 'message',
          from: C,
          message: { kind: 'request', attempt: `c.${window}`, target: T, window, epoch: 1 },
        });
      }
    };
    squat(100_000);
    fleet.block(HEIGHT + 14);
    squat(100_002);
    fleet.block(HEIGHT + 28);
    squat(100_004);
    expect(fleet.states.get(A)?.tables.grants.size).toBe(0);
    fleet.wish(A, 'a1');
    expect(fleet.opened.map(({ node }) => node)).toEqual([A]);
  });

  it('IN-12: eight wishes for one target are one', () => {
    const fleet = new Fleet([A, B, C]);
    for (let i = 0; i < 8; i += 1) {
      fleet.wish(A, `a${i}`);
    }
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-15: a holder that is gone for ever frees the target by height, never by a clock', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.cut = new Set([A]);
    for (const member of [B, C]) {
      fleet.give(member, {
        kind: 'message',
        from: A,
        message: { kind: 'request', attempt: 'a.100000', target: T, window: 100_000, epoch: 1 },
      });
    }
    fleet.wish(B, 'b1');
    fleet.tick(30 * 86_400_000);
    fleet.block(HEIGHT + 13);
    fleet.tick(30 * 86_400_000);
    expect(fleet.opened).toEqual([]);
    fleet.block(HEIGHT + 14);
    fleet.tick();
    expect(fleet.opened.map(({ node }) => node)).toEqual([B]);
  });

  it('IN-15: a target with a visible channel of a member stays taken', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(A, 'a1');
    for (const member of [B, C]) {
      fleet.give(member, { kind: 'channel', holder: A, target: T, open: true });
    }
    fleet.block(HEIGHT + 14);
    fleet.wish(B, 'b1');
    expect(fleet.reason(B, 'b1')).toBe('already_open');
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-16: grants of an epoch bind while its successor takes over', () => {
    const old = firstEpoch([A, B, C]);
    const fleet = new Fleet([A, B, C, D, E], old);
    fleet.cut = new Set([C]);
    fleet.wish(A, 'a1');
    expect(fleet.opened).toHaveLength(1);
    fleet.cut = new Set();
    for (const member of [A, B, C, D, E]) {
      fleet.give(member, { kind: 'electorate', members: [A, B, C, D, E] });
    }
    fleet.tick();
    const epochs = [A, B, C, D, E].map((one) => fleet.states.get(one)?.tables.epochs.get('2'));
    expect(new Set(epochs.map((one) => one?.members.length))).toEqual(new Set([5]));
    expect(epochs[0]?.from).toBeGreaterThan(100_001);
    fleet.wish(C, 'c1');
    fleet.wish(D, 'd1');
    fleet.tick();
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-18: targets that are none', () => {
    const member = (one: NodeId): boolean => one === B;
    const ok = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' as NodeId;
    expect(targetProblem(ok, A, member)).toBeUndefined();
    expect(targetProblem(A, A, member)).toBe('self');
    expect(targetProblem(B, A, member)).toBe('member');
    expect(targetProblem(`02${'0'.repeat(64)}`, A, member)).toBe('not_on_curve');
    for (const bad of ['x'.repeat(66), '__proto__', '02'.repeat(33).slice(2), '02'.repeat(34), 7]) {
      expect(targetProblem(bad, A, member)).toBe('not_a_node_id');
    }
  });

  it('CK-01: no step of the clock opens, releases or expires anything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4e12, max: 4e12 }), { maxLength: 12 }), (steps) => {
        const fleet = new Fleet([A, B, C]);
        fleet.wish(A, 'a1');
        for (const step of steps) {
          fleet.now += step;
          fleet.wish(B, `b${step}`);
          fleet.tick(0);
          fleet.restart(C);
          fleet.block(HEIGHT + 1);
        }
        expect(fleet.opened).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });

  it('a person can overrule, and it is noticed', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.cut = new Set([A]);
    fleet.wish(A, 'a1');
    fleet.give(A, { kind: 'overrule', id: 'a1' });
    expect(fleet.opened).toHaveLength(1);
    expect(fleet.log).toContainEqual({ kind: 'notice', code: 'overruled', id: 'a1' });
  });

  it('an aborted attempt frees its grants, and late copies of its request stay refused', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.cut = new Set([C]);
    fleet.give(B, {
      kind: 'message',
      from: C,
      message: { kind: 'request', attempt: 'c.100000', target: T, window: 100_000, epoch: 1 },
    });
    fleet.give(B, {
      kind: 'message',
      from: A,
      message: { kind: 'abort', signature: 's', attempt: 'c.100000', target: T, window: 100_000 },
    });
    expect(fleet.states.get(B)?.tables.grants.size).toBe(1);
    const abort: LockInput = {
      kind: 'message',
      from: C,
      message: { kind: 'abort', signature: 's', attempt: 'c.100000', target: T, window: 100_000 },
    };
    fleet.give(B, abort);
    fleet.restart(B);
    fleet.block(HEIGHT + 1);
    fleet.give(B, {
      kind: 'message',
      from: C,
      message: { kind: 'request', attempt: 'c.100000', target: T, window: 100_000, epoch: 1 },
    });
    expect(fleet.states.get(B)?.tables.grants.size).toBe(0);
    fleet.wish(A, 'a1');
    expect(fleet.opened.map(({ node }) => node)).toEqual([A]);
  });

  it('nothing released is granted again in its window by a chain that starts over', () => {
    const fleet = new Fleet([A, B, C]);
    const ask = (attempt: string): LockInput => ({
      kind: 'message',
      from: A,
      message: { kind: 'request', attempt, target: T, window: 100_000, epoch: 1 },
    });
    fleet.give(B, ask('a.100000'));
    fleet.give(B, { kind: 'block', height: HEIGHT + 14 });
    fleet.restart(B);
    fleet.give(B, { kind: 'block', height: HEIGHT });
    fleet.give(B, ask('x.100000'));
    expect(fleet.states.get(B)?.tables.grants.size).toBe(0);
  });

  it('towards original peers the lowest key wins, whoever came first', () => {
    const low = node('1');
    const fleet = new Fleet([A, B, C]);
    fleet.give(A, { kind: 'originals', members: [low, E] });
    fleet.wish(A, 'a1');
    fleet.give(A, { kind: 'original_intent', from: E, target: T });
    expect(fleet.phase(A, 'a1')).toBe('gathering');
    fleet.give(A, { kind: 'original_intent', from: low, target: T });
    expect(fleet.log).toContainEqual({ kind: 'take_back', target: T });
    fleet.tick(61_000);
    expect(fleet.opened).toEqual([]);
    fleet.give(A, { kind: 'original_abort', from: low, target: T });
    fleet.block(HEIGHT + 7);
    fleet.tick(61_000);
    expect(fleet.opened).toHaveLength(1);
  });

  it('IN-07: what a member granted binds it over a crash', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.cut = new Set([C]);
    fleet.wish(A, 'a1');
    fleet.cut = new Set([A]);
    fleet.restart(B);
    fleet.give(B, { kind: 'block', height: HEIGHT });
    fleet.wish(C, 'c1');
    fleet.tick();
    expect(fleet.opened.map(({ node }) => node)).toEqual([A]);
  });

  it('IN-04: half of an even fleet is no majority', () => {
    const fleet = new Fleet([A, B, C, D]);
    fleet.cut = new Set([A, B]);
    fleet.wish(A, 'a1');
    fleet.wish(C, 'c1');
    fleet.tick();
    expect(fleet.opened).toEqual([]);
  });

  it('IN-03: the intent of an original that came before the wish is not forgotten', () => {
    const low = node('1');
    const fleet = new Fleet([A, B, C]);
    fleet.give(A, { kind: 'originals', members: [low] });
    fleet.give(A, { kind: 'original_intent', from: low, target: T });
    fleet.wish(A, 'a1');
    fleet.tick(61_000);
    expect(fleet.opened).toEqual([]);
    expect(fleet.reason(A, 'a1')).toBe('contested_by_original');
  });

  it('I1: grants are counted once more right before the channel is opened', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(A, 'a1');
    const state = fleet.states.get(A) as LockState;
    expect(mayOpen(state, 'a1', fleet.now)).toBe(true);
    const round = state.rounds.get('a1') as Round;
    const alone = new Map([['a1', { ...round, granted: new Set([A]) }]]);
    expect(mayOpen({ ...state, rounds: alone }, 'a1', fleet.now)).toBe(false);
  });

  it('IN-01: where no more grants fit, none that binds makes room', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.wish(A, 'a1');
    const state = fleet.states.get(B) as LockState;
    const held = state.tables.grants.get('a1.100000') as Grant;
    const many = Array.from({ length: GRANTS_MAX - 1 }, (_, index): Grant => {
      const digits = String(index).padStart(64, '0');
      const attempt = `x${index}.100000`;
      return { ...held, attempt, target: `02${digits}` as NodeId, holder: D };
    });
    const grants = new Map([
      ...state.tables.grants,
      ...many.map((one) => [one.attempt, one] as const),
    ]);
    fleet.states.set(B, { ...state, tables: { ...state.tables, grants } });
    fleet.give(B, {
      kind: 'message',
      from: C,
      message: {
        kind: 'request',
        attempt: 'c.100000',
        target: node('8'),
        window: 100_000,
        epoch: 1,
      },
    });
    expect(fleet.states.get(B)?.tables.grants).toEqual(grants);
    expect(fleet.log).toContainEqual({ kind: 'notice', code: 'bound_reached', detail: 'grants' });
  });

  it('losing ties go round', () => {
    let wins = 0;
    for (let window = 0; window < 10_000; window += 1) {
      wins += outranks(A, B, T, window) ? 1 : 0;
    }
    expect(wins).toBeGreaterThan(4700);
    expect(wins).toBeLessThan(5300);
  });

  it('I7: one member alone changes no epoch, nor uses the rounds of ballots up', () => {
    const fleet = new Fleet([A, B, C]);
    const value = { number: 2, members: [D], previous: epochHash(firstEpoch([A, B, C])) };
    for (const round of [1, 900, Number.MAX_SAFE_INTEGER]) {
      const ballot = { round, proposer: C };
      for (const member of [A, B]) {
        for (const message of [
          { kind: 'prepare', epoch: 1, ballot } as const,
          { kind: 'accept', ballot, value } as const,
        ]) {
          fleet.give(member, { kind: 'message', from: C, message });
        }
        const acceptor = fleet.states.get(member)?.tables.acceptors.get('1');
        expect(acceptor?.accepted).toBeUndefined();
        expect(acceptor?.promised.round).toBeLessThan(1000);
      }
    }
  });

  it('an epoch needs a majority of the one before, of one ballot, each member once', () => {
    const before = firstEpoch([A, B, C]);
    const value = { number: 2, members: [A, B, C, D], previous: epochHash(before) };
    const ballot = { round: 1, proposer: A };
    const by = (...members: NodeId[]) =>
      members.map((member) => ({ member, stop: 9, signature: 'y' }));
    expect(succeed(before, value, ballot, by(A, B))?.from).toBe(10);
    expect(succeed(before, value, ballot, by(A, A))).toBeUndefined();
    expect(succeed(before, value, ballot, by(A, D, E))).toBeUndefined();
    expect(succeed(before, { ...value, number: 3 }, ballot, by(A, B))).toBeUndefined();
    expect(succeed(before, { ...value, previous: '' }, ballot, by(A, B))).toBeUndefined();
  });
});
