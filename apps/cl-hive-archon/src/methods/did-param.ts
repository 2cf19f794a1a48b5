import type { Did } from '@cl-hive/archon';
import { p } from '@cl-hive/cln-plugin';
import { DecodeError, type Decoder } from '@cl-hive/core';

// Spelled out, since the manifest must not wait for what reads content ids: CIDv1, json, SHA-256, base32.
const DID = /^did:cid:bagaaiera[a-z2-7]{51}[aq]$/;

const decode: Decoder<Did> = (input) => {
  if (typeof input !== 'string' || !DID.test(input)) {
    throw new DecodeError('a did:cid DID', input);
  }
  return input as Did;
};

/** A parameter that is a DID. */
export const did = (what: string) => p.custom(decode, what);
