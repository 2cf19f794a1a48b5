import {
  type CodedError,
  DecodeError,
  type Decoder,
  err,
  integer,
  isCodedError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type NodeId,
  nodeIdDecoder,
  ok,
  optional,
  type Result,
  text,
} from '@cl-hive/core';
import { bytesToUtf8 } from '../utf8.ts';
import { type EnvelopeErrorCode, envelopeError } from './error.ts';
import {
  ENVELOPE_BYTES_MAX,
  IDEMPOTENCY_KEY_MAX,
  L402_MAX,
  PRINCIPAL_MAX,
  REPLY_TO_MAX,
  SIGNATURE_MAX,
} from './limits.ts';
import { parseStrictJson } from './strict-json.ts';

/** Value of `type` in a request. */
export const REQUEST_TYPE = 'hive.management.request';

/** Version of both envelopes. */
export const ENVELOPE_VERSION = 1;

/** What somebody asks a node to do; everything but `signature` is bound by the signature. */
export interface RequestEnvelope {
  /** How the sender calls itself: a name, alias, index or key. Who it is, authentication says. */
  readonly principal: string;
  /** The node that is asked; an envelope for another node is refused. */
  readonly node: NodeId;
  /** Number of times the node was restored from a backup, 0 for never: an older one is refused. */
  readonly epoch: number;
  /** Grows with each request of the principal, 1 to 2^53 - 1; gaps are allowed. */
  readonly nonce: number;
  /** Unix seconds at which it was signed. */
  readonly timestamp: number;
  readonly schema: string;
  readonly action: string;
  /** Not yet checked: `parseCommand` does. */
  readonly params: JsonObject;
  /** Names the effect across retries with new nonces; at most 64 of `A-Za-z0-9._:-`. */
  readonly idempotencyKey?: string;
  /** Where the answer goes when not back the way the request came. */
  readonly replyTo?: string;
  /** What pays for it, where the node asks a price: an L402 token, not yet checked. */
  readonly l402?: string;
  /** What proves the sender, in the form of its kind (Schnorr or HMAC in hexadecimal, zbase32). */
  readonly signature?: string;
}

const visible = (max: number): Decoder<string> => {
  const bounded = text(max);
  return (input) => {
    const value = bounded(input);
    if (!/^[\x21-\x7e]+$/.test(value)) {
      throw new DecodeError('visible ASCII characters without spaces', input);
    }
    return value;
  };
};

const idempotencyKey: Decoder<string> = (input) => {
  if (
    typeof input !== 'string' ||
    input.length > IDEMPOTENCY_KEY_MAX ||
    !/^[A-Za-z0-9._:-]+$/.test(input)
  ) {
    throw new DecodeError(`1 to ${IDEMPOTENCY_KEY_MAX} of A-Z a-z 0-9 . _ : -`, input);
  }
  return input;
};

const l402: Decoder<string> = (input) => {
  const value = text(L402_MAX)(input);
  if (!/^(?:(?:L402|LSAT) )?[A-Za-z0-9+/_=-]+:[0-9a-fA-F]{64}$/.test(value)) {
    throw new DecodeError('"L402 <macaroon>:<preimage>"', input);
  }
  return value;
};

const params: Decoder<JsonObject> = (input) => {
  if (!isJsonObject(input)) {
    throw new DecodeError('an object', input);
  }
  return input;
};

const FIELDS = {
  principal: visible(PRINCIPAL_MAX),
  node: nodeIdDecoder,
  epoch: integer(0),
  nonce: integer(1),
  timestamp: integer(0),
  schema: text(128),
  action: text(128),
  params,
  idempotency_key: optional(idempotencyKey),
  reply_to: optional(visible(REPLY_TO_MAX)),
  l402: optional(l402),
  signature: optional(visible(SIGNATURE_MAX)),
} as const;

function read<T>(input: JsonObject, key: keyof typeof FIELDS, decode: (input: unknown) => T): T {
  try {
    return decode(Object.hasOwn(input, key) ? input[key] : undefined);
  } catch (error) {
    const message = error instanceof DecodeError ? error.under(key).message : `${key} is refused`;
    throw envelopeError('envelope_shape', message);
  }
}

/** Reads a request from a value that {@link parseStrictJson} gave. Throws `envelope_shape`, `envelope_version`. */
export function readRequest(value: JsonValue): RequestEnvelope {
  if (!isJsonObject(value)) {
    throw envelopeError('envelope_shape', 'an envelope is a JSON object');
  }
  if (value['type'] !== REQUEST_TYPE) {
    throw envelopeError('envelope_shape', `type: expected "${REQUEST_TYPE}"`);
  }
  if (value['version'] !== ENVELOPE_VERSION) {
    throw envelopeError('envelope_version', 'this node reads envelopes of version 1 only');
  }
  for (const key of Object.keys(value)) {
    if (key !== 'type' && key !== 'version' && !Object.hasOwn(FIELDS, key)) {
      const name = JSON.stringify(key.slice(0, 64));
      throw envelopeError('envelope_shape', `an envelope has no member ${name}`);
    }
  }
  const key = read(value, 'idempotency_key', FIELDS.idempotency_key);
  const replyTo = read(value, 'reply_to', FIELDS.reply_to);
  const token = read(value, 'l402', FIELDS.l402);
  const signature = read(value, 'signature', FIELDS.signature);
  return Object.freeze({
    principal: read(value, 'principal', FIELDS.principal),
    node: read(value, 'node', FIELDS.node),
    epoch: read(value, 'epoch', FIELDS.epoch),
    nonce: read(value, 'nonce', FIELDS.nonce),
    timestamp: read(value, 'timestamp', FIELDS.timestamp),
    schema: read(value, 'schema', FIELDS.schema),
    action: read(value, 'action', FIELDS.action),
    params: read(value, 'params', FIELDS.params),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(token === undefined ? {} : { l402: token }),
    ...(signature === undefined ? {} : { signature }),
  });
}

/**
 * Decodes a request from the bytes that arrived: size, UTF-8, syntax and shape, in this order. Every
 * malformed input is a coded error, none throws.
 */
export function decodeRequest(
  bytes: Uint8Array,
): Result<RequestEnvelope, CodedError<EnvelopeErrorCode>> {
  try {
    if (bytes.length > ENVELOPE_BYTES_MAX) {
      const message = `an envelope of ${bytes.length} bytes is too large`;
      throw envelopeError('envelope_too_large', message);
    }
    const decoded = bytesToUtf8(bytes);
    if (decoded === undefined) {
      throw envelopeError('envelope_not_utf8', 'the envelope is not UTF-8');
    }
    return ok(readRequest(parseStrictJson(decoded)));
  } catch (error) {
    if (isCodedError<EnvelopeErrorCode>(error)) {
      return err(error);
    }
    throw error;
  }
}

/** The members of a request as they are sent; `signature` last. */
export function requestToJson(request: RequestEnvelope): JsonObject {
  const { idempotencyKey: key, replyTo, signature, ...bound } = request;
  return {
    type: REQUEST_TYPE,
    version: ENVELOPE_VERSION,
    ...bound,
    ...(key === undefined ? {} : { idempotency_key: key }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(signature === undefined ? {} : { signature }),
  };
}
