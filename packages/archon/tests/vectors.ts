import { readFileSync } from 'node:fs';
import type { JsonObject } from '@cl-hive/core';
import {
  type Chain,
  type Did,
  type DidEvent,
  localEvent,
  readOperation,
  verifyChain,
} from '../src/index.ts';

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}

interface Resolved {
  readonly did: Did;
  readonly document: JsonObject;
}

/** What Archon 0.12 itself made. */
export const vectors = fixture('archon-vectors.json') as {
  readonly cids: readonly { readonly json: unknown; readonly cid: string }[];
  readonly operations: readonly {
    readonly call: string;
    readonly operation: JsonObject;
    readonly result: unknown;
  }[];
  readonly resolved: Readonly<Record<'alice' | 'bob' | 'schema' | 'credential' | 'poll', Resolved>>;
  readonly aliceV1: JsonObject;
  readonly credential: JsonObject;
  readonly credentialDid: Did;
  readonly unsignedCredential: JsonObject;
};

/** The recorded operations of a DID, in their order; calls that Archon passed on stand there twice. */
export function operationsOf(did: Did): readonly JsonObject[] {
  const texts = vectors.operations
    .filter(({ operation, result }) => result === did || operation['did'] === did)
    .map(({ operation }) => JSON.stringify(operation));
  return [...new Set(texts)].map((text) => JSON.parse(text) as JsonObject);
}

/** The recorded operations of a DID as a Gatekeeper lists them. */
export function eventsOf(did: Did): readonly DidEvent[] {
  return operationsOf(did).map((operation) => localEvent(readOperation(operation)));
}

const { alice, bob } = vectors.resolved;

/** The verified chains of the recorded agents. */
export function agents(did: Did): Chain | undefined {
  if (did !== alice.did && did !== bob.did) {
    return undefined;
  }
  const verified = verifyChain(did, eventsOf(did), () => undefined);
  return verified.ok ? verified.value : undefined;
}
