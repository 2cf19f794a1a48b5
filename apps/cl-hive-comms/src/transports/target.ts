import { isNodeId, type JsonObject } from '@cl-hive/core';
import type { Target } from './transport-port.ts';

const X_ONLY = /^[0-9a-f]{64}$/;
const DID = /^did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,200}$/;

/** Whether a text is an x-only public key, 64 lower-case hexadecimal digits. */
export function isNostrKey(text: unknown): text is string {
  return typeof text === 'string' && X_ONLY.test(text);
}

/** Whether a text is a DID of at most some 200 characters. */
export function isDid(text: unknown): text is string {
  return typeof text === 'string' && DID.test(text);
}

/** The members of a target. */
export function targetToJson({ node, nostr, did }: Target): JsonObject {
  return {
    ...(node === undefined ? {} : { node }),
    ...(nostr === undefined ? {} : { nostr }),
    ...(did === undefined ? {} : { did }),
  };
}

/** Reads a target; undefined when a member is not what it should be, or there is none. */
export function readTarget({ node, nostr, did }: JsonObject): Target | undefined {
  const right =
    (node === undefined || isNodeId(node)) &&
    (nostr === undefined || isNostrKey(nostr)) &&
    (did === undefined || isDid(did));
  const empty = node === undefined && nostr === undefined && did === undefined;
  return right && !empty
    ? {
        ...(node === undefined ? {} : { node }),
        ...(nostr === undefined ? {} : { nostr }),
        ...(did === undefined ? {} : { did }),
      }
    : undefined;
}
