import { HOOK_DECODERS, HOOK_REPLY_CHECKS, NOTIFICATION_DECODERS } from '@cl-hive/cln-rpc';
import { DecodeError, type Decoder, isJsonObject } from '@cl-hive/core';

type Table = Readonly<Record<string, Decoder<unknown>>>;

/** Decoders of lightningd's hook payloads by hook name. */
export const hookDecoders: Table = HOOK_DECODERS;

/** Decoders of lightningd's notifications by topic. */
export const notificationDecoders: Table = NOTIFICATION_DECODERS;

/** `psbt\xff` in base64: lightningd aborts on a text that is no PSBT at all. */
const PSBT_MAGIC = 'cHNidP';

/** Checks an answer as it goes on the wire. Throws DecodeError for what would abort lightningd. */
export function checkHookReply(name: string, reply: unknown): void {
  const checks: Table = HOOK_REPLY_CHECKS;
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  if (check === undefined) {
    throw new DecodeError('the answer of a known hook', reply);
  }
  check(reply);
  const psbt = isJsonObject(reply) ? reply['psbt'] : undefined;
  if (psbt !== undefined && !(typeof psbt === 'string' && psbt.startsWith(PSBT_MAGIC))) {
    throw new DecodeError('a PSBT in base64', psbt).under('psbt');
  }
}
