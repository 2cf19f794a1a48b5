import { isWireObject, parseWireJson, pythonJson, type WireObject } from '@cl-hive/protocol';

/** A payload as text that keeps what its signature covers: floats, great integers, order. */
export function writePayload(raw: WireObject): string {
  return pythonJson(raw, { sortKeys: false });
}

/** Reads what {@link writePayload} wrote. Throws TypeError on anything else. */
export function readPayload(text: string): WireObject {
  const value = parseWireJson(text);
  if (!isWireObject(value)) {
    throw new TypeError('the stored payload is no object');
  }
  return value;
}
