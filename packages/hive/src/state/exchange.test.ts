import type { NodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import {
  type Exchange,
  type ExchangeCommand,
  type ExchangeInput,
  type FleetState,
  fleetHashOf,
  type ItemSet,
  itemPayloads,
  itemSet,
  type MemberState,
  mergeEvidence,
  mergeState,
  newExchange,
  newFleetState,
  stateItemSet,
  stateItems,
  stepExchange,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [A, B, C] = [1, 2, 3].map(node) as [NodeId, NodeId, NodeId];
const NOW = 1_795_000_000;

const word = (peer: NodeId, version = 5, more: Partial<MemberState> = {}): MemberState => ({
  peer,
  version,
  lastUpdate: NOW,
  capacitySat: 1000n,
  availableSat: 500n,
  dataHash: 'x',
  topology: [],
  raw: { peer_id: peer, version },
  ...more,
});
const facts = { isMember: true, publicCapacitySat: 1000n, nowSeconds: NOW };
const knows = (self: NodeId, ...words: readonly MemberState[]): FleetState =>
  words.reduce((state, one) => mergeState(state, one, facts).state, newFleetState(self));

/** A node with its exchange; `deliver` carries what it sends to others until nothing is under way. */
class Desk {
  exchange: Exchange;
  now = 0;
  fleet: FleetState;
  membership = 'm';
  items: () => ItemSet = () => stateItemSet(stateItems(this.fleet, undefined));
  log: ExchangeCommand[] = [];

  constructor(fleet: FleetState) {
    this.fleet = fleet;
    this.exchange = newExchange(fleet.self);
  }

  give(input: ExchangeInput): readonly ExchangeCommand[] {
    const at = { fleet: fleetHashOf(this.fleet, undefined), membership: this.membership };
    const step = stepExchange(this.exchange, input, { ...at, items: this.items }, this.now);
    this.exchange = step.state;
    this.log.push(...step.commands);
    return step.commands;
  }

  take(words: readonly MemberState[]): void {
    const [first, second] = words;
    if (first !== undefined && second !== undefined) {
      this.fleet = mergeEvidence(this.fleet, { first, second });
    } else if (first !== undefined) {
      this.fleet = mergeState(this.fleet, first, facts).state;
    }
  }
}

function deliver(desks: readonly Desk[], from: Desk, commands: readonly ExchangeCommand[]): void {
  for (const command of commands) {
    const to = 'to' in command ? desks.find(({ fleet }) => fleet.self === command.to) : undefined;
    const { self } = from.fleet;
    if (to !== undefined && command.kind === 'send_hash') {
      const fleet = fleetHashOf(from.fleet, undefined);
      const hash = { kind: 'hash', from: self, fleet, membership: from.membership } as const;
      deliver(desks, to, to.give(hash));
    } else if (to !== undefined && command.kind === 'send_ranges') {
      const { question, ranges, digest } = command;
      deliver(desks, to, to.give({ kind: 'ranges', from: self, question, ranges, digest }));
    } else if (
      to !== undefined &&
      (command.kind === 'send_items' || command.kind === 'ask_items')
    ) {
      const [giver, taker] = command.kind === 'send_items' ? [from, to] : [to, from];
      const items = stateItems(giver.fleet, undefined);
      expect(itemPayloads(items, command.ids)).toHaveLength(
        command.ids.reduce((sum, id) => sum + (items.get(id)?.length ?? 0), 0),
      );
      for (const id of command.ids) {
        taker.take(items.get(id) ?? []);
      }
    }
  }
}

function connect(one: Desk, other: Desk, reconciles = true): void {
  const all = [one, other];
  deliver(all, one, one.give({ kind: 'connected', peer: other.fleet.self, reconciles }));
  deliver(all, other, other.give({ kind: 'connected', peer: one.fleet.self, reconciles }));
  for (let round = 0; round < 4; round += 1) {
    for (const desk of all) {
      desk.now += 300_000;
      deliver(all, desk, desk.give({ kind: 'tick' }));
    }
  }
}

const kinds = (commands: readonly ExchangeCommand[]): readonly string[] =>
  commands.map(({ kind }) => kind);

describe('the exchange among nodes of this software', () => {
  it('brings both to the union, and sends no full sync', () => {
    const words = Array.from({ length: 40 }, (_, index) => word(node(100 + index)));
    const one = new Desk(knows(A, ...words.slice(0, 30), word(C, 7)));
    const other = new Desk(knows(B, ...words.slice(10), word(C, 6)));
    connect(one, other);
    expect([...one.fleet.signed.keys()].sort()).toEqual([...other.fleet.signed.keys()].sort());
    expect(one.fleet.signed.size).toBe(41);
    expect(other.fleet.signed.get(C)?.version).toBe(7);
    expect(kinds([...one.log, ...other.log])).not.toContain('send_full_sync');
  });

  it('costs one fingerprint where nothing differs', () => {
    const one = new Desk(knows(A, word(C)));
    const other = new Desk(knows(B, word(C)));
    connect(one, other);
    const sent = [...one.log, ...other.log].flatMap((command) =>
      command.kind === 'send_ranges' ? [command.ranges.length] : [],
    );
    expect(Math.max(...sent)).toBe(1);
    expect(kinds(one.log)).not.toContain('send_items');
  });

  it('finds a difference that chosen ids hide from the sums', () => {
    const id = (value: bigint): string => value.toString(16).padStart(32, '0');
    const [one, other] = [new Desk(knows(A)), new Desk(knows(B))];
    one.items = () => itemSet([id(5n), id(8n)]);
    other.items = () => itemSet([id(6n), id(7n)]);
    connect(one, other);
    const had = one.log.flatMap((command) => (command.kind === 'send_items' ? command.ids : []));
    const needed = one.log.flatMap((command) => (command.kind === 'ask_items' ? command.ids : []));
    expect([new Set(had), new Set(needed)]).toEqual([
      new Set([id(5n), id(8n)]),
      new Set([id(6n), id(7n)]),
    ]);
  });

  it('GP-18: evidence of two words of one version spreads, and all keep the same', () => {
    const early = [word(C, 3, { dataHash: 'p' }), word(C, 3, { dataHash: 'q' })];
    const late = [word(C, 9, { dataHash: 'r' }), word(C, 9, { dataHash: 's' })];
    const one = new Desk(knows(A, ...early));
    const other = new Desk(knows(B, ...late));
    expect(other.fleet.quarantined.get(C)?.first.version).toBe(9);
    connect(one, other);
    expect(one.fleet.quarantined).toEqual(other.fleet.quarantined);
    expect(one.fleet.quarantined.get(C)?.first.version).toBe(3);
    // Evidence that is none changes nothing.
    const [first = word(C)] = early;
    for (const second of [first, word(C, 4), word(B, 3, { dataHash: 'q' })]) {
      expect(mergeEvidence(knows(A), { first, second }).quarantined.size).toBe(0);
    }
  });

  it('where members differ, sends those alone, and ever more seldom', () => {
    const desk = new Desk(knows(A, word(C)));
    desk.give({ kind: 'connected', peer: B, reconciles: true });
    const hash = { kind: 'hash', from: B, fleet: 'f', membership: 'other' } as const;
    let sent = 0;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const commands = desk.give(hash).filter(({ kind }) => kind === 'send_full_sync');
      expect(commands.every((one) => one.kind === 'send_full_sync' && !one.states)).toBe(true);
      sent += commands.length;
      desk.now += 60_000;
    }
    expect(sent).toBeGreaterThan(20);
    expect(sent).toBeLessThan(32);
  });
});

describe('the exchange with originals', () => {
  it('answers a hash that differs with a full sync, again only after a pause', () => {
    const desk = new Desk(knows(A, word(C)));
    desk.give({ kind: 'connected', peer: B, reconciles: false });
    const hash = { kind: 'hash', from: B, fleet: 'other', membership: 'm' } as const;
    expect(desk.give(hash)).toEqual([{ kind: 'send_full_sync', to: B, states: true }]);
    expect(desk.give(hash)).toEqual([]);
    desk.now += 60_000;
    // The same two hashes again: it did not help, so the pause is two minutes now.
    expect(desk.give(hash)).toEqual([]);
    desk.now += 60_000;
    expect(kinds(desk.give(hash))).toEqual(['send_full_sync']);
    desk.now += 60_000;
    expect(kinds(desk.give({ ...hash, fleet: 'moved on' }))).toEqual(['send_full_sync']);
    const same = { ...hash, fleet: fleetHashOf(desk.fleet, undefined), membership: '' };
    desk.now += 3_600_000;
    expect(desk.give(same)).toEqual([]);
  });

  it('hashes go out on connecting, not with each reconnect, and hourly', () => {
    const desk = new Desk(knows(A, word(C)));
    const connected = { kind: 'connected', peer: B, reconciles: false } as const;
    expect(kinds(desk.give(connected))).toEqual(['send_hash']);
    expect(desk.give(connected)).toEqual([]);
    desk.now += 10_000;
    expect(kinds(desk.give(connected))).toEqual(['send_hash']);
    desk.now += 3_599_999;
    expect(desk.give({ kind: 'tick' })).toEqual([]);
    desk.now += 1;
    expect(kinds(desk.give({ kind: 'tick' }))).toEqual(['send_hash']);
    desk.give({ kind: 'disconnected', peer: B });
    desk.now += 3_600_000;
    expect(desk.give({ kind: 'tick' })).toEqual([]);
  });

  it('takes no more pages than a hive can fill, and nothing of who is not connected', () => {
    const desk = new Desk(knows(A));
    const page = { kind: 'page', from: B } as const;
    expect(desk.give(page)).toEqual([{ kind: 'refused', from: B, code: 'not_connected' }]);
    desk.give({ kind: 'connected', peer: B, reconciles: false });
    for (let count = 0; count < 100; count += 1) {
      expect(kinds(desk.give(page))).toEqual(['take_page']);
    }
    expect(desk.give(page)).toEqual([{ kind: 'refused', from: B, code: 'too_many_pages' }]);
    desk.now += 60_000;
    expect(kinds(desk.give(page))).toEqual(['take_page']);
    const ranges = { kind: 'ranges', from: B, question: false, ranges: [], digest: '' } as const;
    expect(desk.give(ranges)).toEqual([{ kind: 'refused', from: B, code: 'no_session' }]);
  });
});
