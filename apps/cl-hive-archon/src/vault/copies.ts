import { type MeasuredFile, measureFile, vaultError } from '@cl-hive/archon';
import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import {
  anyJson,
  array,
  boolean,
  type Decoded,
  describeError,
  hex,
  integer,
  isJsonObject,
  type JsonObject,
  object,
  oneOf,
  text,
} from '@cl-hive/core';
import { OWNERS, type Owner } from '@cl-hive/store';

/** By which method each plugin hands its database over. */
const METHODS: Readonly<Record<Owner, string>> = {
  'cl-hive-comms': 'hive-comms-snapshot',
  'cl-hive-archon': 'hive-archon-snapshot',
  'cl-hive': 'hive-snapshot',
};

/** A plugin copies its whole database within this time, ms: hundreds of megabytes on a slow disk. */
const COPY_MS = 10 * 60_000;
const CALL_MS = 30_000;
/** How often a moment that all databases share is tried to be had before each is taken for itself. */
const MOMENT_ATTEMPTS = 3;
/** The vault's own books: what leads to a restore is not what it would lose. */
const OWN_BOOKS: readonly string[] = [
  'archon_backups',
  'archon_deposits',
  'archon_deposit_pieces',
  'archon_own_requests',
  'archon_returned_shares',
];
/** lightningd: no such method. */
const UNKNOWN = -32601;

const table = object({ name: text(128), rows: integer(0), digest: hex(32) });

const decodeCopy = object({
  owner: oneOf<Owner>(...OWNERS),
  file: text(4096),
  bytes: integer(1),
  database_id: text(64),
  generation: integer(0),
  schema_version: integer(0),
  taken_at: integer(0),
  tables: array(table, 1_000),
});

const decodePrepared = object({
  owner: oneOf<Owner>(...OWNERS),
  database_id: text(64),
  generation: integer(1),
  schema_version: integer(0),
  older: boolean,
  lost: array(
    object({ table: text(128), rows_now: integer(0), rows_in_backup: integer(0) }),
    1_000,
  ),
  live: anyJson,
});

function isTable(input: unknown): input is Decoded<typeof table> {
  try {
    table(input);
    return true;
  } catch {
    return false;
  }
}

/** A copy of a plugin's database, with what its rows are. */
export type Copy = Decoded<typeof decodeCopy> & { readonly measured: MeasuredFile };

/** A database that a plugin made of a backup, beside the one in use. */
export type Prepared = Decoded<typeof decodePrepared>;

/** The copies of all plugins that run on this node. */
export class Copies {
  readonly #rpc: Pick<RpcClient, 'raw'>;

  constructor(rpc: Pick<RpcClient, 'raw'>) {
    this.#rpc = rpc;
  }

  /** Copies of one moment where that can be had. Throws `vault_plugin`. */
  async take(
    name: string,
  ): Promise<{ readonly copies: readonly Copy[]; readonly oneMoment: boolean }> {
    let owners: readonly Owner[] = OWNERS;
    let oneMoment = false;
    for (let attempt = 0; attempt < MOMENT_ATTEMPTS && !oneMoment; attempt += 1) {
      const held = await Promise.all(
        owners.map(async (owner) =>
          (await this.#call(owner, 'hold')) === undefined ? [] : [owner],
        ),
      );
      owners = held.flat();
      const released = await Promise.all(owners.map((owner) => this.#call(owner, 'release')));
      oneMoment = released.every((answer) => answer?.['held'] === true);
    }
    const copies: Copy[] = [];
    for (const owner of owners) {
      const answer = await this.#call(owner, 'write', { name }, COPY_MS);
      const copy = decodeCopy(answer);
      const measured = await measureFile(copy.file);
      if (measured.bytes !== copy.bytes || copy.owner !== owner) {
        throw vaultError('vault_plugin', `the copy of ${owner} changed`, 'try again');
      }
      copies.push({ ...copy, measured });
    }
    return { copies, oneMoment };
  }

  /** Digests of the named tables, of all plugins that answer. */
  async digests(names: readonly string[]): Promise<string> {
    const parts = await Promise.all(
      OWNERS.map(async (owner) => {
        const answer = await this.#call(owner, 'state', { tables: names }).catch(() => undefined);
        const tables = Array.isArray(answer?.['tables']) ? answer['tables'] : [];
        return tables.flatMap((one: unknown) => (isTable(one) ? [one.digest] : []));
      }),
    );
    return parts.flat().join('\n');
  }

  /** Has a plugin make a database of a copy, beside its own. Throws `vault_plugin`. */
  async prepare(owner: Owner, id: string): Promise<Prepared> {
    const answer = await this.#call(owner, 'prepare', { name: id }, COPY_MS);
    if (answer === undefined) {
      const remedy = `start ${owner}, or leave it out with components`;
      throw vaultError('vault_plugin', `${owner} does not run, so it takes no database`, remedy);
    }
    const prepared = decodePrepared(answer);
    const lost = prepared.lost.filter(({ table: name }) => !OWN_BOOKS.includes(name));
    return { ...prepared, lost, older: lost.length > 0 };
  }

  /**
   * Has a plugin stop working until it is started with its restored database; one that is gone does already.
   * Throws `vault_plugin` when it works on: what it does from then on would be lost with its old database.
   */
  async suspend(owner: Owner): Promise<void> {
    await this.#call(owner, 'suspend');
  }

  async #call(
    owner: Owner,
    action: string,
    more: JsonObject = {},
    timeoutMs = CALL_MS,
  ): Promise<JsonObject | undefined> {
    try {
      const answer = await this.#rpc.raw(METHODS[owner], { action, ...more }, { timeoutMs });
      return isJsonObject(answer) ? answer : {};
    } catch (error) {
      if (error instanceof RpcError && error.rpcCode === UNKNOWN) {
        return undefined;
      }
      const detail = error instanceof RpcError && isJsonObject(error.rpcData) ? error.rpcData : {};
      const said = detail['remedy'];
      const remedy = typeof said === 'string' ? said : `look at the status of ${owner}`;
      const options = { cause: error, data: { plugin: owner, code: detail['code'] ?? null } };
      throw vaultError('vault_plugin', `${owner}: ${describeError(error)}`, remedy, options);
    }
  }
}
