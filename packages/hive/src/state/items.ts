import type { NodeId } from '@cl-hive/core';
import { fleetHash, sha256Hex, type WireObject } from '@cl-hive/protocol';
import { ITEM_ID_BYTES } from '../sync/ranges.ts';
import { type ItemSet, itemSet } from '../sync/reconcile.ts';
import type { Equivocation, FleetState, MemberState } from './types.ts';

/** What is exchanged under one id: one signed state, or the two that contradict each other. */
export type StateItem = readonly [MemberState] | readonly [MemberState, MemberState];

const short = (text: string): string => sha256Hex(text).slice(0, 2 * ITEM_ID_BYTES);
const nameOf = ({ peer, version, lastUpdate, dataHash }: MemberState): string =>
  `${peer}:${version}:${lastUpdate}:${dataHash}`;

/** Everything signed that this node can show, by the id that set reconciliation compares. */
export function stateItems(
  state: FleetState,
  own: MemberState | undefined,
): ReadonlyMap<string, StateItem> {
  const items = new Map<string, StateItem>();
  const put = (item: StateItem): void => {
    items.set(short(item.map(nameOf).sort().join('|')), item);
  };
  if (own !== undefined) {
    put([own]);
  }
  for (const [peer, word] of state.signed) {
    if (!state.quarantined.has(peer)) {
      put([word]);
    }
  }
  for (const { first, second } of state.quarantined.values()) {
    put([first, second]);
  }
  return items;
}

/** The ids of {@link stateItems}, ready for an exchange. */
export function stateItemSet(items: ReadonlyMap<string, StateItem>): ItemSet {
  return itemSet(items.keys());
}

/** The payloads to send for `ids`; ids that are not here are left out. */
export function itemPayloads(
  items: ReadonlyMap<string, StateItem>,
  ids: readonly string[],
): readonly WireObject[] {
  return ids.flatMap((id) => (items.get(id) ?? []).map(({ raw }) => raw));
}

/** The fleet hash as the original would compute it of what this node knows, hearsay included. */
export function fleetHashOf(state: FleetState, own: MemberState | undefined): string {
  const entries = new Map<NodeId, { readonly version: number; readonly lastUpdate: number }>();
  for (const known of [state.signed, state.hearsay]) {
    for (const [peer, { version, lastUpdate }] of known) {
      if (version > (entries.get(peer)?.version ?? -1)) {
        entries.set(peer, { version, lastUpdate });
      }
    }
  }
  if (own !== undefined) {
    entries.set(own.peer, own);
  }
  return fleetHash(
    [...entries].map(([peer_id, { version, lastUpdate }]) => ({
      peer_id,
      version,
      last_update: lastUpdate,
    })),
  );
}

function order(words: readonly MemberState[]): readonly MemberState[] {
  return [...words].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Whether two signed states contradict each other: one author, one version, two contents. */
export function contradict(first: MemberState, second: MemberState): boolean {
  return (
    first.peer === second.peer &&
    first.version === second.version &&
    nameOf(first) !== nameOf(second)
  );
}

/**
 * Keeps evidence that another member kept, whose signatures were verified on arrival. Of several the
 * one of the lowest version, then of the least content, stays: all members come to the same.
 */
export function mergeEvidence(state: FleetState, evidence: Equivocation): FleetState {
  const [first, second] = order([evidence.first, evidence.second]);
  if (first === undefined || second === undefined || !contradict(first, second)) {
    return state;
  }
  const known = state.quarantined.get(first.peer);
  if (known !== undefined && !precedes([first, second], order([known.first, known.second]))) {
    return state;
  }
  const quarantined = new Map(state.quarantined).set(first.peer, { first, second });
  return { ...state, quarantined };
}

function precedes(a: readonly MemberState[], b: readonly MemberState[]): boolean {
  const version = (a[0]?.version ?? 0) - (b[0]?.version ?? 0);
  return version === 0 ? a.map(nameOf).join() < b.map(nameOf).join() : version < 0;
}
