import type { NodeId } from '@cl-hive/core';
import {
  DOUBLES_PER_MEMBER_MAX,
  PROOF_AGAIN_MS,
  PROOF_WINDOWS,
  PROOFS_PER_HOLDER_MAX,
} from '../limits.ts';
import { acceptanceText, epochClaims, epochFor, majority } from './epoch.ts';
import type { Turn } from './turn.ts';
import type {
  DoubleGrant,
  GrantWord,
  LockMessage,
  Proof,
  SignedLockMessage,
  Wish,
} from './types.ts';
import { attemptId, windowOf } from './window.ts';

// A grant and an abort are signed words. Who opened shows the grants of its majority to everyone, so
// that a member that granted one target to two holders in one window is found: its two words are the
// evidence, unless it can show that one of the holders had given its grant up.

type Of<K extends LockMessage['kind']> = Extract<LockMessage, { readonly kind: K }>;

/** The text that a member signs to grant. */
export function grantText(word: Omit<GrantWord, 'signature' | 'member'>): string {
  const { epoch, window, target, holder, attempt } = word;
  return `hive:grant:${epoch}:${window}:${target}:${holder}:${attempt}`;
}

/** The text that a holder signs to give an attempt up for good. */
export function abortText(word: {
  readonly attempt: string;
  readonly target: NodeId;
  readonly window: number;
}): string {
  return `hive:abort:${word.window}:${word.target}:${word.attempt}`;
}

/** The text to sign before `message` is sent to `to`; its signature goes into `signature`. */
export function lockText(to: NodeId, message: SignedLockMessage): string {
  return message.kind === 'grant' ? grantText({ ...message, holder: to }) : abortText(message);
}

/** A signature that must verify. */
export interface LockClaim {
  readonly signer: NodeId;
  readonly text: string;
  readonly signature: string;
}

const wordClaim = (word: GrantWord): LockClaim => ({
  signer: word.member,
  text: grantText(word),
  signature: word.signature,
});

/** Every signature in a message of `from` to `self` that must verify before it is an input. */
export function lockClaims(self: NodeId, from: NodeId, message: LockMessage): readonly LockClaim[] {
  switch (message.kind) {
    case 'grant':
      return [wordClaim({ ...message, holder: self, member: from })];
    case 'abort':
      return [{ signer: from, text: abortText(message), signature: message.signature }];
    case 'proof': {
      const { words, ...about } = message.proof;
      return words.map((word) => wordClaim({ ...about, ...word }));
    }
    case 'double': {
      const { first, second, abort } = message.double;
      const claims = [wordClaim(first), wordClaim(second)];
      return abort === undefined
        ? claims
        : [...claims, { signer: first.holder, text: abortText(first), signature: abort }];
    }
    case 'accepted': {
      const { acceptance, value, ballot } = message;
      const text = acceptanceText(value, ballot, acceptance.stop);
      return [{ signer: acceptance.member, text, signature: acceptance.signature }];
    }
    case 'epoch':
      return epochClaims(message.epoch);
    default:
      return [];
  }
}

/**
 * Who a {@link DoubleGrant} convicts; undefined where the member has shown that a holder gave its grant
 * up. Whether that holder then opened all the same only the chain shows.
 */
export function culprit({ first, abort }: DoubleGrant): NodeId | undefined {
  return abort === undefined ? first.member : undefined;
}

/** Shows the grants of an opening to the members of its epoch, until each has seen them. */
export function proveOpening(turn: Turn, { id, target, window, words = [] }: Wish): void {
  const { self, tables } = turn.state;
  const epoch = epochFor(tables.epochs.values(), window);
  const signers = new Set([self, ...words.map(({ member }) => member)]);
  if (epoch === undefined || signers.size < majority(epoch.members.length)) {
    return;
  }
  const attempt = attemptId(id, window);
  const proof = { attempt, target, window, holder: self, epoch: epoch.number, words };
  const untold = epoch.members.filter((member) => member !== self);
  keep(turn, { ...proof, untold });
  compare(turn, proof);
  tell(turn, proof, untold);
}

function tell(turn: Turn, proof: Omit<Proof, 'untold'>, members: readonly NodeId[]): void {
  for (const member of members) {
    turn.send(member, { kind: 'proof', proof });
  }
}

const keyOf = ({ holder, attempt }: Omit<Proof, 'untold'>): string => `${holder}/${attempt}`;

function keep(turn: Turn, proof: Proof): void {
  const { proofs } = turn.state.tables;
  const oldest = windowOf(turn.state.height) - PROOF_WINDOWS;
  const of = [...proofs].filter(([, { holder }]) => holder === proof.holder);
  for (const [key, { window }] of proofs) {
    if (window < oldest) {
      turn.row('proofs', key, undefined);
    }
  }
  if (of.length >= PROOFS_PER_HOLDER_MAX && !proofs.has(keyOf(proof))) {
    const [first] = of.sort(([, a], [, b]) => a.window - b.window);
    turn.row('proofs', first?.[0] ?? '', undefined);
  }
  turn.row('proofs', keyOf(proof), proof);
}

/** Another holder's opening, whose signatures were verified. */
export function onProof(turn: Turn, from: NodeId, { proof }: Of<'proof'>): void {
  const { state } = turn;
  const epoch = state.tables.epochs.get(String(proof.epoch));
  const now = windowOf(state.height);
  if (
    proof.holder !== from ||
    epoch?.members.includes(from) !== true ||
    proof.window > now + 1 ||
    proof.window < now - PROOF_WINDOWS
  ) {
    return;
  }
  if (!state.tables.proofs.has(keyOf(proof))) {
    keep(turn, { ...proof, untold: [] });
    compare(turn, proof);
  }
  turn.send(from, { kind: 'proof_known', attempt: proof.attempt });
}

/** A member has seen the grants of an opening of this node. */
export function onProofKnown(turn: Turn, from: NodeId, { attempt }: Of<'proof_known'>): void {
  const proof = turn.state.tables.proofs.get(`${turn.state.self}/${attempt}`);
  if (proof?.untold.includes(from) === true) {
    const untold = proof.untold.filter((member) => member !== from);
    turn.row('proofs', keyOf(proof), { ...proof, untold });
  }
}

/** Shows again what members have not answered, from time to time. */
export function repeatProofs(turn: Turn): void {
  if (turn.now - turn.state.provedAt < PROOF_AGAIN_MS) {
    return;
  }
  turn.patch({ provedAt: turn.now });
  for (const { untold, ...proof } of turn.state.tables.proofs.values()) {
    tell(turn, proof, untold);
  }
}

function compare(turn: Turn, proof: Omit<Proof, 'untold'>): void {
  for (const other of turn.state.tables.proofs.values()) {
    if (
      other.target === proof.target &&
      other.window === proof.window &&
      other.holder !== proof.holder
    ) {
      for (const word of proof.words) {
        const twin = other.words.find(({ member }) => member === word.member);
        if (twin !== undefined) {
          const [a, b] = [wordOf(other, twin), wordOf(proof, word)];
          accuse(turn, a.holder < b.holder ? { first: a, second: b } : { first: b, second: a });
        }
      }
    }
  }
}

function wordOf(
  { attempt, target, window, holder, epoch }: Omit<Proof, 'untold'>,
  word: { readonly member: NodeId; readonly signature: string },
): GrantWord {
  return { attempt, target, window, holder, epoch, ...word };
}

/** Keeps evidence once and passes it on; the member it is about may answer with an abort. */
function accuse(turn: Turn, double: DoubleGrant): void {
  const { self, tables } = turn.state;
  const { first, second } = double;
  const key = `${first.member}/${first.window}/${first.target}`;
  const known = tables.doubles.get(key);
  const own = known === undefined && first.member === self ? defence(turn, double) : undefined;
  const next = own ?? double;
  if (known !== undefined && (known.abort !== undefined || next.abort === undefined)) {
    return;
  }
  const epoch = tables.epochs.get(String(first.epoch));
  const of = [...tables.doubles.keys()].filter((one) => one.startsWith(`${first.member}/`));
  if (known === undefined && of.length >= DOUBLES_PER_MEMBER_MAX) {
    return;
  }
  turn.row('doubles', key, next);
  turn.command({ kind: 'notice', code: 'double_grant', detail: culprit(next) ?? 'cleared' });
  for (const member of epoch?.members ?? []) {
    if (member !== self && member !== culprit(next)) {
      turn.send(member, { kind: 'double', double: next });
    }
  }
  if (first.member !== self && next.abort === undefined) {
    turn.send(first.member, { kind: 'double', double: { first, second } });
  }
}

/** The abort that clears this node: of whichever of the two holders gave up. */
function defence(turn: Turn, { first, second }: DoubleGrant): DoubleGrant | undefined {
  const { aborted } = turn.state.tables;
  for (const [gave, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const word = aborted.get(gave.attempt);
    if (word?.holder === gave.holder) {
      return { first: gave, second: other, abort: word.signature };
    }
  }
  return undefined;
}

/** Evidence from another member, whose signatures were verified. */
export function onDouble(turn: Turn, from: NodeId, { double }: Of<'double'>): void {
  const { first, second } = double;
  const epoch = turn.state.tables.epochs.get(String(first.epoch));
  if (
    epoch?.members.includes(from) === true &&
    epoch.members.includes(first.member) &&
    first.member === second.member &&
    first.target === second.target &&
    first.window === second.window &&
    first.holder !== second.holder &&
    first.window >= windowOf(turn.state.height) - PROOF_WINDOWS
  ) {
    accuse(turn, double);
  }
}
