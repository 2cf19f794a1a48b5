import {
  type AnyKnownHiveMessage,
  decodeHiveMessage,
  encodeHiveMessage,
  encodePayload,
} from '../hive-message.ts';
import type { HivePayload } from '../message-shapes.ts';
import type { HiveMessageName } from '../message-types.ts';
import { signatureClaims } from '../signature-claims.ts';
import { signMessage } from '../signatures.ts';
import { isWireObject, type WireObject, type WireValue } from '../wire-value.ts';
import { SAMPLES } from './sample-payloads.ts';
import { ALICE, ALICE_KEY, BOB_KEY } from './sample-values.ts';

function fromRaw(name: HiveMessageName, raw: WireObject): AnyKnownHiveMessage {
  const result = decodeHiveMessage(encodeHiveMessage(name, raw));
  if (!result.ok || result.value.kind !== 'known') {
    throw new TypeError(`the sample of ${name} is no message`);
  }
  return result.value;
}

/** `root` with `value` at `path`. */
export function put(root: WireValue, path: readonly string[], value: WireValue): WireValue {
  const [key = '', ...rest] = path;
  if (path.length === 0) {
    return value;
  }
  if (Array.isArray(root)) {
    return root.map((entry: WireValue, index) =>
      String(index) === key ? put(entry, rest, value) : entry,
    );
  }
  return isWireObject(root) ? { ...root, [key]: put(root[key] ?? null, rest, value) } : root;
}

/** The sample of `name`, every claim signed by its signer's key in the form that `form` gives. */
export function signedSample(
  name: HiveMessageName,
  form: (text: string) => string,
): AnyKnownHiveMessage {
  const unsigned = fromRaw(name, encodePayload(name, SAMPLES[name] as HivePayload<'HELLO'>));
  let raw: WireValue = unsigned.raw;
  for (const { path, texts, signer } of signatureClaims(unsigned)) {
    const { zbase } = signMessage(form(texts[0] ?? ''), signer === ALICE ? ALICE_KEY : BOB_KEY);
    raw = put(raw, path.split('.'), zbase);
  }
  return fromRaw(name, raw as WireObject);
}
