import {
  DecodeError,
  err,
  isCodedError,
  isJsonObject,
  ok,
  parseJson,
  type Random,
  type Result,
} from '@cl-hive/core';
import { getPublicKey } from 'nostr-tools/pure';
import { rollBelow } from './chance.ts';
import {
  eventDecoder,
  hasTag,
  hasValidSignature,
  type NostrEvent,
  type Rumor,
  rumor,
  unsignedEventDecoder,
} from './event.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS } from './limits.ts';
import type { RefusalCode } from './message.ts';
import { conversationKey, encryptNip44, type Signer, signWith } from './signer.ts';

/**
 * Seals a rumor for one reader and wraps it under a key that is used once (NIP-59). `now` is in Unix
 * seconds; seal and wrap are dated back at random by up to two days. Throws CodedError `nip44_too_long`
 * when the rumor does not fit.
 */
export function giftWrap(
  content: Rumor,
  reader: string,
  signer: Signer,
  now: number,
  random: Random,
): NostrEvent {
  const backdated = (): number => now - rollBelow(random, NOSTR_LIMITS.backdateSeconds);
  const seal = signer.sign({
    kind: KINDS.seal,
    created_at: backdated(),
    tags: [],
    content: signer.encrypt(reader, JSON.stringify(content)),
  });
  const once = usableSecret(random);
  return signWith(once, {
    kind: KINDS.giftWrap,
    created_at: backdated(),
    tags: [['p', reader]],
    content: encryptNip44(conversationKey(once, reader), JSON.stringify(seal), random.bytes(32)),
  });
}

/** 32 random bytes that are a scalar of secp256k1: all but about one in 2^128 are. */
function usableSecret(random: Random): Uint8Array {
  for (;;) {
    const secret = random.bytes(32);
    try {
      getPublicKey(secret);
      return secret;
    } catch {
      // Zero or not below the curve's order: draw again.
    }
  }
}

/**
 * Opens a gift wrap whose own signature was checked. The writer is proven by the seal's signature; the
 * rumor must claim the same author, else anybody could write as anybody.
 */
export function openGiftWrap(wrap: NostrEvent, signer: Signer): Result<Rumor, RefusalCode> {
  const seal = decrypted(wrap, signer, eventDecoder, 'seal_malformed');
  if (!seal.ok) {
    return seal;
  }
  if (seal.value.kind !== KINDS.seal) {
    return err('seal_malformed');
  }
  if (!hasValidSignature(seal.value)) {
    return err('seal_signature');
  }
  const inner = decrypted(seal.value, signer, rumorDecoder, 'rumor_malformed');
  if (!inner.ok) {
    return inner;
  }
  const content = rumor(inner.value.unsigned);
  if (content.pubkey !== seal.value.pubkey) {
    return err('rumor_author');
  }
  if (inner.value.claimedId !== undefined && inner.value.claimedId !== content.id) {
    return err('rumor_id');
  }
  if (content.kind !== KINDS.chat) {
    return err('rumor_kind');
  }
  return hasTag(content, 'p', signer.pubkey) ? ok(content) : err('rumor_recipient');
}

function rumorDecoder(input: unknown): {
  readonly unsigned: Omit<Rumor, 'id'>;
  readonly claimedId: unknown;
} {
  return {
    unsigned: unsignedEventDecoder(input),
    claimedId: isJsonObject(input) ? input['id'] : undefined,
  };
}

function decrypted<T>(
  outer: NostrEvent,
  signer: Signer,
  decode: (input: unknown) => T,
  malformed: RefusalCode,
): Result<T, RefusalCode> {
  try {
    return ok(decode(parseJson(signer.decrypt(outer.pubkey, outer.content))));
  } catch (error) {
    if (isCodedError(error, 'nip44_invalid')) {
      return err('undecryptable');
    }
    if (error instanceof DecodeError || isCodedError(error)) {
      return err(malformed);
    }
    throw error;
  }
}
