import { type Frame, JsonFramer, parseFrame } from '@cl-hive/cln-rpc';
import { isCodedError, isJsonObject, type JsonObject } from '@cl-hive/core';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { type Salvaged, salvage } from './salvage.ts';

/** What came out of the bytes that lightningd wrote. */
export type Arrival =
  | { readonly kind: 'message'; readonly message: JsonObject }
  /** A message that cannot be read; with an id its caller can be answered. */
  | { readonly kind: 'refused'; readonly reason: string; readonly salvaged: Salvaged }
  /** The stream has lost its frame: nothing that follows can be trusted. */
  | { readonly kind: 'lost'; readonly reason: string };

const NOTHING = new Uint8Array(0);

/** Cuts lightningd's bytes into messages; a message that cannot be read does not harm the next. */
export class Inbox {
  readonly #framer = new JsonFramer({ maxBytes: MESSAGE_BYTES_MAX });

  /** True in the middle of a message. */
  get partial(): boolean {
    return this.#framer.partial;
  }

  /** The messages that `chunk` completes, in order. Never throws. */
  push(chunk: Uint8Array): Arrival[] {
    const arrivals: Arrival[] = [];
    let rest = chunk;
    for (;;) {
      try {
        for (const frame of this.#framer.push(rest)) {
          arrivals.push(read(frame));
        }
        if (this.#framer.fault === undefined) {
          return arrivals;
        }
      } catch (error) {
        const arrival = faultOf(error);
        arrivals.push(arrival);
        if (arrival.kind === 'lost') {
          return arrivals;
        }
      }
      rest = NOTHING;
    }
  }
}

function read(frame: Frame): Arrival {
  try {
    const message = parseFrame(frame);
    return isJsonObject(message)
      ? { kind: 'message', message }
      : { kind: 'refused', reason: 'the message is not an object', salvaged: salvage('') };
  } catch (error) {
    const reason = isCodedError(error) ? error.message : 'not valid JSON';
    return { kind: 'refused', reason, salvaged: salvage(frame.text) };
  }
}

function faultOf(error: unknown): Arrival {
  const reason = isCodedError(error) ? error.message : 'the input cannot be read';
  const text = isCodedError(error) ? error.data['text'] : undefined;
  const lasting = isCodedError(error, 'frame_utf8') || isCodedError(error, 'frame_depth');
  return lasting
    ? { kind: 'refused', reason, salvaged: salvage(typeof text === 'string' ? text : '') }
    : { kind: 'lost', reason };
}
