import type { NodeId } from '@cl-hive/core';
import {
  CAPACITY_SLACK_PERCENT,
  FUTURE_SECONDS_MAX,
  STATE_AGE_SECONDS_MAX,
  VERSION_STEP_MAX,
} from '../limits.ts';
import { mergeEvidence } from './items.ts';
import type {
  FleetState,
  Hearsay,
  MemberState,
  StateFacts,
  StateRefusal,
  StateVerdict,
} from './types.ts';

/** The state of a node that knows nobody yet. */
export function newFleetState(self: NodeId): FleetState {
  return {
    self,
    signed: new Map(),
    hearsay: new Map(),
    quarantined: new Map(),
    ownVersion: 0,
  };
}

function timeProblem(lastUpdate: number, nowSeconds: number): StateRefusal | undefined {
  if (lastUpdate > nowSeconds + FUTURE_SECONDS_MAX) {
    return 'from_the_future';
  }
  return lastUpdate < nowSeconds - STATE_AGE_SECONDS_MAX ? 'too_old' : undefined;
}

/**
 * How far a version may go: a peer that was never seen may be at any version that heartbeats could
 * have reached since 2023, one that is known may be ahead by a year of them.
 */
function versionProblem(known: number | undefined, version: number): StateRefusal | undefined {
  if (known === undefined) {
    return version > 100 * VERSION_STEP_MAX ? 'version_jump' : undefined;
  }
  return version > known + VERSION_STEP_MAX ? 'version_jump' : undefined;
}

function problem(
  known: MemberState | undefined,
  incoming: MemberState,
  facts: StateFacts,
): StateRefusal | undefined {
  if (!facts.isMember) {
    return 'not_a_member';
  }
  if (incoming.availableSat > incoming.capacitySat) {
    return 'available_above_capacity';
  }
  const slack = (facts.publicCapacitySat * CAPACITY_SLACK_PERCENT) / 100n;
  if (incoming.capacitySat > facts.publicCapacitySat + slack) {
    return 'above_public_capacity';
  }
  if (facts.nowSeconds === undefined) {
    return 'from_the_future';
  }
  return (
    timeProblem(incoming.lastUpdate, facts.nowSeconds) ??
    versionProblem(known?.version, incoming.version)
  );
}

/**
 * Merges a member's signed word. Only its author moves a member's state, and only forward; for an
 * author that does not contradict itself the order of arrival makes no difference. Two words of one version are evidence against their
 * author, whose state stays out of every decision from then on.
 */
export function mergeState(
  state: FleetState,
  incoming: MemberState,
  facts: StateFacts,
): { readonly state: FleetState; readonly verdict: StateVerdict } {
  const refuse = (code: StateRefusal) => ({ state, verdict: { kind: 'refused', code } as const });
  const known = state.signed.get(incoming.peer);
  if (incoming.peer === state.self) {
    return refuse('not_the_owner');
  }
  if (state.quarantined.has(incoming.peer)) {
    return refuse('quarantined');
  }
  const refusal = problem(known, incoming, facts);
  if (refusal !== undefined) {
    return refuse(refusal);
  }
  if (known !== undefined && incoming.version < known.version) {
    return refuse('stale_version');
  }
  if (known?.version === incoming.version) {
    const same = known.dataHash === incoming.dataHash && known.lastUpdate === incoming.lastUpdate;
    if (same) {
      return refuse('known');
    }
    const evidence = { first: known, second: incoming };
    return { state: mergeEvidence(state, evidence), verdict: { kind: 'equivocation', evidence } };
  }
  const signed = new Map(state.signed).set(incoming.peer, incoming);
  const said = state.hearsay.get(incoming.peer);
  let { hearsay } = state;
  if (said !== undefined && said.version <= incoming.version) {
    const rest = new Map(hearsay);
    rest.delete(incoming.peer);
    hearsay = rest;
  }
  return { state: { ...state, signed, hearsay }, verdict: { kind: 'taken' } };
}

/** An entry of an original's full sync, which nobody signed but its sender. */
export interface SyncEntry {
  readonly peer: NodeId;
  readonly version: number;
  readonly lastUpdate: number;
}

/**
 * Notes what a full sync says of others: all of it, or nothing where one entry is out of its bounds.
 * It moves no signed state, so that no member can speak for another, or silence it with a high
 * version. What it says of this node only keeps our own version growing after a lost database.
 */
export function mergeFullSync(
  state: FleetState,
  from: NodeId,
  entries: readonly SyncEntry[],
  facts: { readonly isMember: (node: NodeId) => boolean; readonly nowSeconds: number | undefined },
): { readonly state: FleetState; readonly refused: StateRefusal | undefined } {
  const { nowSeconds } = facts;
  if (!facts.isMember(from)) {
    return { state, refused: 'not_a_member' };
  }
  if (nowSeconds === undefined) {
    return { state, refused: 'from_the_future' };
  }
  const hearsay = new Map<NodeId, Hearsay>(state.hearsay);
  let { ownVersion } = state;
  for (const { peer, version, lastUpdate } of entries) {
    const known = peer === state.self ? state.ownVersion : state.signed.get(peer)?.version;
    const refused =
      (lastUpdate > nowSeconds + FUTURE_SECONDS_MAX ? 'from_the_future' : undefined) ??
      versionProblem(known === 0 ? undefined : known, version);
    if (refused !== undefined) {
      return { state, refused };
    }
    if (peer === state.self) {
      ownVersion = Math.max(ownVersion, version);
    } else if (facts.isMember(peer) && version > (known ?? -1)) {
      const before = hearsay.get(peer);
      if (before === undefined || version > before.version) {
        hearsay.set(peer, { version, lastUpdate, from });
      }
    }
  }
  return { state: { ...state, hearsay, ownVersion }, refused: undefined };
}

/** The states that decisions may use: signed, and not of a member that contradicts itself. */
export function trustedStates(state: FleetState): readonly MemberState[] {
  return [...state.signed.values()].filter(({ peer }) => !state.quarantined.has(peer));
}

/** Forgets a node that is no member any more. */
export function forgetMember(state: FleetState, node: NodeId): FleetState {
  const signed = new Map(state.signed);
  const hearsay = new Map(state.hearsay);
  const quarantined = new Map(state.quarantined);
  signed.delete(node);
  hearsay.delete(node);
  quarantined.delete(node);
  return { ...state, signed, hearsay, quarantined };
}
