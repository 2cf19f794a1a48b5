import type { NodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import {
  culprit,
  firstEpoch,
  grantsNeeded,
  grantText,
  type LockCommand,
  type LockInput,
  type LockMessage,
  type LockRow,
  type LockState,
  lockClaims,
  lockRows,
  newLock,
  restoreLock,
  stepLock,
} from '../index.ts';

const node = (digit: string): NodeId => `02${digit.repeat(64)}` as NodeId;
const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(node) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const T = node('7');
const WINDOW = 100_000;

/** A hive in which `liar` grants whatever it is asked for, and some links are cut. */
class Fleet {
  readonly states = new Map<NodeId, LockState>();
  readonly disks = new Map<NodeId, Map<string, LockRow>>();
  readonly opened: NodeId[] = [];
  readonly notices: (string | undefined)[] = [];
  readonly cut = new Set<string>();
  readonly liar: NodeId | undefined;
  now = 0;

  constructor(members: readonly NodeId[], liar?: NodeId, tolerated = 0) {
    this.liar = liar;
    for (const member of members) {
      const state = newLock(member, firstEpoch(members));
      this.states.set(member, state);
      this.disks.set(
        member,
        new Map(lockRows(state).map((row) => [`${row.table}/${row.key}`, row])),
      );
      this.give(member, { kind: 'tolerate', liars: tolerated });
      this.give(member, { kind: 'block', height: 7 * WINDOW });
    }
  }

  give(to: NodeId, input: LockInput): void {
    const { state, commands } = stepLock(this.states.get(to) as LockState, input, this.now);
    this.states.set(to, state);
    for (const command of commands) {
      this.#carryOut(to, command);
    }
  }

  #carryOut(by: NodeId, command: LockCommand): void {
    if (command.kind === 'store') {
      for (const row of command.rows) {
        this.disks.get(by)?.set(`${row.table}/${row.key}`, row);
      }
    } else if (command.kind === 'send') {
      this.send(by, command.to, command.message);
    } else if (command.kind === 'send_signed') {
      for (const to of command.to) {
        this.send(by, to, { ...command.message, signature: `${by} signs` });
      }
    } else if (command.kind === 'open') {
      this.opened.push(by);
      this.give(by, { kind: 'outcome', id: command.id, outcome: 'opened' });
    } else if (command.kind === 'notice' && command.code === 'double_grant') {
      this.notices.push(command.detail);
    }
  }

  send(from: NodeId, to: NodeId, message: LockMessage): void {
    if (this.cut.has(from + to) || this.cut.has(to + from)) {
      return;
    }
    if (to === this.liar && message.kind === 'request') {
      const { kind: _, ...about } = message;
      this.send(to, from, { kind: 'grant', ...about, signature: `${to} signs` });
    } else {
      this.give(to, { kind: 'message', from, message });
    }
  }

  wish(of: NodeId): void {
    const wish = { target: T, capacitySat: 1_000_000n, approved: true };
    this.give(of, { kind: 'wish', id: `wish of ${of.slice(-1)}`, ...wish });
  }

  tick(): void {
    this.now += 600_000;
    for (const member of this.states.keys()) {
      this.give(member, { kind: 'tick' });
    }
  }

  doubles(of: NodeId): readonly (NodeId | undefined)[] {
    return [...(this.states.get(of)?.tables.doubles.values() ?? [])].map(culprit);
  }
}

describe('signed grants', () => {
  it('name all that they are about, and every signature that must verify is listed', () => {
    const word = { attempt: 'w.1', target: T, window: 1, holder: A, epoch: 3 };
    expect(grantText(word)).toBe(`hive:grant:3:1:${T}:${A}:w.1`);
    const { holder: _, ...about } = word;
    expect(lockClaims(A, B, { kind: 'grant', ...about, signature: 's' })).toEqual([
      { signer: B, text: grantText(word), signature: 's' },
    ]);
    const words = [
      { member: B, signature: 's' },
      { member: C, signature: 't' },
    ];
    expect(lockClaims(D, A, { kind: 'proof', proof: { ...word, words } })).toEqual([
      { signer: B, text: grantText(word), signature: 's' },
      { signer: C, text: grantText(word), signature: 't' },
    ]);
    const first = { ...word, member: B, signature: 's' };
    const double = { first, second: { ...first, holder: C }, abort: 'u' };
    expect(lockClaims(D, A, { kind: 'double', double }).map(({ signer }) => signer)).toEqual([
      B,
      B,
      A,
    ]);
    const abort = { kind: 'abort', attempt: 'w.1', target: T, window: 1, signature: 's' } as const;
    expect(lockClaims(D, A, abort)).toEqual([
      { signer: A, text: `hive:abort:1:${T}:w.1`, signature: 's' },
    ]);
    expect(lockClaims(D, A, { kind: 'aborted', attempt: 'w.1' })).toEqual([]);
  });

  it('of an opening are shown to all, also after a crash, until they are known', () => {
    const fleet = new Fleet([A, B, C]);
    fleet.cut.add(A + C);
    fleet.wish(A);
    expect(fleet.opened).toEqual([A]);
    const rows = [...(fleet.disks.get(A)?.values() ?? [])].filter(
      ({ value }) => value !== undefined,
    );
    fleet.states.set(A, restoreLock(A, rows));
    expect(fleet.states.get(B)?.tables.proofs.size).toBe(1);
    fleet.cut.clear();
    fleet.tick();
    expect(fleet.states.get(C)?.tables.proofs.size).toBe(1);
    const [proof] = fleet.states.get(A)?.tables.proofs.values() ?? [];
    expect(proof?.untold).toEqual([]);
    expect(proof?.words).toEqual(
      [A, B].map((member) => ({ member, signature: `${member} signs` })),
    );
  });

  it('a member that grants twice breaks the lock of three, and is found by everyone', () => {
    const fleet = new Fleet([A, B, C], C);
    fleet.cut.add(A + B);
    fleet.wish(A);
    fleet.wish(B);
    expect(fleet.opened).toEqual([A, B]);
    fleet.cut.clear();
    fleet.tick();
    expect([fleet.doubles(A), fleet.doubles(B)]).toEqual([[C], [C]]);
    expect(fleet.notices).toContain(C);
  });

  it('evidence reaches members that saw neither opening', () => {
    const fleet = new Fleet([A, B, C, D, E], C);
    for (const link of [A + D, A + E, B + E, A + B, B + D]) {
      fleet.cut.add(link);
    }
    fleet.give(D, { kind: 'tick' });
    fleet.cut.delete(A + D);
    fleet.cut.delete(B + E);
    fleet.wish(A);
    fleet.wish(B);
    expect(fleet.opened).toEqual([A, B]);
    fleet.cut.clear();
    fleet.tick();
    expect([A, B, D, E].map((one) => fleet.doubles(one))).toEqual([[C], [C], [C], [C]]);
  });

  it('tolerating one liar, no two openings, at the price of one grant more where members are odd', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((members) => grantsNeeded(members, 1))).toEqual([
      1, 2, 3, 3, 4, 4, 5,
    ]);
    expect([1, 2, 3, 4, 5].map((members) => grantsNeeded(members, 0))).toEqual([1, 2, 2, 3, 3]);
    for (let members = 3; members <= 50; members += 1) {
      expect(2 * grantsNeeded(members, 1) - members).toBeGreaterThanOrEqual(2);
    }
    const fleet = new Fleet([A, B, C], C, 1);
    fleet.cut.add(A + B);
    fleet.wish(A);
    fleet.wish(B);
    expect(fleet.opened).toEqual([]);
  });

  it('a member whose grant was given up shows the abort, which clears it', () => {
    const fleet = new Fleet([A, B, C]);
    const about = { attempt: 'w.100000', target: T, window: WINDOW, epoch: 1 };
    const signature = 'a signs';
    fleet.send(A, C, { kind: 'request', ...about });
    const { epoch: _, ...abort } = about;
    fleet.send(A, C, { kind: 'abort', ...abort, signature });
    fleet.cut.add(A + B);
    fleet.wish(B);
    fleet.cut.clear();
    expect(fleet.opened).toEqual([B]);
    // A opened all the same, and shows the grant that it gave up.
    const words = [{ member: C, signature: `${C} signs` }];
    fleet.send(A, B, { kind: 'proof', proof: { ...about, holder: A, words } });
    expect([fleet.doubles(B), fleet.doubles(C)]).toEqual([[undefined], [undefined]]);
    expect([...(fleet.states.get(C)?.tables.doubles.values() ?? [])][0]?.abort).toBe(signature);
  });

  it('accusations that accuse nobody are dropped', () => {
    const fleet = new Fleet([A, B, C]);
    const first = {
      attempt: 'w',
      target: T,
      window: WINDOW,
      epoch: 1,
      holder: A,
      member: C,
      signature: 's',
    };
    const second = { ...first, holder: B, attempt: 'v' };
    const accuse = (from: NodeId, change: object): void =>
      fleet.give(B, {
        kind: 'message',
        from,
        message: { kind: 'double', double: { first, second: { ...second, ...change } } },
      });
    for (const change of [{ holder: A }, { window: 1 }, { target: A }, { member: B }]) {
      accuse(A, change);
    }
    accuse(node('9'), {});
    expect(fleet.doubles(B)).toEqual([]);
    accuse(A, {});
    expect(fleet.doubles(B)).toEqual([C]);
    for (let index = 0; index < 100; index += 1) {
      const target = `02${index.toString(16).padStart(64, '0')}` as NodeId;
      const double = { first: { ...first, target }, second: { ...second, target } };
      fleet.give(B, { kind: 'message', from: A, message: { kind: 'double', double } });
    }
    expect(fleet.doubles(B)).toHaveLength(10);
  });
});
