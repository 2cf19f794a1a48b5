import { array, err, type JsonObject, object, ok, type Result } from '@cl-hive/core';
import { type Curve, nobleCurve } from '@cl-hive/protocol';
import { type Chain, type ChainFault, newest, verifyChain } from '../did/chain.ts';
import { type DidEvent, didDecoder, readEvent } from '../did/operation.ts';
import { jsonObject } from '../did/proof.ts';
import { BINDINGS_MAX, CHAIN_OPERATIONS_MAX } from '../limits.ts';
import { type BindingClaim, type BindingFault, verifyBinding } from './binding.ts';

/** A DID's own operations with its bindings: all that somebody offline needs to check who it is. */
export interface Attestation {
  readonly chain: Chain;
  readonly bindings: readonly BindingClaim[];
}

const fields = object({
  did: didDecoder,
  events: array(readEvent, CHAIN_OPERATIONS_MAX),
  bindings: array(jsonObject, BINDINGS_MAX),
});

/** An operation as a Gatekeeper lists it. */
export function eventJson({ registry, time, operation }: DidEvent): JsonObject {
  return { registry, time, operation: operation.json };
}

/** Writes an attestation. */
export function attestationJson(chain: Chain, bindings: readonly JsonObject[]): JsonObject {
  return { did: chain.did, events: chain.events.map(eventJson), bindings };
}

/**
 * Checks an attestation by itself: the DID's chain, then each binding. It can be old: that the DID has
 * rotated its key since, or was deactivated, only somebody newer can tell. Throws DecodeError on its form.
 */
export function verifyAttestation(
  input: unknown,
  curve: Curve = nobleCurve,
): Result<Attestation, ChainFault | BindingFault> {
  const { did, events, bindings } = fields(input);
  const chain = verifyChain(did, events, () => undefined, curve);
  if (!chain.ok) {
    return chain;
  }
  if (chain.value.type !== 'agent' || newest(chain.value).deactivated) {
    return err({ code: 'binding_did', message: 'the DID is no agent, or was deactivated' });
  }
  const claims: BindingClaim[] = [];
  for (const binding of bindings) {
    const claim = verifyBinding(binding, chain.value, curve);
    if (!claim.ok) {
      return claim;
    }
    claims.push(claim.value);
  }
  return ok({ chain: chain.value, bindings: claims });
}
