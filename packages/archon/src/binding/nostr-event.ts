import { array, bytesToHex, hex, hexToBytes, integer, object, text } from '@cl-hive/core';
import { type Curve, nobleCurve, utf8ToBytes } from '@cl-hive/protocol';
import { sha256 } from '@noble/hashes/sha2.js';

/** A signed Nostr event (NIP-01). */
export interface NostrEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
  readonly sig: string;
}

/** Reads an event. Throws DecodeError. */
export const nostrEventDecoder = object({
  id: hex(32),
  pubkey: hex(32),
  created_at: integer(0),
  kind: integer(0, 65_535),
  tags: array(array(text(512), 8), 16),
  content: text(1024),
  sig: hex(64),
});

/** Whether an event has its right id and signature (NIP-01). */
export function nostrEventHolds(event: NostrEvent, curve: Curve = nobleCurve): boolean {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  const digest = sha256(utf8ToBytes(JSON.stringify([0, pubkey, created_at, kind, tags, content])));
  return (
    bytesToHex(digest) === id && curve.schnorrVerify(hexToBytes(sig), digest, hexToBytes(pubkey))
  );
}
