import { CodedError, DecodeError, describeError, err, ok, type Result } from '@cl-hive/core';
import { pythonJson } from './canonical-json.ts';
import { type FieldSet, type Shape, struct, within } from './fields.ts';
import { HIVE_MESSAGE_BYTES_MAX } from './limits.ts';
import { type HivePayload, MESSAGE_SHAPES } from './message-shapes.ts';
import { type HiveMessageName, messageName, messageType } from './message-types.ts';
import { type RelayHeader, relayHeader } from './relay-header.ts';
import { bytesToUtf8, utf8ToBytes } from './utf8.ts';
import { parseWireJson } from './wire-json.ts';
import { isWireObject, member, type WireObject, type WireValue } from './wire-value.ts';

/** The protocol versions that are spoken; 1 is what originals send. */
export const PROTOCOL_VERSIONS = [1, 2] as const;

/** A version of the protocol. */
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** A message of a known type, every field checked. */
export interface KnownHiveMessage<Name extends HiveMessageName> {
  readonly kind: 'known';
  readonly name: Name;
  readonly version: ProtocolVersion;
  readonly payload: HivePayload<Name>;
  readonly header: RelayHeader;
  /**
   * The payload as it was sent, members without a field included. What is signed, hashed or passed
   * on is taken from here, never made again from `payload`.
   */
  readonly raw: WireObject;
}

/** A message of a type that this protocol does not know. */
export interface UnknownHiveMessage {
  readonly kind: 'unknown';
  readonly type: number;
  readonly version: ProtocolVersion;
  readonly raw: WireObject;
}

/** A message of any of the known types, told apart by `name`. */
export type AnyKnownHiveMessage = {
  [Name in HiveMessageName]: KnownHiveMessage<Name>;
}[HiveMessageName];

/** Whatever a frame can hold. */
export type HiveMessage = AnyKnownHiveMessage | UnknownHiveMessage;

/**
 * Why bytes are no message: `not_hive` (another protocol's custom message: pass it on), `too_large`,
 * `not_utf8`, `not_json`, `bad_envelope`, `bad_version`, `bad_payload` (`path` leads to the culprit).
 */
export interface HiveRefusal {
  readonly code:
    | 'not_hive'
    | 'too_large'
    | 'not_utf8'
    | 'not_json'
    | 'bad_envelope'
    | 'bad_version'
    | 'bad_payload';
  readonly message: string;
  readonly path?: string;
}

/** `HIVE`: as a BOLT 8 message, type 0x4849 (odd) and the first two bytes of its payload. */
const MAGIC = utf8ToBytes('HIVE');

/** Whether `bytes`, a custom message from its BOLT type on, are of the hive's protocol. */
export function isHiveMessage(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

function refuse(
  code: HiveRefusal['code'],
  message: string,
): { readonly ok: false; readonly error: HiveRefusal } {
  return err({ code, message });
}

/**
 * Reads a custom message: the bytes `HIVE`, then JSON `{"type","version","payload"}`, together at
 * most 65,535 bytes. `bytes` begin with the BOLT type (0x4849), as the `custommsg` hook gives them.
 */
export function decodeHiveMessage(bytes: Uint8Array): Result<HiveMessage, HiveRefusal> {
  if (!isHiveMessage(bytes)) {
    return refuse('not_hive', 'the message does not start with HIVE');
  }
  if (bytes.length > HIVE_MESSAGE_BYTES_MAX) {
    return refuse('too_large', `the message has ${bytes.length} bytes, beyond 65,535`);
  }
  const text = bytesToUtf8(bytes.subarray(MAGIC.length));
  if (text === undefined) {
    return refuse('not_utf8', 'the message is not UTF-8');
  }
  let envelope: WireValue;
  try {
    envelope = parseWireJson(text);
  } catch (error) {
    return refuse('not_json', describeError(error));
  }
  return isWireObject(envelope)
    ? decodeEnvelope(envelope)
    : refuse('bad_envelope', 'the message is no object');
}

function decodeEnvelope(envelope: WireObject): Result<HiveMessage, HiveRefusal> {
  const type = member(envelope, 'type');
  const version = member(envelope, 'version');
  const raw = member(envelope, 'payload');
  if (typeof type !== 'number' || !isWireObject(raw)) {
    return refuse('bad_envelope', 'the message lacks an integer type or a payload object');
  }
  if (version !== 1 && version !== 2) {
    return refuse('bad_version', 'the message is neither of version 1 nor of version 2');
  }
  const name = messageName(type);
  if (name === undefined) {
    return ok({ kind: 'unknown', type, version, raw });
  }
  try {
    const { payload, header } = within('payload', () => decodePayload(name, raw));
    return ok({ kind: 'known', name, version, payload, header, raw } as AnyKnownHiveMessage);
  } catch (error) {
    if (error instanceof DecodeError) {
      return err({ code: 'bad_payload', message: `${name}: ${error.message}`, path: error.path });
    }
    throw error;
  }
}

const CODECS = new Map(
  Object.entries(MESSAGE_SHAPES).map(([name, shape]: [string, Shape<FieldSet>]) => [
    name,
    { shape, fields: struct(shape.fields) },
  ]),
);

function decodePayload(
  name: HiveMessageName,
  raw: WireObject,
): { readonly payload: unknown; readonly header: RelayHeader } {
  const codec = CODECS.get(name);
  const payload = codec?.fields.decode(raw) ?? {};
  codec?.shape.check?.(payload);
  return { payload, header: relayHeader.decode(raw) };
}

/**
 * The members of a payload as the original would write them, checked as on arrival. Throws
 * DecodeError where a field is out of its bounds.
 */
export function encodePayload<Name extends HiveMessageName>(
  name: Name,
  payload: HivePayload<Name>,
  header: RelayHeader = {},
): WireObject {
  const raw = {
    ...(CODECS.get(name)?.fields.encode(payload) as WireObject),
    ...(relayHeader.encode(header) as WireObject),
  };
  decodePayload(name, raw);
  return raw;
}

/**
 * The bytes of a custom message around `raw`, byte-equal to the original's for the same members.
 * Throws CodedError `hive_message_too_large` beyond 65,535 bytes: lightningd would refuse to send
 * them, and the original drops them without a word.
 */
export function encodeHiveMessage(
  name: HiveMessageName,
  raw: WireObject,
  version: ProtocolVersion = 1,
): Uint8Array {
  const envelope = { type: messageType(name).type, version, payload: raw };
  const bytes = utf8ToBytes(`HIVE${pythonJson(envelope, { sortKeys: false })}`);
  if (bytes.length > HIVE_MESSAGE_BYTES_MAX) {
    throw new CodedError(
      'hive_message_too_large',
      `a ${name} of ${bytes.length} bytes cannot be sent: a message has at most 65,535`,
      { data: { name, bytes: bytes.length }, remedy: 'split it' },
    );
  }
  return bytes;
}
