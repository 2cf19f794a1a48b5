import { CodedError, type Random } from '@cl-hive/core';
import { encrypt as encryptNip04 } from 'nostr-tools/nip04';
import { decrypt, encrypt, getConversationKey } from 'nostr-tools/nip44';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import { BoundedMap } from './bounded-map.ts';
import { type EventTemplate, eventDecoder, type NostrEvent } from './event.ts';
import { NOSTR_LIMITS } from './limits.ts';

/** Why a NIP-44 text could not be made or read. */
export type Nip44ErrorCode = 'nip44_too_long' | 'nip44_empty' | 'nip44_invalid';

/** The node's Nostr key, which never leaves this port. */
export interface Signer {
  /** x-only public key, 64 hexadecimal digits. */
  readonly pubkey: string;
  /** Signs an event as this key. */
  readonly sign: (template: EventTemplate) => NostrEvent;
  /** NIP-44 v2 for `peer`. Throws CodedError {@link Nip44ErrorCode}. */
  readonly encrypt: (peer: string, plaintext: string) => string;
  /** Reads NIP-44 v2 from `peer`. Throws CodedError `nip44_invalid`. */
  readonly decrypt: (peer: string, payload: string) => string;
  /** NIP-04 for `peer`: for the hint to those who can read nothing else, never for a message. */
  readonly encryptHint: (peer: string, plaintext: string) => string;
}

/** A {@link Signer} of a secret key (32 bytes) in this process. Conversation keys of recent peers are kept. */
export function localSigner(secret: Uint8Array, random: Random): Signer {
  const keys = new BoundedMap<string, Uint8Array>(NOSTR_LIMITS.conversationKeys);
  const keyWith = (peer: string): Uint8Array => {
    const known = keys.get(peer);
    if (known !== undefined) {
      return known;
    }
    const key = conversationKey(secret, peer);
    keys.set(peer, key);
    return key;
  };
  return {
    pubkey: getPublicKey(secret),
    sign: (template) => signWith(secret, template),
    encrypt: (peer, plaintext) => encryptNip44(keyWith(peer), plaintext, random.bytes(32)),
    decrypt: (peer, payload) => decryptNip44(keyWith(peer), payload),
    encryptHint: (peer, plaintext) => encryptNip04(secret, peer, plaintext),
  };
}

/** Signs with a key that is used once or held elsewhere. */
export function signWith(secret: Uint8Array, template: EventTemplate): NostrEvent {
  const { kind, created_at, tags, content } = template;
  return eventDecoder(
    finalizeEvent({ kind, created_at, tags: tags.map((tag) => [...tag]), content }, secret),
  );
}

/** The NIP-44 v2 conversation key. Throws CodedError `nip44_invalid` when `peer` is no point of the curve. */
export function conversationKey(secret: Uint8Array, peer: string): Uint8Array {
  try {
    return getConversationKey(secret, peer);
  } catch (cause) {
    throw invalid('there is no shared key with this public key', cause);
  }
}

/** NIP-44 v2 encryption of 1 to 65,535 bytes; `nonce` is 32 bytes that are used once. */
export function encryptNip44(key: Uint8Array, plaintext: string, nonce: Uint8Array): string {
  const bytes = Buffer.byteLength(plaintext, 'utf8');
  if (bytes === 0) {
    throw new CodedError<Nip44ErrorCode>('nip44_empty', 'NIP-44 has no form for an empty text');
  }
  if (bytes > NOSTR_LIMITS.nip44Bytes) {
    throw new CodedError<Nip44ErrorCode>(
      'nip44_too_long',
      `the text has ${bytes} bytes where NIP-44 takes ${NOSTR_LIMITS.nip44Bytes}`,
      { data: { bytes }, remedy: 'send less at once' },
    );
  }
  return encrypt(plaintext, key, nonce);
}

/** NIP-44 v2 decryption. Throws CodedError `nip44_invalid`, whatever is wrong. */
export function decryptNip44(key: Uint8Array, payload: string): string {
  if (payload.length > NOSTR_LIMITS.frameChars) {
    throw invalid('the text is too long');
  }
  try {
    return decrypt(payload, key);
  } catch (cause) {
    throw invalid('the text is not NIP-44 version 2 for this key', cause);
  }
}

function invalid(message: string, cause?: unknown): CodedError<Nip44ErrorCode> {
  return new CodedError('nip44_invalid', message, { cause });
}
