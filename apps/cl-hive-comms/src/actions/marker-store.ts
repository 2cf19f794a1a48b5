import { datastore, deldatastore, listdatastore, type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { bytesToHex, hexToBytes, isJsonObject, type JsonObject, parseJson } from '@cl-hive/core';
import { canonicalText, utf8ToBytes } from '@cl-hive/protocol';
import { ASK_MS } from './limits.ts';

/** Where the values of cl-hive-comms stand in lightningd's datastore. */
const ROOT = 'cl-hive-comms';

const ALREADY_THERE = 1202;
const NOT_THERE: ReadonlySet<number> = new Set([1200, 1201, 1203]);

/** A value of cl-hive-comms in lightningd's datastore; undefined when there is none. */
export async function readValue(
  rpc: RpcClient,
  key: readonly string[],
): Promise<JsonObject | undefined> {
  const path = [ROOT, ...key];
  const { datastore: rows } = await rpc.call(listdatastore, { key: path }, { timeoutMs: ASK_MS });
  const hex = rows.find((row) => row.key.length === path.length)?.hex;
  const value =
    hex === undefined ? undefined : parseJson(new TextDecoder().decode(hexToBytes(hex)));
  return isJsonObject(value) ? value : undefined;
}

/** Stores a value; with `mode` must-create, false when there is one already. */
export async function writeValue(
  rpc: RpcClient,
  key: readonly string[],
  value: JsonObject,
  mode: 'must-create' | 'create-or-replace' = 'create-or-replace',
): Promise<boolean> {
  const hex = bytesToHex(utf8ToBytes(canonicalText(value)));
  try {
    await rpc.call(datastore, { key: [ROOT, ...key], hex, mode }, { timeoutMs: ASK_MS });
    return true;
  } catch (error) {
    if (error instanceof RpcError && error.rpcCode === ALREADY_THERE) {
      return false;
    }
    throw error;
  }
}

/** Removes a value; one that is not there is no fault. */
export async function removeValue(rpc: RpcClient, key: readonly string[]): Promise<void> {
  try {
    await rpc.call(deldatastore, { key: [ROOT, ...key] }, { timeoutMs: ASK_MS });
  } catch (error) {
    if (!(error instanceof RpcError && NOT_THERE.has(error.rpcCode))) {
      throw error;
    }
  }
}

/**
 * What was stored in lightningd right before an effect was tried, under its effect key. It shares
 * lightningd's database with the effect: when there is none, nothing was ever tried.
 */
export class MarkerStore {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  read(key: string): Promise<JsonObject | undefined> {
    return readValue(this.#rpc, ['effects', key]);
  }

  /** False when there is one: then it was tried before. */
  create(key: string, marker: JsonObject): Promise<boolean> {
    return writeValue(this.#rpc, ['effects', key], marker, 'must-create');
  }

  remove(key: string): Promise<void> {
    return removeValue(this.#rpc, ['effects', key]);
  }

  /** The effect keys that have one. */
  async keys(): Promise<readonly string[]> {
    const key = [ROOT, 'effects'];
    const { datastore: rows } = await this.#rpc.call(listdatastore, { key }, { timeoutMs: ASK_MS });
    return rows.flatMap((row) => row.key.slice(2, 3));
  }
}
