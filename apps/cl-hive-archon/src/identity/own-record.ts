import { CHAIN_OPERATIONS_MAX, type DidEvent, readEvent } from '@cl-hive/archon';
import { Datastore } from '@cl-hive/cln-plugin/helpers';
import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  array,
  describeError,
  integer,
  isCodedError,
  object,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';

/** What lightningd remembers of the node's identity beside the plugin's database: nothing secret. */
export interface OwnRecord {
  readonly number: number;
  readonly events: readonly DidEvent[];
}

const decode = object({
  number: integer(1),
  events: array(readEvent, CHAIN_OPERATIONS_MAX),
});

const KEY = ['identity'];

/** The copy of the node's own operations in lightningd's datastore, which outlives the plugin's database. */
export class OwnRecords {
  readonly #datastore: Datastore;
  readonly #warn: (message: string) => void;

  constructor(rpc: RpcClient, warn: (message: string) => void) {
    this.#datastore = new Datastore(rpc, 'cl-hive-archon');
    this.#warn = warn;
  }

  /** The stored copy; undefined when there is none that can be read. Rejects when lightningd does not answer. */
  async load(): Promise<OwnRecord | undefined> {
    try {
      const stored = await this.#datastore.get(KEY);
      return stored && decode(parseJson(bytesToUtf8(stored.bytes) ?? ''));
    } catch (error) {
      // Only what is there and broken counts as none: who cannot be asked may have a copy.
      const broken = ['decode', 'json_syntax', 'json_depth', 'json_number', 'datastore_corrupt'];
      if (!isCodedError(error) || !broken.includes(error.code)) {
        throw error;
      }
      this.#warn(`the identity in lightningd's datastore is not readable: ${describeError(error)}`);
      return undefined;
    }
  }

  /** Stores a copy where it differs from what is there. */
  async save({ number, events }: OwnRecord): Promise<void> {
    const text = stringifyJson({
      number,
      events: events.map(({ registry, time, operation }) => ({
        registry,
        time,
        operation: operation.json,
      })),
    });
    await this.#datastore.update(KEY, () => utf8ToBytes(text));
  }
}
