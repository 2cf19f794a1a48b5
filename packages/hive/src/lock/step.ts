import type { NodeId } from '@cl-hive/core';
import { FOREIGN_INTENTS_PER_MEMBER_MAX, TAKEN_TARGETS_MAX } from '../limits.ts';
import { electorate } from './epoch.ts';
import { onAbort, onRequest, releaseByHeight } from './grantor.ts';
import { abandon, advance, onAnswer } from './holder.ts';
import { onDouble, onProof, onProofKnown, repeatProofs } from './proof.ts';
import type { LockState } from './state.ts';
import {
  onAccept,
  onAccepted,
  onAskEpoch,
  onEpoch,
  onGivenEpoch,
  onPrepare,
  onPromise,
  propose,
} from './succession.ts';
import { Turn } from './turn.ts';
import type { LockCommand, LockInput, LockMessage } from './types.ts';
import { releaseHeight, windowOf } from './window.ts';
import { addWish, decideWish, reconcileUnknown, repeatReleases, settleWish } from './wishes.ts';

/**
 * The intent lock: one transition. `now` is guard time, milliseconds that only grow; it paces
 * repetitions and the hold of the original's protocol, and decides about no grant. Commands are
 * carried out in order; `store` comes first and is one transaction.
 */
export function stepLock(
  state: LockState,
  input: LockInput,
  now: number,
): { readonly state: LockState; readonly commands: readonly LockCommand[] } {
  const turn = new Turn(state, now);
  apply(turn, input);
  advance(turn);
  return turn.end();
}

function apply(turn: Turn, input: LockInput): void {
  switch (input.kind) {
    case 'start':
      reconcileUnknown(turn);
      return;
    case 'tick':
      reconcileUnknown(turn);
      repeatReleases(turn);
      repeatProofs(turn);
      propose(turn);
      return;
    case 'block':
      onBlock(turn, input.height);
      return;
    case 'wish':
      addWish(turn, input);
      return;
    case 'tolerate':
      turn.patch({ liars: input.liars });
      return;
    case 'approve':
    case 'cancel':
    case 'overrule':
      decideWish(turn, input);
      return;
    case 'outcome':
      settleWish(turn, input);
      return;
    case 'message':
      onMessage(turn, input.from, input.message);
      return;
    case 'originals':
      turn.patch({ originals: new Set(input.members) });
      return;
    case 'original_intent':
      onOriginalIntent(turn, input.from, input.target);
      return;
    case 'original_abort':
      onOriginalAbort(turn, input.from, input.target);
      return;
    case 'channel':
      onChannel(turn, input.target, input.holder, input.open);
      return;
    case 'channels':
      onChannels(turn, input.holder, input.targets);
      return;
    case 'left':
      onLeft(turn);
      return;
    case 'given_epoch':
      onGivenEpoch(turn, input.epoch);
      return;
    case 'electorate':
      turn.patch({ electorate: electorate(input.members) });
      return;
  }
}

function onMessage(turn: Turn, from: NodeId, message: LockMessage): void {
  switch (message.kind) {
    case 'request':
      onRequest(turn, from, message);
      return;
    case 'grant':
    case 'refuse':
      onAnswer(turn, from, message);
      return;
    case 'abort':
      onAbort(turn, from, message);
      return;
    case 'aborted': {
      const release = turn.state.tables.releases.get(message.attempt);
      if (release?.untold.includes(from) === true) {
        const untold = release.untold.filter((member) => member !== from);
        turn.row('releases', message.attempt, { ...release, untold });
      }
      return;
    }
    case 'proof':
      onProof(turn, from, message);
      return;
    case 'proof_known':
      onProofKnown(turn, from, message);
      return;
    case 'double':
      onDouble(turn, from, message);
      return;
    case 'prepare':
      onPrepare(turn, from, message);
      return;
    case 'promise':
      onPromise(turn, from, message);
      return;
    case 'accept':
      onAccept(turn, from, message);
      return;
    case 'accepted':
      onAccepted(turn, from, message);
      return;
    case 'ask_epoch':
      onAskEpoch(turn, from, message);
      return;
    case 'epoch':
      onEpoch(turn, from, message);
      return;
  }
}

/** Drops what belongs to a hive; an opening that lightningd was asked for stays what it is. */
function onLeft(turn: Turn): void {
  for (const wish of turn.state.tables.wishes.values()) {
    if (wish.phase === 'gathering') {
      abandon(turn, wish, { phase: 'waiting', reason: 'no_epoch' });
    }
  }
  const { tables } = turn.state;
  for (const table of ['epochs', 'acceptors', 'strikes', 'releases'] as const) {
    for (const key of tables[table].keys()) {
      turn.row(table, key, undefined);
    }
  }
  for (const [attempt, { holder }] of tables.grants) {
    if (holder !== turn.state.self) {
      turn.row('grants', attempt, undefined);
    }
  }
  turn.patch({ electorate: undefined, proposal: undefined, originals: new Set() });
}

function onBlock(turn: Turn, height: number): void {
  if (height <= turn.state.height) {
    return;
  }
  turn.patch({ height });
  releaseByHeight(turn);
  const foreign = new Map(
    [...turn.state.foreign].filter(([, window]) => height < releaseHeight(window)),
  );
  turn.patch({ foreign });
}

/**
 * The original's rule towards original peers: of two intents for a target the lowest key wins. Its
 * intent is remembered, also when it comes before or after ours, until it is taken back or the
 * height passes.
 */
function onOriginalIntent(turn: Turn, from: NodeId, target: NodeId): void {
  const { state } = turn;
  if (!state.originals.has(from)) {
    return;
  }
  const of = [...state.foreign.keys()].filter((key) => key.startsWith(`${from}|`));
  const key = `${from}|${target}`;
  if (!state.foreign.has(key) && of.length >= FOREIGN_INTENTS_PER_MEMBER_MAX) {
    turn.command({ kind: 'notice', code: 'bound_reached', detail: `intents of ${from}` });
    return;
  }
  const gathering = [...state.tables.wishes.values()].find(
    (wish) => wish.target === target && wish.phase === 'gathering',
  );
  if (gathering !== undefined && state.self < from) {
    // Ours wins; said again, since it may not have heard it, and would open.
    turn.command({ kind: 'announce', target });
    return;
  }
  turn.patch({ foreign: new Map(state.foreign).set(key, windowOf(state.height)) });
  if (gathering !== undefined) {
    abandon(turn, gathering, { phase: 'waiting', reason: 'contested_by_original' });
  }
}

function onOriginalAbort(turn: Turn, from: NodeId, target: NodeId): void {
  const foreign = new Map(turn.state.foreign);
  if (foreign.delete(`${from}|${target}`)) {
    turn.patch({ foreign });
  }
}

function onChannel(turn: Turn, target: NodeId, holder: NodeId, open: boolean): void {
  const taken = new Map(turn.state.taken);
  setTaken(turn, taken, target, holder, open);
  turn.patch({ taken });
}

function onChannels(turn: Turn, holder: NodeId, targets: readonly NodeId[]): void {
  const taken = new Map(turn.state.taken);
  const open = new Set(targets);
  for (const [target, holders] of turn.state.taken) {
    if (holders.has(holder) && !open.has(target)) {
      setTaken(turn, taken, target, holder, false);
    }
  }
  for (const target of open) {
    if (taken.get(target)?.has(holder) !== true) {
      setTaken(turn, taken, target, holder, true);
    }
  }
  turn.patch({ taken });
}

function setTaken(
  turn: Turn,
  taken: Map<NodeId, ReadonlySet<NodeId>>,
  target: NodeId,
  holder: NodeId,
  open: boolean,
): void {
  const holders = new Set(taken.get(target));
  if (!open) {
    holders.delete(holder);
  } else if (holders.size === 0 && taken.size >= TAKEN_TARGETS_MAX) {
    turn.command({ kind: 'notice', code: 'bound_reached', detail: 'fleet channels' });
    return;
  } else {
    holders.add(holder);
  }
  if (holders.size > 0) {
    taken.set(target, holders);
  } else {
    taken.delete(target);
  }
}
