import { DEPOSITS_KEPT } from '@cl-hive/archon';
import { Datastore } from '@cl-hive/cln-plugin/helpers';
import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  array,
  type Decoded,
  describeError,
  integer,
  isCodedError,
  object,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';

const decodeRecord = object({
  /** `gatekeeper:<content id>:<sha256>` */
  reference: text(300),
  sequence: integer(1),
  bytes: integer(1),
  /** Unix ms. */
  taken_at: integer(0),
  /** URL of the Gatekeeper that took it. */
  gatekeeper: text(2_048),
});

const decode = object({ deposits: array(decodeRecord, DEPOSITS_KEPT) });

/** An archive at a Gatekeeper, as lightningd remembers it: nothing secret. */
export type DepositRecord = Decoded<typeof decodeRecord>;

const KEY = ['deposits'];

/** Faults of what is stored, rather than of asking for it. */
const BROKEN = ['decode', 'json_syntax', 'json_depth', 'json_number', 'datastore_corrupt'];

/** References of the node's archives in lightningd's datastore, which outlives the plugin's database. */
export class DepositRecords {
  readonly #datastore: Datastore;
  readonly #warn: (message: string) => void;

  constructor(rpc: RpcClient, warn: (message: string) => void) {
    this.#datastore = new Datastore(rpc, 'cl-hive-archon');
    this.#warn = warn;
  }

  /** What is remembered, the latest last. Rejects when lightningd does not answer. */
  async list(): Promise<readonly DepositRecord[]> {
    try {
      return this.#read((await this.#datastore.get(KEY))?.bytes);
    } catch (error) {
      if (!isCodedError(error) || !BROKEN.includes(error.code)) {
        throw error;
      }
      this.#warn(
        `the list of deposits in lightningd's datastore is not readable: ${describeError(error)}`,
      );
      return [];
    }
  }

  /** Adds what is not there yet; the latest {@link DEPOSITS_KEPT} stay. */
  async add(more: readonly DepositRecord[]): Promise<void> {
    if (more.length === 0) {
      return;
    }
    const known = await this.list();
    const fresh = more.filter((one) => known.every(({ reference }) => reference !== one.reference));
    if (fresh.length === 0) {
      return;
    }
    await this.#datastore.update(KEY, () => {
      const deposits = [...known, ...fresh]
        .sort((a, b) => a.taken_at - b.taken_at || a.sequence - b.sequence)
        .slice(-DEPOSITS_KEPT);
      return utf8ToBytes(stringifyJson({ deposits }));
    });
  }

  #read(bytes: Uint8Array | undefined): readonly DepositRecord[] {
    return bytes === undefined ? [] : decode(parseJson(bytesToUtf8(bytes) ?? '')).deposits;
  }
}
