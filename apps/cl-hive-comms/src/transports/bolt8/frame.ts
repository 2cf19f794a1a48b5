import { bytesToHex } from '@cl-hive/core';
import { isHiveMessage } from '@cl-hive/protocol';
import { BOLT8_PAYLOAD_MAX, MESSAGE_BYTES_MAX } from '../limits.ts';

/**
 * BOLT 8 message type of this plugin: odd (who does not know it ignores it) and in the range that BOLT 1
 * leaves to experiments and applications.
 */
export const COMMS_TYPE = 0xc17d;

/** Type of the hive's own messages: the first two of the bytes `HIVE`. */
export const HIVE_TYPE = 0x4849;

const TYPE_BYTES = 2;
const ID_BYTES = 8;
/** Version, id, index and count. */
const HEADER_BYTES = 1 + ID_BYTES + 1 + 1;
const VERSION = 1;
const PART_MAX = BOLT8_PAYLOAD_MAX - HEADER_BYTES;

/** Most parts of a message. */
export const PARTS_MAX = Math.ceil(MESSAGE_BYTES_MAX / PART_MAX);

/** One part of a message. */
export interface Frame {
  /** Hexadecimal, chosen by the sender. */
  readonly id: string;
  /** From 0. */
  readonly index: number;
  /** 1 to {@link PARTS_MAX}. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The number of a custom message's type, given whole in hexadecimal; undefined when it has none. */
export function messageTypeOf(payload: string): number | undefined {
  const type = Number.parseInt(payload.slice(0, 4), 16);
  return payload.length < 4 || Number.isNaN(type) ? undefined : type;
}

/**
 * The custom messages that carry `body` (1 to 65,535 bytes), type included. The hive's own messages go as
 * they are, so that every member understands them; `id` is 8 bytes that no message under way has.
 */
export function framesOf(body: Uint8Array, id: Uint8Array): readonly Uint8Array[] {
  if (isHiveMessage(body)) {
    return [body];
  }
  const count = Math.max(1, Math.ceil(body.length / PART_MAX));
  return Array.from({ length: count }, (_, index) => {
    const part = body.subarray(index * PART_MAX, (index + 1) * PART_MAX);
    const frame = new Uint8Array(TYPE_BYTES + HEADER_BYTES + part.length);
    frame.set([COMMS_TYPE >> 8, COMMS_TYPE & 0xff, VERSION]);
    frame.set(id.subarray(0, ID_BYTES), TYPE_BYTES + 1);
    frame.set([index, count], TYPE_BYTES + 1 + ID_BYTES);
    frame.set(part, TYPE_BYTES + HEADER_BYTES);
    return frame;
  });
}

/** Reads a custom message of {@link COMMS_TYPE}, type included; undefined when it is no part of one. */
export function readFrame(message: Uint8Array): Frame | undefined {
  const header = message.subarray(TYPE_BYTES, TYPE_BYTES + HEADER_BYTES);
  const bytes = message.subarray(TYPE_BYTES + HEADER_BYTES);
  const [index = 0, count = 0] = header.subarray(1 + ID_BYTES);
  const whole = header.length === HEADER_BYTES && header[0] === VERSION && bytes.length > 0;
  // All parts but the last are full, so that no size can be claimed without being sent.
  const fits =
    index < count && count <= PARTS_MAX && (index === count - 1 || bytes.length === PART_MAX);
  return whole && fits
    ? { id: bytesToHex(header.subarray(1, 1 + ID_BYTES)), index, count, bytes }
    : undefined;
}
