import type { JsonObject, JsonValue } from '@cl-hive/core';
import { parseJson, stringifyJson } from '@cl-hive/core';

/** Encrypts what lies in the database; a value opens only in the `context` it was sealed for. */
export interface Sealer {
  seal(secret: Uint8Array, context: string): Uint8Array;
  /** Throws on another context, another key, or a changed byte. */
  unseal(sealed: Uint8Array, context: string): Uint8Array;
}

/** Seals a JSON document. */
export function sealJson(sealer: Sealer, document: JsonObject, context: string): Uint8Array {
  return sealer.seal(new TextEncoder().encode(stringifyJson(document)), context);
}

/** Opens what {@link sealJson} made. */
export function unsealJson(sealer: Sealer, sealed: Uint8Array, context: string): JsonValue {
  return parseJson(new TextDecoder().decode(sealer.unseal(sealed, context)));
}
