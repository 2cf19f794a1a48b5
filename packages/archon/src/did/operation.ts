import {
  anyJson,
  DecodeError,
  type Decoder,
  integer,
  type JsonObject,
  type JsonValue,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { OPERATION_CHARS_MAX } from '../limits.ts';
import { isContentId, isDid, operationId } from './content-id.ts';
import { isoTime, jwkToKey } from './jwk.ts';
import { type Did, jsonObject, type Proof, provenDigest, readProof } from './proof.ts';

/** Kind and place of a DID, as its create operation fixes them. */
export interface Registration {
  readonly type: 'agent' | 'asset';
  /** `local`: known to one Gatekeeper; other names spread. */
  readonly registry: string;
}

/** What every operation has. */
interface Common {
  /** Its content id: the DID of a create operation, the version id of the others. */
  readonly id: string;
  /** As it was made; all of it is under {@link Common.id}, all but `proof` under the signature. */
  readonly json: JsonObject;
  readonly digest: Uint8Array;
  readonly proof: Proof;
}

/** The new parts of a document; what is absent stays. */
export interface DocumentChange {
  readonly document: JsonObject | undefined;
  readonly data: JsonValue | undefined;
  readonly registration: JsonObject | undefined;
}

/** One step of a DID's life, its form checked, its signature not yet. */
export type Operation = Common &
  (
    | {
        readonly kind: 'create_agent';
        readonly created: string;
        readonly registration: Registration;
        /** Compressed. */
        readonly key: Uint8Array;
      }
    | {
        readonly kind: 'create_asset';
        readonly created: string;
        readonly registration: Registration;
        readonly controller: Did;
        readonly data: JsonValue;
      }
    | {
        readonly kind: 'update';
        readonly did: Did;
        readonly previous: string;
        readonly change: DocumentChange;
      }
    | { readonly kind: 'delete'; readonly did: Did; readonly previous: string }
  );

/** A `did:cid` DID. */
export const didDecoder: Decoder<Did> = (input) => {
  if (!isDid(input)) {
    throw new DecodeError('a did:cid DID', input);
  }
  return input;
};

const contentIdDecoder: Decoder<string> = (input) => {
  if (typeof input !== 'string' || !isContentId(input)) {
    throw new DecodeError('a content id (CIDv1, json, SHA-256, base32)', input);
  }
  return input;
};

const registry: Decoder<string> = (input) => {
  if (typeof input !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9:_-]{0,127}$/.test(input)) {
    throw new DecodeError('the name of a registry', input);
  }
  return input;
};

/** The registration of a DID. Throws DecodeError; a prefix other than `did:cid` is refused. */
export const registrationDecoder = object({
  version: integer(1, 1),
  type: oneOf('agent', 'asset'),
  registry,
  prefix: optional(oneOf('did:cid')),
  validUntil: optional(isoTime),
});

const createFields = object({ created: isoTime, registration: registrationDecoder });
const linkFields = object({ did: didDecoder, previd: contentIdDecoder });
const assetFields = object({ controller: didDecoder, data: anyJson });

function own(json: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(json, key) ? json[key] : undefined;
}

/** Reads an operation. Throws DecodeError, or CodedError `canonical_value` or `canonical_depth`. */
export function readOperation(input: unknown): Operation {
  const json = jsonObject(input);
  const kind = oneOf('create', 'update', 'delete')(own(json, 'type'));
  const proof = readProof(own(json, 'proof'));
  const common: Common = { id: operationId(json), json, digest: provenDigest(json), proof };
  if (JSON.stringify(json).length > OPERATION_CHARS_MAX) {
    throw new DecodeError(`an operation of at most ${OPERATION_CHARS_MAX} characters`, json);
  }
  switch (kind) {
    case 'create':
      return readCreate(json, common);
    case 'update': {
      const { did, previd } = linkFields(json);
      return { ...common, kind: 'update', did, previous: previd, change: readChange(json, did) };
    }
    case 'delete': {
      const { did, previd } = linkFields(json);
      return { ...common, kind: 'delete', did, previous: previd };
    }
  }
}

function readCreate(json: JsonObject, common: Common): Operation {
  const { created, registration } = createFields(json);
  const { signer, keyId } = common.proof;
  if (registration.type === 'agent') {
    if (signer !== undefined || keyId !== '#key-1') {
      throw new DecodeError('an agent that signs its creation as #key-1', keyId);
    }
    const key = jwkToKey(own(json, 'publicJwk'));
    return { ...common, kind: 'create_agent', created, registration, key };
  }
  const { controller, data } = assetFields(json);
  if (signer !== controller) {
    throw new DecodeError('an asset that its controller signed', signer);
  }
  return { ...common, kind: 'create_asset', created, registration, controller, data };
}

function readChange(json: JsonObject, did: Did): DocumentChange {
  const doc = jsonObject(own(json, 'doc'));
  const document = own(doc, 'didDocument');
  const data = own(doc, 'didDocumentData');
  const registration = own(doc, 'didDocumentRegistration');
  if (document === undefined && data === undefined && registration === undefined) {
    throw new DecodeError('a change of didDocument, didDocumentData or didDocumentRegistration');
  }
  if (registration !== undefined) {
    registrationDecoder(registration);
  }
  if (document !== undefined && own(jsonObject(document), 'id') !== did) {
    throw new DecodeError('a document of the DID itself', own(jsonObject(document), 'id'));
  }
  return {
    document: document === undefined ? undefined : jsonObject(document),
    data,
    registration: registration === undefined ? undefined : jsonObject(registration),
  };
}

/** An operation as a Gatekeeper lists it: what it adds is its own claim, not signed. */
export interface DidEvent {
  /** Where the Gatekeeper says to have seen it; `local` when it was handed to it directly. */
  readonly registry: string;
  /** When the Gatekeeper says to have seen it; for `local` the proof's own time. */
  readonly time: string;
  readonly operation: Operation;
}

const eventFields = object({
  registry,
  time: isoTime,
  operation: anyJson,
  did: optional(text(256)),
});

/** Reads an event of a Gatekeeper. Throws as {@link readOperation}. */
export function readEvent(input: unknown): DidEvent {
  const { registry: where, time, operation } = eventFields(input);
  return { registry: where, time, operation: readOperation(operation) };
}

/** The event of an operation that was made or handed over here. */
export function localEvent(operation: Operation): DidEvent {
  const time = 'created' in operation ? operation.created : operation.proof.created;
  return { registry: 'local', time, operation };
}
