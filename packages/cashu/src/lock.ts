import { getPubKeyFromPrivKey, schnorrSignMessage } from '@cashu/cashu-ts';
import { bytesToHex, hexToBytes, isHex, parseJson } from '@cl-hive/core';
import { cashuError } from './errors.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { CashuProof } from './proof.ts';

/**
 * Who can spend a proof (NUT-11; with `hash` NUT-14). The receiver can with `required` of `publicKeys`
 * and the hash's preimage, also after `locktimeS`; from then on so can `requiredRefund` of `refundKeys`,
 * or anybody where there are none.
 */
export interface Lock {
  /** Compressed points, hexadecimal. */
  readonly publicKeys: readonly string[];
  readonly required: number;
  /** SHA-256, hexadecimal. */
  readonly hash?: string;
  /** Unix seconds. */
  readonly locktimeS?: number;
  readonly refundKeys: readonly string[];
  readonly requiredRefund: number;
}

/** What opens a lock: keys by their public key, and the preimage where one is known. */
export interface Opener {
  readonly secrets: ReadonlyMap<string, string>;
  readonly preimage?: string;
}

const TAGS = ['sigflag', 'pubkeys', 'n_sigs', 'locktime', 'refund', 'n_sigs_refund'];
const KEY = /^0[23][0-9a-f]{64}$/;

/** The compressed public key, by which others lock, of a secret key; both hexadecimal. */
export function lockKeyOf(secret: string): string {
  return bytesToHex(getPubKeyFromPrivKey(hexToBytes(secret)));
}

function malformed(why: string): never {
  throw cashuError('lock_malformed', `the proof's lock ${why}`, 'ask the sender for another token');
}

/**
 * The lock in a proof's secret; undefined when it has none. Throws `lock_malformed` for a lock that no
 * wallet should take: unknown kinds, which mints let anybody spend, SIG_ALL, which binds the outputs, and
 * what NUT-10 and NUT-11 call malformed.
 */
export function readLock(secret: string): Lock | undefined {
  let read: unknown;
  try {
    read = secret.startsWith('[') ? parseJson(secret) : undefined;
  } catch {
    return undefined;
  }
  if (!Array.isArray(read)) {
    return undefined;
  }
  const [kind, body] = read as unknown[];
  const { data, tags = [] } = (body ?? {}) as { data?: unknown; tags?: unknown };
  if ((kind !== 'P2PK' && kind !== 'HTLC') || typeof data !== 'string' || !Array.isArray(tags)) {
    return malformed('is of a kind that this wallet does not know');
  }
  const byName = readTags(tags);
  const flag = byName.get('sigflag')?.[0] ?? 'SIG_INPUTS';
  if (flag !== 'SIG_INPUTS') {
    return malformed(`has the flag ${flag.slice(0, 16)}, which this wallet does not use`);
  }
  const extra = keysOf(byName, 'pubkeys');
  const publicKeys = kind === 'P2PK' ? checkKeys([data, ...extra]) : extra;
  const refundKeys = keysOf(byName, 'refund');
  if (kind === 'HTLC' && (!isHex(data) || data.length !== 64)) {
    return malformed('has a hash that is none');
  }
  const locktimeS = numberOf(byName, 'locktime');
  return {
    publicKeys,
    required: publicKeys.length === 0 ? 0 : thresholdOf(byName, 'n_sigs', publicKeys),
    ...(kind === 'HTLC' ? { hash: data } : {}),
    ...(locktimeS === undefined ? {} : { locktimeS }),
    refundKeys,
    requiredRefund: thresholdOf(byName, 'n_sigs_refund', refundKeys),
  };
}

function readTags(tags: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, readonly string[]>();
  for (const tag of tags) {
    if (!Array.isArray(tag) || !tag.every((part) => typeof part === 'string')) {
      return malformed('has a tag that is no list of texts');
    }
    const [name = '', ...values] = tag;
    if (TAGS.includes(name) && byName.has(name)) {
      return malformed(`has the tag ${name} twice`);
    }
    byName.set(name, values);
  }
  return byName;
}

function checkKeys(keys: readonly string[]): readonly string[] {
  if (!keys.every((key) => KEY.test(key)) || keys.length > CASHU_LIMITS.lockKeys) {
    return malformed('has keys that are none, or too many');
  }
  if (new Set(keys.map((key) => key.slice(2))).size !== keys.length) {
    return malformed('has a key twice');
  }
  return keys;
}

function keysOf(tags: ReadonlyMap<string, readonly string[]>, name: string): readonly string[] {
  return checkKeys(tags.get(name) ?? []);
}

function numberOf(tags: ReadonlyMap<string, readonly string[]>, name: string): number | undefined {
  const [value] = tags.get(name) ?? [];
  if (value === undefined) {
    return undefined;
  }
  const number = /^\d{1,15}$/.test(value) ? Number(value) : malformed(`has no number in ${name}`);
  return number;
}

function thresholdOf(
  tags: ReadonlyMap<string, readonly string[]>,
  name: string,
  keys: readonly string[],
): number {
  const count = numberOf(tags, name);
  if (count !== undefined && (count < 1 || count > keys.length)) {
    return malformed(`needs ${count} signatures of ${keys.length} keys`);
  }
  return count ?? 1;
}

/**
 * Opens a proof with what is at hand at `nowS`: the receiver's path first, whenever it is open, then the
 * refund. The proof comes back with its witness. Throws `lock_closed` with what is missing.
 */
export function openProof(proof: CashuProof, opener: Opener, nowS: number): CashuProof {
  const lock = readLock(proof.secret);
  if (lock === undefined) {
    return proof;
  }
  const sign = (keys: readonly string[], count: number): readonly string[] | undefined => {
    const own = keys.flatMap((key) => opener.secrets.get(key) ?? []).slice(0, count);
    return own.length < count ? undefined : own.map((key) => schnorrSignMessage(proof.secret, key));
  };
  const { hash, locktimeS, refundKeys } = lock;
  const signatures = sign(lock.publicKeys, lock.required);
  if (signatures !== undefined && (hash === undefined || opener.preimage !== undefined)) {
    const preimage = hash === undefined ? {} : { preimage: opener.preimage };
    return { ...proof, witness: JSON.stringify({ ...preimage, signatures }) };
  }
  if (locktimeS !== undefined && nowS > locktimeS) {
    if (refundKeys.length === 0) {
      return proof;
    }
    const refund = sign(refundKeys, lock.requiredRefund);
    if (refund !== undefined) {
      return { ...proof, witness: JSON.stringify({ signatures: refund }) };
    }
  }
  throw cashuError(
    'lock_closed',
    signatures === undefined
      ? 'the token is locked to keys that this node does not have'
      : 'the token is locked to a hash whose preimage is not known',
    locktimeS === undefined
      ? 'ask the sender for one that this node can open'
      : `if this node has the refund key: wait for ${locktimeS} (Unix seconds)`,
  );
}
