import { array, compareCodeUnits, type Decoder, hex, integer, object, text } from '@cl-hive/core';
import { getEventHash, type NostrEvent as LibraryEvent, verifyEvent } from 'nostr-tools/pure';
import { NOSTR_LIMITS } from './limits.ts';

/** Tags of an event (NIP-01): name first. */
export type Tags = readonly (readonly string[])[];

/** What an author decides on; `created_at` in Unix seconds. */
export interface EventTemplate {
  readonly kind: number;
  readonly created_at: number;
  readonly tags: Tags;
  readonly content: string;
}

/** A template with its author (x-only public key, 64 hexadecimal digits). */
export interface UnsignedEvent extends EventTemplate {
  readonly pubkey: string;
}

/** An unsigned event with its id (NIP-59 rumor). */
export interface Rumor extends UnsignedEvent {
  readonly id: string;
}

/** A signed event (NIP-01). That the signature holds is said by {@link hasValidSignature} alone. */
export interface NostrEvent extends Rumor {
  readonly sig: string;
}

const lowerHex = (bytes: number): Decoder<string> => {
  const decode = hex(bytes);
  return (input) => decode(input).toLowerCase();
};

const FIELDS = {
  kind: integer(0, 65_535),
  created_at: integer(0),
  tags: array(array(text(NOSTR_LIMITS.tagChars), NOSTR_LIMITS.tagValues), NOSTR_LIMITS.tags),
  content: text(NOSTR_LIMITS.frameChars),
  pubkey: lowerHex(32),
} as const;

/** An event as a relay sent it. A new object: nothing that a library hangs on events comes along. */
export const eventDecoder: Decoder<NostrEvent> = object({
  ...FIELDS,
  id: lowerHex(32),
  sig: lowerHex(64),
});

/** An unsigned event; its id, where the writer gave one, is checked by the caller. */
export const unsignedEventDecoder: Decoder<UnsignedEvent> = object(FIELDS);

/** The id of an event: SHA-256 of its canonical form (NIP-01). */
export function eventId(event: UnsignedEvent): string {
  return getEventHash(libraryEvent({ ...event, id: '', sig: '' }));
}

/** The rumor of an unsigned event. */
export function rumor(event: UnsignedEvent): Rumor {
  const { kind, created_at, tags, content, pubkey } = event;
  return { kind, created_at, tags, content, pubkey, id: eventId(event) };
}

/**
 * Whether id and signature of an event are right. nostr-tools marks a checked event with a symbol that
 * a spread copies, and believes the mark; so it only ever gets a new object of plain fields.
 */
export function hasValidSignature(event: NostrEvent): boolean {
  try {
    return verifyEvent(libraryEvent(event));
  } catch {
    return false;
  }
}

function libraryEvent(event: NostrEvent): LibraryEvent {
  return {
    id: event.id,
    pubkey: event.pubkey,
    created_at: event.created_at,
    kind: event.kind,
    tags: event.tags.map((tag) => [...tag]),
    content: event.content,
    sig: event.sig,
  };
}

/** The first value of the first tag of that name. */
export function tagValue(event: EventTemplate, name: string): string | undefined {
  return event.tags.find((tag) => tag[0] === name)?.[1];
}

/** Whether a tag of that name has that first value. */
export function hasTag(event: EventTemplate, name: string, value: string): boolean {
  return event.tags.some((tag) => tag[0] === name && tag[1] === value);
}

/** The order of replaceable events (NIP-01): the newer wins, among equals the lower id. */
export function newest(events: readonly NostrEvent[]): NostrEvent | undefined {
  return [...events].sort((a, b) => b.created_at - a.created_at || compareCodeUnits(a.id, b.id))[0];
}
