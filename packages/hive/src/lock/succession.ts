import { type NodeId } from '@cl-hive/core';
import { EPOCHS_KEPT, REQUEST_AGAIN_MS, ROUND_STEP_MAX } from '../limits.ts';
import {
  type Ballot,
  type Epoch,
  electorate,
  epochHash,
  isLater,
  majority,
  newestEpoch,
  type Succession,
  succeed,
} from './epoch.ts';
import type { Turn } from './turn.ts';
import type { Acceptor, LockMessage } from './types.ts';
import { windowOf } from './window.ts';

// The successor of an epoch is decided once, by single-decree Paxos among the epoch's members. An
// acceptance carries a promise: no grants under the old epoch from window `stop` on. The successor
// begins after the latest stop of a majority, so that no window is decided by two epochs.

type Of<K extends LockMessage['kind']> = Extract<LockMessage, { readonly kind: K }>;

/** The epoch whose successor is open, with this node's part in it. */
function current(turn: Turn): { readonly epoch: Epoch; readonly acceptor: Acceptor } | undefined {
  const epoch = newestEpoch(turn.state.tables.epochs.values());
  if (epoch === undefined || !epoch.members.includes(turn.state.self)) {
    return undefined;
  }
  const acceptor = turn.state.tables.acceptors.get(String(epoch.number));
  const none = { promised: { round: 0, proposer: turn.state.self } };
  return { epoch, acceptor: acceptor ?? none };
}

/** Proposes the electorate that membership wants, where it differs from the newest epoch's members. */
export function propose(turn: Turn): void {
  const now = current(turn);
  const { electorate: wanted, proposal, self } = turn.state;
  if (
    now === undefined ||
    wanted === undefined ||
    wanted.length === 0 ||
    wanted.join() === now.epoch.members.join()
  ) {
    return;
  }
  if (
    proposal !== undefined &&
    proposal.epoch === now.epoch.number &&
    turn.now - proposal.askedAt < patience(now.epoch, self, proposal.ballot.round)
  ) {
    return;
  }
  const ballot = { round: now.acceptor.promised.round + 1, proposer: self };
  turn.row('acceptors', String(now.epoch.number), { ...now.acceptor, promised: ballot });
  const value: Succession = {
    number: now.epoch.number + 1,
    members: electorate(wanted),
    previous: epochHash(now.epoch),
  };
  const own = now.acceptor.accepted;
  turn.patch({
    proposal: {
      epoch: now.epoch.number,
      ballot,
      value,
      promises: new Map([[self, own]]),
      accepted: new Map(),
      phase: 'prepare',
      askedAt: turn.now,
    },
  });
  for (const member of now.epoch.members) {
    if (member !== self) {
      turn.send(member, { kind: 'prepare', epoch: now.epoch.number, ballot });
    }
  }
  preparedBy(turn);
}

/** Proposers wait by their place in the epoch, so that one of them gets through. */
function patience(epoch: Epoch, self: NodeId, round: number): number {
  const place = (epoch.members.indexOf(self) + round) % epoch.members.length;
  return REQUEST_AGAIN_MS * (2 + 3 * place);
}

function knows(turn: Turn, from: NodeId, epoch: number): boolean {
  const newest = newestEpoch(turn.state.tables.epochs.values());
  if (newest !== undefined && newest.number > epoch) {
    turn.send(from, { kind: 'epoch', epoch: newest });
  } else if ((newest?.number ?? 0) < epoch) {
    turn.send(from, { kind: 'ask_epoch', after: newest?.number ?? 0 });
  }
  return newest?.number === epoch;
}

/** Promises to accept nothing of an earlier ballot; stored before it is told. */
export function onPrepare(turn: Turn, from: NodeId, { epoch, ballot }: Of<'prepare'>): void {
  const now = knows(turn, from, epoch) ? current(turn) : undefined;
  if (now?.epoch.members.includes(from) !== true || ballot.proposer !== from) {
    return;
  }
  if (isLater(ballot, now.acceptor.promised) && !jumps(ballot, now.acceptor)) {
    turn.row('acceptors', String(epoch), { ...now.acceptor, promised: ballot });
    const { accepted } = now.acceptor;
    turn.send(from, {
      kind: 'promise',
      epoch,
      ballot,
      ...(accepted === undefined ? {} : { accepted }),
    });
  }
}

function jumps(ballot: Ballot, { promised }: Acceptor): boolean {
  return ballot.round > promised.round + ROUND_STEP_MAX;
}

function sameBallot(a: Ballot, b: Ballot): boolean {
  return a.round === b.round && a.proposer === b.proposer;
}

export function onPromise(turn: Turn, from: NodeId, message: Of<'promise'>): void {
  const { proposal } = turn.state;
  const now = current(turn);
  if (
    proposal?.phase === 'prepare' &&
    now?.epoch.number === proposal.epoch &&
    now.epoch.members.includes(from) &&
    sameBallot(proposal.ballot, message.ballot)
  ) {
    const promises = new Map(proposal.promises).set(from, message.accepted);
    turn.patch({ proposal: { ...proposal, promises } });
    preparedBy(turn);
  }
}

/** With a majority of promises: the accepted value of the latest ballot must be taken over. */
function preparedBy(turn: Turn): void {
  const { proposal } = turn.state;
  const now = current(turn);
  if (
    proposal === undefined ||
    now === undefined ||
    proposal.promises.size < majority(now.epoch.members.length)
  ) {
    return;
  }
  let latest: Acceptor['accepted'];
  for (const accepted of proposal.promises.values()) {
    if (
      accepted !== undefined &&
      (latest === undefined || isLater(accepted.ballot, latest.ballot))
    ) {
      latest = accepted;
    }
  }
  const value = latest?.value ?? proposal.value;
  turn.patch({ proposal: { ...proposal, value, phase: 'accept' } });
  const message: Of<'accept'> = { kind: 'accept', ballot: proposal.ballot, value };
  for (const member of now.epoch.members) {
    if (member !== turn.state.self) {
      turn.send(member, message);
    }
  }
  onAccept(turn, turn.state.self, message);
}

/**
 * Accepts a successor: from the window after its last grant on, this member grants nothing under
 * the old epoch. A value is accepted only where this node's own membership, by its vouches and votes,
 * wants everyone it adds and nobody it removes: one member alone changes no epoch.
 */
export function onAccept(turn: Turn, from: NodeId, { ballot, value }: Of<'accept'>): void {
  const now = knows(turn, from, value.number - 1) ? current(turn) : undefined;
  if (
    now?.epoch.members.includes(from) !== true ||
    ballot.proposer !== from ||
    value.previous !== epochHash(now.epoch) ||
    value.members.length === 0 ||
    isLater(now.acceptor.promised, ballot) ||
    jumps(ballot, now.acceptor) ||
    !isWanted(now.epoch, value, turn.state.electorate ?? now.epoch.members)
  ) {
    return;
  }
  const granted = [...turn.state.tables.grants.values()].map(({ window }) => window + 1);
  const stop =
    now.acceptor.stop ?? Math.max(now.epoch.from, windowOf(turn.state.height), ...granted);
  turn.row('acceptors', String(now.epoch.number), {
    promised: ballot,
    accepted: { ballot, value },
    stop,
  });
  turn.command({ kind: 'accept', to: from, ballot, value, stop });
}

function isWanted(before: Epoch, value: Succession, wanted: readonly NodeId[]): boolean {
  return (
    value.members.every((one) => before.members.includes(one) || wanted.includes(one)) &&
    before.members.every((one) => value.members.includes(one) || !wanted.includes(one))
  );
}

/** Counts acceptances; a majority of one ballot is the new epoch. */
export function onAccepted(turn: Turn, from: NodeId, message: Of<'accepted'>): void {
  const { proposal } = turn.state;
  const now = current(turn);
  if (
    proposal?.phase !== 'accept' ||
    now?.epoch.number !== proposal.epoch ||
    !sameBallot(proposal.ballot, message.ballot) ||
    epochHash(message.value) !== epochHash(proposal.value) ||
    message.acceptance.member !== from
  ) {
    return;
  }
  const accepted = new Map(proposal.accepted).set(from, message.acceptance);
  turn.patch({ proposal: { ...proposal, accepted } });
  const epoch = succeed(now.epoch, proposal.value, proposal.ballot, [...accepted.values()]);
  if (epoch !== undefined) {
    tell(turn, now.epoch, epoch);
    adopt(turn, epoch);
  }
}

function tell(turn: Turn, before: Epoch, epoch: Epoch): void {
  for (const member of electorate([...before.members, ...epoch.members])) {
    if (member !== turn.state.self) {
      turn.send(member, { kind: 'epoch', epoch });
    }
  }
}

/** Takes over an epoch; of two certificates for the same one, the earlier beginning counts. */
function adopt(turn: Turn, epoch: Epoch): void {
  const known = turn.state.tables.epochs.get(String(epoch.number));
  if (known !== undefined && known.from <= epoch.from) {
    return;
  }
  turn.row('epochs', String(epoch.number), epoch);
  turn.patch({ proposal: undefined });
  turn.command({ kind: 'notice', code: 'epoch_begins', detail: String(epoch.number) });
  for (const number of turn.state.tables.epochs.keys()) {
    if (Number(number) <= epoch.number - EPOCHS_KEPT) {
      turn.row('epochs', number, undefined);
      turn.row('acceptors', number, undefined);
    }
  }
}

/**
 * An epoch with its certificate, whose signatures were verified on arrival. A member that lacks the
 * one before asks for the next it needs: one question for one answer, so that nothing multiplies.
 */
export function onEpoch(turn: Turn, from: NodeId, { epoch }: Of<'epoch'>): void {
  const newest = newestEpoch(turn.state.tables.epochs.values())?.number ?? 0;
  const before = turn.state.tables.epochs.get(String(epoch.number - 1));
  const { number, members, previous, ballot, acceptances } = epoch;
  const made =
    before === undefined || ballot === undefined
      ? undefined
      : succeed(before, { number, members, previous }, ballot, acceptances);
  if (made !== undefined) {
    adopt(turn, made);
  }
  if (made === undefined ? number > newest + 1 : number === newest + 1) {
    turn.send(from, { kind: 'ask_epoch', after: made === undefined ? newest : number });
  }
}

/**
 * Takes over the first epoch of a node that has none. An epoch of this node alone gives way to that of
 * a hive, once no grant under it binds and no opening is under way.
 */
export function onGivenEpoch(turn: Turn, epoch: Epoch): void {
  const { tables, self } = turn.state;
  const own = newestEpoch(tables.epochs.values());
  const alone = own?.number === 1 && own.members.join() === self;
  const busy =
    tables.grants.size > 0 ||
    [...tables.wishes.values()].some(({ phase }) => phase === 'opening' || phase === 'unknown');
  if (own !== undefined && (!alone || busy || epochHash(own) === epochHash(epoch))) {
    return;
  }
  if (own !== undefined) {
    turn.row('epochs', '1', undefined);
    turn.row('acceptors', '1', undefined);
  }
  turn.row('epochs', String(epoch.number), epoch);
  turn.patch({ proposal: undefined });
  turn.command({ kind: 'notice', code: 'epoch_begins', detail: String(epoch.number) });
}

/** Sends the epoch that a member needs next, where it is still kept; the newest to one that has none. */
export function onAskEpoch(turn: Turn, from: NodeId, { after }: Of<'ask_epoch'>): void {
  const { epochs } = turn.state.tables;
  const epoch = after === 0 ? newestEpoch(epochs.values()) : epochs.get(String(after + 1));
  if (epoch !== undefined) {
    turn.send(from, { kind: 'epoch', epoch });
  }
}
