import type { JsonObject, JsonValue } from '@cl-hive/core';
import { type Chain, newest } from './chain.ts';
import { keyToJwk } from './jwk.ts';
import { type Operation, readOperation } from './operation.ts';
import { type Did, type SigningKey, withProof } from './proof.ts';

/** Registry of operations that their maker keeps itself. */
export const LOCAL_REGISTRY = 'local';

function signed(unsigned: JsonObject, key: SigningKey, created: string): Operation {
  return readOperation(withProof(unsigned, key, 'authentication', created));
}

/**
 * The create operation of an agent. The same inputs give the same operation, and so the same DID.
 * `created`: ISO time.
 */
export function createAgent(
  secret: Uint8Array,
  publicKey: Uint8Array,
  created: string,
  registry: string = LOCAL_REGISTRY,
): Operation {
  return signed(
    {
      type: 'create',
      created,
      registration: { version: 1, type: 'agent', registry },
      publicJwk: { ...keyToJwk(publicKey) },
    },
    { secret, verificationMethod: '#key-1' },
    created,
  );
}

/** The create operation of an asset of `controller`. */
export function createAsset(
  controller: Did,
  data: JsonValue,
  key: SigningKey,
  created: string,
  registry: string = LOCAL_REGISTRY,
): Operation {
  const registration = { version: 1, type: 'asset', registry };
  return signed({ type: 'create', created, registration, controller, data }, key, created);
}

/** An update that follows the newest version of `chain`. */
export function updateDocument(
  chain: Chain,
  doc: JsonObject,
  key: SigningKey,
  created: string,
): Operation {
  const { did } = chain;
  return signed({ type: 'update', did, previd: newest(chain).id, doc }, key, created);
}

/** A deactivation that follows the newest version of `chain`. */
export function deactivate(chain: Chain, key: SigningKey, created: string): Operation {
  const { did } = chain;
  return signed({ type: 'delete', did, previd: newest(chain).id }, key, created);
}

/** An update that puts `publicKey` (compressed) in the place of an agent's key, under its next name. */
export function rotateKey(
  chain: Chain,
  publicKey: Uint8Array,
  key: SigningKey,
  created: string,
): Operation {
  const { document, key: old } = newest(chain);
  const number = Number(/\d+$/.exec(old?.id ?? '')?.[0] ?? 0) + 1;
  const id = `#key-${number}`;
  const method = {
    id,
    controller: chain.did,
    type: 'EcdsaSecp256k1VerificationKey2019',
    publicKeyJwk: { ...keyToJwk(publicKey) },
  };
  const didDocument = {
    ...document,
    verificationMethod: [method],
    authentication: [id],
    assertionMethod: [id],
  };
  return updateDocument(chain, { didDocument }, key, created);
}
