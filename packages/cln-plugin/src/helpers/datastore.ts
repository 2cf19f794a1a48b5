import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import {
  array,
  bytesToHex,
  CodedError,
  hex,
  hexToBytes,
  integer,
  type JsonObject,
  object,
  optional,
  text,
} from '@cl-hive/core';
import { DATASTORE_CAS_ATTEMPTS, DATASTORE_CHUNK_BYTES, DATASTORE_CHUNKS_MAX } from '../limits.ts';

/** Why a datastore operation failed. */
export type DatastoreErrorCode =
  /** Someone else changed the value meanwhile. */
  | 'datastore_conflict'
  /** The value is larger than what belongs there (16 MiB). */
  | 'datastore_too_large'
  /** What is stored was not written by this helper. */
  | 'datastore_corrupt';

/** A stored value with the generation that the next write must name. */
export interface StoredValue {
  readonly bytes: Uint8Array;
  readonly generation: number;
}

/** Already there, not there, or of another generation: someone else was faster. */
const CONFLICTS: readonly number[] = [1202, 1203, 1204];
const HEAD = 'head';
const TOMBSTONE = 0x00;
const INLINE = 0x01;
const CHUNKED = 0x02;
const MAX_BYTES = DATASTORE_CHUNK_BYTES * DATASTORE_CHUNKS_MAX;

const decodeList = object({
  datastore: array(
    object({ key: array(text()), generation: optional(integer(0)), hex: optional(hex()) }),
  ),
});

/**
 * Values in lightningd's datastore under one namespace. Bytes go as hexadecimal (texts with control
 * characters are refused), in pieces of at most 64 KiB (4 MiB crash lightningd), and a removed
 * value leaves a tombstone, so that generations only grow and compare-and-swap cannot be fooled.
 */
export class Datastore {
  readonly #rpc: RpcClient;
  readonly #namespace: readonly string[];

  /** `namespace` is the first part of every key; by convention the plugin's name. */
  constructor(rpc: RpcClient, namespace: string | readonly string[]) {
    this.#rpc = rpc;
    this.#namespace = typeof namespace === 'string' ? [namespace] : namespace;
  }

  /** The value under `key`; undefined when there is none. */
  async get(key: readonly string[]): Promise<StoredValue | undefined> {
    const head = await this.#head(key);
    return head?.bytes === undefined
      ? undefined
      : { bytes: head.bytes, generation: head.generation };
  }

  /** Writes `bytes`, whatever is there. */
  async set(key: readonly string[], bytes: Uint8Array): Promise<void> {
    await this.update(key, () => bytes);
  }

  /** Removes the value, leaving a tombstone. */
  async remove(key: readonly string[]): Promise<void> {
    await this.update(key, () => undefined);
  }

  /**
   * Replaces the value by what `change` makes of it (undefined removes it), again with the newer
   * value when someone else was faster. Rejects with `datastore_conflict` after 16 attempts.
   */
  async update(
    key: readonly string[],
    change: (
      present: Uint8Array | undefined,
    ) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
  ): Promise<void> {
    for (let attempt = 0; attempt < DATASTORE_CAS_ATTEMPTS; attempt += 1) {
      const head = await this.#head(key);
      const next = await change(head?.bytes);
      if (head === undefined && next === undefined) {
        return;
      }
      if (await this.#swap(key, head, next)) {
        return;
      }
    }
    throw new CodedError<DatastoreErrorCode>(
      'datastore_conflict',
      `${this.#path(key).join('/')} changed ${DATASTORE_CAS_ATTEMPTS} times while it was written`,
      { remedy: 'let one task own the key' },
    );
  }

  /** The names directly under `key` that hold a value or lead to one. */
  async list(key: readonly string[] = []): Promise<readonly string[]> {
    const path = this.#path(key);
    const children = await this.#listDatastore(path);
    return children
      .filter((entry) => entry.key.length > path.length)
      .map((entry) => entry.key[path.length] ?? '');
  }

  async #swap(
    key: readonly string[],
    head: Head | undefined,
    next: Uint8Array | undefined,
  ): Promise<boolean> {
    const bytes = next === undefined ? Uint8Array.of(TOMBSTONE) : await this.#encode(key, next);
    const params: JsonObject = {
      key: [...this.#path(key), HEAD],
      hex: bytesToHex(bytes),
      ...(head === undefined
        ? { mode: 'must-create' }
        : { mode: 'must-replace', generation: head.generation }),
    };
    try {
      await this.#rpc.raw('datastore', params);
    } catch (error) {
      if (error instanceof RpcError && CONFLICTS.includes(error.rpcCode)) {
        return false;
      }
      throw error;
    }
    await this.#dropChunks(key, head?.chunks);
    return true;
  }

  /** The head's content: the value itself, or where its chunks are, which are written first. */
  async #encode(key: readonly string[], bytes: Uint8Array): Promise<Uint8Array> {
    if (bytes.length > MAX_BYTES) {
      throw new CodedError<DatastoreErrorCode>(
        'datastore_too_large',
        `${bytes.length} bytes are too many for one value (at most ${MAX_BYTES})`,
        { remedy: 'keep it in a file or a database' },
      );
    }
    if (bytes.length < DATASTORE_CHUNK_BYTES) {
      return Uint8Array.of(INLINE, ...bytes);
    }
    const version = globalThis.crypto.randomUUID();
    const count = Math.ceil(bytes.length / DATASTORE_CHUNK_BYTES);
    for (let index = 0; index < count; index += 1) {
      const start = index * DATASTORE_CHUNK_BYTES;
      await this.#rpc.raw('datastore', {
        key: [...this.#path(key), 'chunks', version, String(index)],
        hex: bytesToHex(bytes.subarray(start, start + DATASTORE_CHUNK_BYTES)),
        mode: 'must-create',
      });
    }
    return Uint8Array.of(CHUNKED, ...new TextEncoder().encode(`${version}:${count}`));
  }

  async #head(key: readonly string[]): Promise<Head | undefined> {
    for (let attempt = 0; attempt < DATASTORE_CAS_ATTEMPTS; attempt += 1) {
      const [entry] = await this.#listDatastore([...this.#path(key), HEAD]);
      if (entry?.hex === undefined) {
        return undefined;
      }
      const head = await this.#decode(key, hexToBytes(entry.hex), entry.generation ?? 0);
      if (head !== undefined) {
        return head;
      }
    }
    throw corrupt(this.#path(key));
  }

  /** Undefined when the chunks are gone because the value was replaced meanwhile. */
  async #decode(
    key: readonly string[],
    content: Uint8Array,
    generation: number,
  ): Promise<Head | undefined> {
    if (content[0] === TOMBSTONE) {
      return { generation, bytes: undefined, chunks: undefined };
    }
    if (content[0] === INLINE) {
      return { generation, bytes: content.slice(1), chunks: undefined };
    }
    const [version, countText] = new TextDecoder().decode(content.subarray(1)).split(':');
    const count = Number(countText);
    if (
      content[0] !== CHUNKED ||
      version === undefined ||
      !(count > 0 && count <= DATASTORE_CHUNKS_MAX)
    ) {
      throw corrupt(this.#path(key));
    }
    const chunks: Chunks = { version, count };
    const bytes = new Uint8Array(count * DATASTORE_CHUNK_BYTES);
    let length = 0;
    for (let index = 0; index < count; index += 1) {
      const [entry] = await this.#listDatastore([
        ...this.#path(key),
        'chunks',
        version,
        String(index),
      ]);
      if (entry?.hex === undefined) {
        return undefined;
      }
      const chunk = hexToBytes(entry.hex);
      bytes.set(chunk, length);
      length += chunk.length;
    }
    return { generation, bytes: bytes.subarray(0, length), chunks };
  }

  /** Removes the chunks of a replaced value; what is left behind after a crash is only waste. */
  async #dropChunks(key: readonly string[], chunks: Chunks | undefined): Promise<void> {
    for (let index = 0; index < (chunks?.count ?? 0); index += 1) {
      try {
        await this.#rpc.raw('deldatastore', {
          key: [...this.#path(key), 'chunks', chunks?.version ?? '', String(index)],
        });
      } catch (error) {
        if (!(error instanceof RpcError)) {
          throw error;
        }
      }
    }
  }

  async #listDatastore(key: readonly string[]) {
    return decodeList(await this.#rpc.raw('listdatastore', { key })).datastore;
  }

  #path(key: readonly string[]): readonly string[] {
    return [...this.#namespace, ...key];
  }
}

interface Chunks {
  readonly version: string;
  readonly count: number;
}

interface Head {
  readonly generation: number;
  /** Undefined for a tombstone. */
  readonly bytes: Uint8Array | undefined;
  readonly chunks: Chunks | undefined;
}

function corrupt(path: readonly string[]): CodedError<DatastoreErrorCode> {
  return new CodedError(
    'datastore_corrupt',
    `${path.join('/')} holds what this plugin did not write`,
    {
      remedy: 'remove it with deldatastore, or choose another namespace',
    },
  );
}
