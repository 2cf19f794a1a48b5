import { CodedError, type UnixMs } from '@cl-hive/core';
import { ADVISOR_NAME_MAX, ADVISOR_NAMES_MAX, ADVISORS_MAX } from '../limits.ts';

/** What proves an advisor: the scheme of a transport and the key or id in it. */
export interface AdvisorKey {
  /** Nostr and other Schnorr keys, a node's key, the id of an HMAC token, the id of a rune, a DID. */
  readonly scheme: 'schnorr' | 'lightning' | 'hmac' | 'rune' | 'did';
  readonly key: string;
}

/** Somebody who may see or manage the node. */
export interface Advisor {
  /** Number in lists, from 1; never given to another. Its text is the id in all records. */
  readonly index: number;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly keys: readonly AdvisorKey[];
  readonly since: UnixMs;
  /** A trial ends by itself; undefined for an advisor without an end. */
  readonly trialUntil: UnixMs | undefined;
  readonly revokedAt: UnixMs | undefined;
}

/** All advisors of a node, revoked ones included: their numbers and names stay taken. */
export interface AdvisorBook {
  readonly advisors: readonly Advisor[];
}

/** A change of the book by the operator. */
export type AdvisorChange =
  | {
      readonly kind: 'add';
      readonly name: string;
      readonly keys: readonly AdvisorKey[];
      readonly trialUntil?: UnixMs;
    }
  | { readonly kind: 'rename'; readonly advisor: number; readonly name: string }
  | {
      readonly kind: 'add_alias' | 'remove_alias';
      readonly advisor: number;
      readonly alias: string;
    }
  | { readonly kind: 'add_key' | 'remove_key'; readonly advisor: number; readonly key: AdvisorKey }
  | { readonly kind: 'end_trial'; readonly advisor: number }
  | { readonly kind: 'revoke'; readonly advisor: number }
  /** Takes a revocation back; grants of before must have been ended (`endGrant`) with it. */
  | { readonly kind: 'reinstate'; readonly advisor: number };

/** Why a change of the book was refused. */
export type AdvisorErrorCode = 'advisor_name' | 'advisor_key' | 'advisor_full' | 'advisor_unknown';

function refuse(code: AdvisorErrorCode, message: string, remedy: string): never {
  throw new CodedError<AdvisorErrorCode>(code, message, { remedy });
}

/** What an advisor's records are kept under: it outlives names and keys. */
export function advisorId(advisor: Advisor): string {
  return String(advisor.index);
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const LIKE_A_KEY = /^(?:[0-9a-f]{32,}|n(?:pub|sec|profile)1.*|did:.*)$/;

/** A name is lower-case ASCII, no number (those are indices), nothing that looks like a key, and nobody's yet. */
function checkName(book: AdvisorBook, name: string): string {
  if (!NAME.test(name) || name.length > ADVISOR_NAME_MAX) {
    refuse('advisor_name', `${JSON.stringify(name.slice(0, 80))} is no name`, 'use a-z 0-9 . _ -');
  }
  if (/^\d+$/.test(name) || LIKE_A_KEY.test(name)) {
    refuse('advisor_name', `${name} could be taken for an index or a key`, 'choose another name');
  }
  if (book.advisors.some((one) => one.name === name || one.aliases.includes(name))) {
    refuse('advisor_name', `${name} is taken`, 'choose another name');
  }
  return name;
}

function sameKey(a: AdvisorKey, b: AdvisorKey): boolean {
  return a.scheme === b.scheme && a.key === b.key;
}

function checkKey(book: AdvisorBook, key: AdvisorKey): AdvisorKey {
  if (book.advisors.some(({ keys }) => keys.some((one) => sameKey(one, key)))) {
    refuse(
      'advisor_key',
      'the key belongs to an advisor already',
      'revoke it there, or use another',
    );
  }
  return key;
}

function add(
  book: AdvisorBook,
  change: Extract<AdvisorChange, { kind: 'add' }>,
  now: UnixMs,
): AdvisorBook {
  if (book.advisors.length >= ADVISORS_MAX) {
    refuse('advisor_full', `at most ${ADVISORS_MAX} advisors`, 'prune revoked ones');
  }
  const name = checkName(book, change.name);
  const keys = change.keys.map((key) => checkKey(book, key));
  if (keys.some((key, at) => keys.slice(0, at).some((other) => sameKey(key, other)))) {
    refuse('advisor_key', 'a key stands twice', 'name each key once');
  }
  if (keys.length === 0 || keys.length > ADVISOR_NAMES_MAX) {
    refuse('advisor_key', `an advisor has 1 to ${ADVISOR_NAMES_MAX} keys`, 'give a key');
  }
  const { trialUntil } = change;
  if (trialUntil !== undefined && trialUntil <= now) {
    refuse('advisor_name', 'a trial ends in the future', 'name a later end');
  }
  const index = Math.max(0, ...book.advisors.map((one) => one.index)) + 1;
  const advisor: Advisor = {
    index,
    name,
    aliases: [],
    keys,
    since: now,
    trialUntil,
    revokedAt: undefined,
  };
  return { advisors: [...book.advisors, advisor] };
}

function bounded<T>(list: readonly T[]): readonly T[] {
  return list.length <= ADVISOR_NAMES_MAX
    ? list
    : refuse('advisor_full', `at most ${ADVISOR_NAMES_MAX} of an advisor`, 'remove one first');
}

function edited(
  book: AdvisorBook,
  advisor: Advisor,
  change: Exclude<AdvisorChange, { kind: 'add' }>,
  now: UnixMs,
): Advisor {
  switch (change.kind) {
    case 'rename':
      return { ...advisor, name: checkName(book, change.name) };
    case 'add_alias':
      return { ...advisor, aliases: bounded([...advisor.aliases, checkName(book, change.alias)]) };
    case 'remove_alias':
      return { ...advisor, aliases: advisor.aliases.filter((one) => one !== change.alias) };
    case 'add_key':
      return { ...advisor, keys: bounded([...advisor.keys, checkKey(book, change.key)]) };
    case 'remove_key':
      return { ...advisor, keys: advisor.keys.filter((one) => !sameKey(one, change.key)) };
    case 'end_trial':
      return { ...advisor, trialUntil: undefined };
    case 'revoke':
      return { ...advisor, revokedAt: advisor.revokedAt ?? now };
    case 'reinstate':
      return { ...advisor, revokedAt: undefined };
  }
}

/**
 * Carries out a change. Names, aliases and keys are unique over all advisors, revoked ones included.
 * Throws CodedError with an {@link AdvisorErrorCode}; the book stays as it was.
 */
export function changeAdvisors(book: AdvisorBook, change: AdvisorChange, now: UnixMs): AdvisorBook {
  if (change.kind === 'add') {
    return add(book, change, now);
  }
  const at = book.advisors.findIndex(({ index }) => index === change.advisor);
  const advisor = book.advisors[at];
  if (advisor === undefined) {
    return refuse('advisor_unknown', `there is no advisor ${change.advisor}`, 'list the advisors');
  }
  return { advisors: book.advisors.with(at, edited(book, advisor, change, now)) };
}
