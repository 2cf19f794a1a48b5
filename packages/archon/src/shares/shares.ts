import { createHash } from 'node:crypto';
import {
  array,
  bytesToHex,
  CodedError,
  type Decoded,
  hex,
  hexToBytes,
  integer,
  type JsonObject,
  object,
  stringifyJson,
} from '@cl-hive/core';
import { combine, split } from 'shamir-secret-sharing';
import { publicKeyOf } from '../vault/age-keys.ts';
import { HOLDERS_MAX, HOLDERS_MIN, SHARE_BYTES_MAX } from './limits.ts';

/** Why shares do not give the key. */
export type ShareErrorCode =
  /** The text or object is no share, or was changed. */
  | 'share_malformed'
  /** Fewer than the threshold. */
  | 'shares_missing'
  /** Shares of different keys, or of different sharings. */
  | 'shares_mixed'
  /** Shares that were changed by whoever held them. */
  | 'shares_wrong'
  /** Threshold or number of holders out of range. */
  | 'shares_threshold';

const decode = object({
  version: integer(1, 1),
  /** What all shares of one sharing have in common; see {@link setOf}. */
  set: hex(32),
  index: integer(1, HOLDERS_MAX),
  threshold: integer(2, HOLDERS_MAX),
  /** SHA-256 of each share, in order: whoever holds one can tell the others' from forged ones. */
  commitments: array(hex(32), HOLDERS_MAX),
  /** X25519 public key of the shared secret. */
  public_key: hex(32),
  share: hex(),
});

/** One holder's part of the vault's shared key. Alone it says nothing about the key. */
export type Share = Decoded<typeof decode>;

function refuse(code: ShareErrorCode, message: string, remedy: string, data = {}): never {
  throw new CodedError<ShareErrorCode>(code, message, { remedy, data });
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The name of a sharing: the digest of all that is public of it. */
export function setOf(share: Pick<Share, 'threshold' | 'commitments' | 'public_key'>): string {
  const { threshold, commitments, public_key: key } = share;
  return sha256(stringifyJson(['cl-hive-shares', 1, threshold, key, commitments]));
}

/**
 * Splits a secret X25519 key so that any `threshold` of `holders` give it back and fewer say nothing.
 * Throws `shares_threshold`.
 */
export async function splitKey(
  secret: Uint8Array,
  threshold: number,
  holders: number,
): Promise<readonly Share[]> {
  const inRange = holders >= HOLDERS_MIN && holders <= HOLDERS_MAX;
  if (!inRange || threshold < 2 || threshold > holders) {
    const range = `2 to as many as there are holders, of which there are ${HOLDERS_MIN} to ${HOLDERS_MAX}`;
    refuse('shares_threshold', `the threshold is not ${range}`, 'choose both anew');
  }
  // The library takes no Buffer.
  const parts = await split(Uint8Array.from(secret), holders, threshold);
  const common = {
    threshold,
    commitments: parts.map(sha256),
    public_key: bytesToHex(publicKeyOf(secret)),
  };
  const set = setOf(common);
  return parts.map((part, index) => ({
    version: 1,
    set,
    index: index + 1,
    ...common,
    share: bytesToHex(part),
  }));
}

/** Reads a share, and tells whether it is whole. Throws `share_malformed`, without the share. */
export function readShare(input: unknown): Share {
  try {
    const share = decode(input);
    const bytes = share.share.length / 2;
    const own = share.commitments[share.index - 1];
    if (
      bytes <= SHARE_BYTES_MAX &&
      share.set === setOf(share) &&
      own === sha256(hexToBytes(share.share))
    ) {
      return share;
    }
  } catch {
    // Its message may hold a part of the share.
  }
  return refuse(
    'share_malformed',
    'this is no share, or not a whole one',
    'copy it once more, whole',
  );
}

/** A share as it is stored and travels. */
export function shareJson(share: Share): JsonObject {
  return { ...share };
}

/** What is public of a sharing, and how many of its shares there are. */
export function describeShares(shares: readonly Share[]): JsonObject {
  const [first] = shares;
  return first === undefined
    ? { have: 0 }
    : {
        set: first.set,
        have: new Set(shares.map(({ index }) => index)).size,
        need: first.threshold,
      };
}

/**
 * Puts shares together. Nothing but the right key is ever given: throws `shares_missing` with how many
 * there are and are needed, `shares_mixed`, and `shares_wrong` where the key is not the one that was split.
 */
export async function combineShares(shares: readonly Share[]): Promise<Uint8Array> {
  const [first] = shares;
  if (first === undefined) {
    refuse('shares_missing', 'there is no share', 'ask the holders for theirs', { have: 0 });
  }
  const mixed = shares.filter(({ set }) => set !== first.set);
  if (mixed.length > 0) {
    const data = { sets: [...new Set(shares.map(({ set }) => set))] };
    refuse('shares_mixed', 'the shares are of different sharings', 'give those of one', data);
  }
  const parts = new Map(shares.map(({ index, share }) => [index, hexToBytes(share)]));
  if (parts.size < first.threshold) {
    const data = { have: parts.size, need: first.threshold, indices: [...parts.keys()] };
    const need = `${first.threshold} different shares are needed, there ${parts.size === 1 ? 'is' : 'are'} ${parts.size}`;
    refuse('shares_missing', need, 'ask further holders', data);
  }
  const secret = await combine([...parts.values()].slice(0, first.threshold));
  if (secret.length !== 32 || bytesToHex(publicKeyOf(secret)) !== first.public_key) {
    refuse('shares_wrong', 'the shares do not give the key that was shared', 'ask other holders');
  }
  return secret;
}
