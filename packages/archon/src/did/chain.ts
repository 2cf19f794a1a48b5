import {
  array,
  describeError,
  err,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ok,
  type Result,
} from '@cl-hive/core';
import { type Curve, nobleCurve } from '@cl-hive/protocol';
import { CHAIN_OPERATIONS_MAX } from '../limits.ts';
import { isDid } from './content-id.ts';
import { jwkToKey, keyToJwk } from './jwk.ts';
import { type DidEvent, didDecoder, localEvent, type Operation } from './operation.ts';
import { type Did, proofHolds } from './proof.ts';

/** Why a chain of operations is not what its DID stands for. */
export type ChainFaultCode =
  | 'chain_empty'
  | 'chain_too_long'
  | 'chain_wrong_did'
  | 'chain_order'
  | 'chain_time'
  | 'chain_key'
  | 'chain_signature'
  | 'chain_deactivated'
  | 'chain_document'
  | 'chain_controller_unknown'
  | 'chain_controller';

/** A broken chain: what is wrong and at which operation, counted from 1. */
export interface ChainFault {
  readonly code: ChainFaultCode;
  readonly message: string;
  readonly sequence: number;
}

/** A public key of an agent at one version. */
export interface AgentKey {
  /** Such as `#key-1`. */
  readonly id: string;
  /** Compressed. */
  readonly key: Uint8Array;
}

/** A DID after one of its operations. */
export interface Version {
  /** From 1. */
  readonly sequence: number;
  /** Content id of the operation. */
  readonly id: string;
  /** ISO time from which it counts. */
  readonly time: string;
  readonly document: JsonObject;
  readonly data: JsonValue;
  readonly registration: JsonObject;
  readonly deactivated: boolean;
  /** Whether it and all before it were seen on the DID's own registry. */
  readonly confirmed: boolean;
  /** The key that signs for an agent; undefined once there is none. */
  readonly key: AgentKey | undefined;
  /** Who signs for an asset. */
  readonly controller: Did | undefined;
}

/** A DID's operations, each verified, with the versions that they make. */
export interface Chain {
  readonly did: Did;
  readonly type: 'agent' | 'asset';
  readonly created: string;
  readonly versions: readonly [Version, ...Version[]];
  readonly events: readonly DidEvent[];
}

/** Finds the verified chain of an asset's controller. */
export type Controllers = (did: Did) => Chain | undefined;

/** The newest version. */
export function newest(chain: Chain): Version {
  return chain.versions.at(-1) ?? chain.versions[0];
}

/**
 * The version that counted at `timeMs` (Unix ms), as Archon resolves: versions follow each other until
 * the first later one. `confirmed`: none that the DID's registry has not confirmed. The first version
 * counts before its own time too.
 */
export function versionAt(chain: Chain, timeMs: number, confirmed = false): Version {
  let found = chain.versions[0];
  for (const version of chain.versions.slice(1)) {
    if (Date.parse(version.time) > timeMs || (confirmed && !version.confirmed)) {
      break;
    }
    found = version;
  }
  return found;
}

function fault(code: ChainFaultCode, message: string, sequence: number): Result<never, ChainFault> {
  return err({ code, message, sequence });
}

/** The first version of an agent, as Archon writes its document. */
function firstOfAgent(did: Did, operation: Extract<Operation, { kind: 'create_agent' }>): Version {
  const { id, key, created, json } = operation;
  return {
    sequence: 1,
    id,
    time: created,
    document: {
      '@context': ['https://www.w3.org/ns/did/v1'],
      id: did,
      verificationMethod: [
        {
          id: '#key-1',
          controller: did,
          type: 'EcdsaSecp256k1VerificationKey2019',
          publicKeyJwk: { ...keyToJwk(key) },
        },
      ],
      authentication: ['#key-1'],
      assertionMethod: ['#key-1'],
    },
    data: {},
    registration: json['registration'] as JsonObject,
    deactivated: false,
    confirmed: true,
    key: { id: '#key-1', key },
    controller: undefined,
  };
}

function firstOfAsset(did: Did, operation: Extract<Operation, { kind: 'create_asset' }>): Version {
  const { id, created, json, controller, data } = operation;
  return {
    sequence: 1,
    id,
    time: created,
    document: { '@context': ['https://www.w3.org/ns/did/v1'], id: did, controller },
    data,
    registration: json['registration'] as JsonObject,
    deactivated: false,
    confirmed: true,
    key: undefined,
    controller,
  };
}

/** The key under which `operation` has to be signed, or why there is none. */
function signerOf(
  before: Pick<Version, 'key' | 'controller'>,
  did: Did,
  operation: Operation,
  sequence: number,
  controllers: Controllers,
): Result<AgentKey, ChainFault> {
  const { proof } = operation;
  const controller = before.controller;
  let key = before.key;
  if (controller !== undefined) {
    const chain = controllers(controller);
    if (chain === undefined) {
      const message = `the controller ${controller} is not known`;
      return fault('chain_controller_unknown', message, sequence);
    }
    if (chain.type !== 'agent') {
      return fault('chain_controller', 'the controller of an asset is an agent', sequence);
    }
    const version = versionAt(chain, Date.parse(proof.created), true);
    if (version.deactivated) {
      return fault('chain_controller', 'the controller was deactivated before', sequence);
    }
    key = version.key;
  }
  const named = proof.signer ?? did;
  if (key === undefined || proof.keyId !== key.id || named !== (controller ?? did)) {
    const message = `${named}${proof.keyId} is not the key that signs for it`;
    return fault('chain_key', message, sequence);
  }
  return ok(key);
}

/** Begins a chain with a create operation. */
export function beginChain(
  did: Did,
  event: DidEvent,
  controllers: Controllers,
  curve: Curve = nobleCurve,
): Result<Chain, ChainFault> {
  const { operation } = event;
  if (operation.kind !== 'create_agent' && operation.kind !== 'create_asset') {
    return fault('chain_order', 'it does not begin with a create operation', 1);
  }
  if (`did:cid:${operation.id}` !== did) {
    return fault('chain_wrong_did', `the operation creates did:cid:${operation.id}`, 1);
  }
  if (!timeHolds(event)) {
    return fault('chain_time', 'a local event has not the time of its operation', 1);
  }
  const first =
    operation.kind === 'create_agent' ? firstOfAgent(did, operation) : firstOfAsset(did, operation);
  const signer = signerOf(first, did, operation, 1, controllers);
  if (!signer.ok) {
    return signer;
  }
  if (!proofHolds(operation.proof, operation.digest, signer.value.key, curve)) {
    return fault('chain_signature', 'the signature is not that of the named key', 1);
  }
  const { type } = operation.registration;
  const { created } = operation;
  return ok({ did, type, created, versions: [first], events: [event] });
}

function timeHolds(event: DidEvent): boolean {
  return event.registry !== 'local' || event.time === localEvent(event.operation).time;
}

/** Adds an update or deactivation. */
export function extendChain(
  chain: Chain,
  event: DidEvent,
  controllers: Controllers,
  curve: Curve = nobleCurve,
): Result<Chain, ChainFault> {
  const { did } = chain;
  const { operation } = event;
  const before = newest(chain);
  const sequence = before.sequence + 1;
  if (sequence > CHAIN_OPERATIONS_MAX) {
    const message = `more than ${CHAIN_OPERATIONS_MAX} operations`;
    return fault('chain_too_long', message, sequence);
  }
  if (operation.kind !== 'update' && operation.kind !== 'delete') {
    return fault('chain_order', 'a second create operation', sequence);
  }
  if (operation.did !== did) {
    return fault('chain_wrong_did', `the operation is for ${operation.did}`, sequence);
  }
  if (before.deactivated) {
    return fault('chain_deactivated', 'the DID was deactivated before', sequence);
  }
  if (operation.previous !== before.id) {
    return fault('chain_order', `it does not follow version ${before.sequence}`, sequence);
  }
  if (!timeHolds(event)) {
    return fault('chain_time', 'a local event has not the time of its operation', sequence);
  }
  const signer = signerOf(before, did, operation, sequence, controllers);
  if (!signer.ok) {
    return signer;
  }
  if (!proofHolds(operation.proof, operation.digest, signer.value.key, curve)) {
    return fault('chain_signature', 'the signature is not that of the named key', sequence);
  }
  const next = following(chain, before, event, operation);
  return next.ok
    ? ok({ ...chain, versions: [...chain.versions, next.value], events: [...chain.events, event] })
    : next;
}

function following(
  chain: Chain,
  before: Version,
  event: DidEvent,
  operation: Extract<Operation, { kind: 'update' | 'delete' }>,
): Result<Version, ChainFault> {
  const common = {
    ...before,
    sequence: before.sequence + 1,
    id: operation.id,
    time: event.time,
    confirmed: before.confirmed && before.registration['registry'] === event.registry,
  };
  if (operation.kind === 'delete') {
    const document = { id: chain.did };
    const key = undefined;
    return ok({ ...common, document, data: {}, deactivated: true, key, controller: undefined });
  }
  const { document = before.document, data, registration } = operation.change;
  const signing = signingPart(chain, document);
  if (typeof signing === 'string') {
    return fault('chain_document', signing, common.sequence);
  }
  return ok({
    ...common,
    ...signing,
    document,
    data: data ?? before.data,
    registration: registration ?? before.registration,
  });
}

const methods = array((input: unknown) => (isJsonObject(input) ? input : {}), 16);

/** Who signs under a document: an agent's first key, an asset's controller; a text says what is wrong. */
function signingPart(
  chain: Chain,
  document: JsonObject,
): Pick<Version, 'key' | 'controller'> | string {
  try {
    if (chain.type === 'asset') {
      return { key: undefined, controller: didDecoder(document['controller']) };
    }
    if (document['controller'] !== undefined) {
      return 'the document of an agent names a controller';
    }
    const [method] = methods(document['verificationMethod'] ?? []);
    const id = method?.['id'];
    if (method === undefined) {
      return { key: undefined, controller: undefined };
    }
    if (typeof id !== 'string' || !id.startsWith('#')) {
      return 'the first key of the document has no name of its own';
    }
    return { key: { id, key: jwkToKey(method['publicKeyJwk']) }, controller: undefined };
  } catch (error) {
    return describeError(error);
  }
}

/** Verifies a whole chain. What a server says about it is not looked at. */
export function verifyChain(
  did: Did,
  events: readonly DidEvent[],
  controllers: Controllers,
  curve: Curve = nobleCurve,
): Result<Chain, ChainFault> {
  const [first, ...rest] = events;
  if (first === undefined) {
    return fault('chain_empty', 'there is no operation', 0);
  }
  if (events.length > CHAIN_OPERATIONS_MAX) {
    return fault('chain_too_long', `more than ${CHAIN_OPERATIONS_MAX} operations`, events.length);
  }
  let result = beginChain(did, first, controllers, curve);
  for (const event of rest) {
    if (!result.ok) {
      return result;
    }
    result = extendChain(result.value, event, controllers, curve);
  }
  return result;
}

/** Every controller that is needed to verify these operations. */
export function controllersOf(events: readonly DidEvent[]): readonly Did[] {
  const found = new Set<Did>();
  for (const { operation } of events) {
    if (operation.kind === 'create_asset') {
      found.add(operation.controller);
    }
    const named =
      operation.kind === 'update' ? operation.change.document?.['controller'] : undefined;
    if (isDid(named)) {
      found.add(named);
    }
  }
  return [...found];
}
