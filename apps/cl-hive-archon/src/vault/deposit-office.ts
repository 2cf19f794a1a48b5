import { createHash } from 'node:crypto';
import {
  archivePieces,
  DEPOSIT_ATTEMPTS_MAX,
  DEPOSIT_BYTES_MAX,
  type DepositPiece,
  depositIndex,
  depositReference,
  nextDeposit,
  retryAfterMs,
  type VaultFolder,
} from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import { type Clock, describeError, isCodedError, type JsonObject } from '@cl-hive/core';
import type { Store, Transactor } from '@cl-hive/store';
import type { Gatekeeper } from '../dids/gatekeepers.ts';
import { type DepositGatekeepers, putAndReadBack, sha256Of } from './deposit-place.ts';
import type { DepositRecords } from './deposit-records.ts';
import {
  type DepositRow,
  type DepositTables,
  type DepositTrouble,
  REMEDIES,
} from './deposit-tables.ts';

/** What a {@link DepositOffice} works with. */
export interface DepositOfficeParts {
  readonly store: Store<DepositTables>;
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly gatekeepers: DepositGatekeepers;
  readonly records: Pick<DepositRecords, 'list' | 'add'>;
  readonly folder: () => VaultFolder;
}

/** An archive that is to go to a Gatekeeper. */
export type DepositWish = Pick<DepositRow, 'sequence' | 'name' | 'bytes' | 'sha256'>;

/** What kept a deposit from being made. */
interface Trouble {
  readonly trouble: DepositTrouble;
  readonly reason: string;
  /** Trying again changes nothing. */
  readonly final?: true;
  /** Pieces that are with the Gatekeeper that failed. */
  readonly pieces?: number;
}

/** Deposits that `view` shows. */
const SHOWN = 20;
/** Deposits that stay in the table, as many as attempts at archives. */
const ROWS_KEPT = 1_000;

/**
 * Brings archives to a Gatekeeper, piece by piece: each is put, read back and noted before the next, so that
 * a killed plugin goes on where it was. What is due follows from the tables.
 */
export class DepositOffice {
  readonly #parts: DepositOfficeParts;
  #turn: Promise<unknown> = Promise.resolve();
  /** Monotonic ms before which nothing is tried by itself. */
  #restsUntil = 0;
  #stopped = false;

  constructor(parts: DepositOfficeParts) {
    this.#parts = parts;
  }

  /** Has lightningd remember what is done, which a killed process may have left undone. */
  async wake(): Promise<void> {
    this.#stopped = false;
    const done = await this.#parts.store.reader
      .selectFrom('archon_deposits')
      .selectAll()
      .where('state', '=', 'done')
      .orderBy('sequence', 'desc')
      .limit(SHOWN)
      .execute();
    await this.#parts.records.add(done.map(recordOf));
  }

  /** Ends what is under way after the piece in hand; it goes on after the next wake. */
  idle(): void {
    this.#stopped = true;
  }

  /** Takes an archive on, in the transaction that notes it as made. */
  async take(tx: Transactor<DepositTables>, wish: DepositWish): Promise<void> {
    const none = { gatekeeper: '', index_cid: '', attempts: 0 } as const;
    const large = wish.bytes > DEPOSIT_BYTES_MAX;
    const state = large
      ? ({ state: 'failed', trouble: 'too_large', reason: `it has ${wish.bytes} bytes` } as const)
      : ({ state: 'waiting', trouble: '', reason: '' } as const);
    const row = { ...wish, ...none, ...state, at_ms: this.#parts.clock.now() };
    await tx.insertInto('archon_deposits').values(row).execute();
    await tx
      .deleteFrom('archon_deposits')
      .where('sequence', '<', wish.sequence - ROWS_KEPT)
      .where('state', '!=', 'waiting')
      .execute();
  }

  /** Does what is due; one run after the other. `now`: also what rests after a failure. Never rejects. */
  run(now = false): Promise<void> {
    const turn = this.#turn.then(() => this.#run(now));
    this.#turn = turn;
    return turn;
  }

  /** How an archive's deposit stands. */
  async stateOf(sequence: number): Promise<JsonObject | undefined> {
    return (await this.#rows()).find((row) => row['sequence'] === sequence);
  }

  /** What lightningd remembers, and what was tried. */
  async view(): Promise<JsonObject> {
    const { records } = this.#parts;
    const remembered = await records.list().catch((error: unknown) => describeError(error));
    return { deposits: await this.#rows(), references: remembered };
  }

  /** The highest number that an archive at a Gatekeeper has. */
  async lastSequence(): Promise<number> {
    const known = await this.#parts.records.list();
    return known.reduce((last, { sequence }) => Math.max(last, sequence), 0);
  }

  async #run(now: boolean): Promise<void> {
    const { clock, log } = this.#parts;
    if (this.#stopped || (!now && clock.monotonic() < this.#restsUntil)) {
      return;
    }
    try {
      // Each round ends one deposit, or the loop.
      for (let row = await this.#next(); row !== undefined; row = await this.#next()) {
        const trouble = await this.#deposit(row);
        if (trouble !== undefined) {
          await this.#failed(row, trouble);
        }
        if (this.#stopped || (trouble !== undefined && trouble.final !== true)) {
          return;
        }
      }
    } catch (error) {
      this.#restsUntil = clock.monotonic() + retryAfterMs(1);
      log.warn(`an archive does not get to a Gatekeeper: ${describeError(error)}`);
    }
  }

  async #next(): Promise<DepositRow | undefined> {
    return this.#parts.store.transact(async (tx) => {
      const waiting = await tx
        .selectFrom('archon_deposits as d')
        .leftJoin('archon_deposit_pieces as p', 'p.sequence', 'd.sequence')
        .where('d.state', '=', 'waiting')
        .groupBy('d.sequence')
        .select((eb) => ['d.sequence as sequence', eb.fn.count<number>('p.idx').as('pieces')])
        .execute();
      const { next, superseded } = nextDeposit(waiting);
      if (superseded.length > 0) {
        await tx
          .updateTable('archon_deposits')
          .set({ state: 'failed', trouble: 'superseded', reason: 'a newer archive goes instead' })
          .where('sequence', 'in', superseded)
          .execute();
        await tx.deleteFrom('archon_deposit_pieces').where('sequence', 'in', superseded).execute();
      }
      return next === undefined
        ? undefined
        : tx
            .selectFrom('archon_deposits')
            .selectAll()
            .where('sequence', '=', next)
            .executeTakeFirst();
    });
  }

  /** What kept it from being made; undefined once it is. */
  async #deposit(row: DepositRow): Promise<Trouble | undefined> {
    const { gatekeepers } = this.#parts;
    const available = gatekeepers.available();
    const begun = available.find(({ name }) => name === row.gatekeeper);
    // What was begun goes on where it is, unless that one fails again and again.
    const order =
      row.attempts < DEPOSIT_ATTEMPTS_MAX
        ? [...(begun === undefined ? [] : [begun]), ...available.filter((one) => one !== begun)]
        : [...available.filter((one) => one !== begun), ...(begun === undefined ? [] : [begun])];
    let last: Trouble | undefined = gatekeepers.silence();
    for (const gatekeeper of order) {
      last = await this.#depositAt(row, gatekeeper);
      const stays = (last?.pieces ?? 0) > 0 && row.attempts < DEPOSIT_ATTEMPTS_MAX;
      if (last === undefined || last.final === true || stays || this.#stopped) {
        return last;
      }
    }
    return last;
  }

  async #depositAt(row: DepositRow, gatekeeper: Gatekeeper): Promise<Trouble | undefined> {
    const { folder } = this.#parts;
    const pieces = await this.#begin(row, gatekeeper.name);
    const all = createHash('sha256');
    let index = 0;
    try {
      for await (const bytes of archivePieces(folder().file(row.name))) {
        all.update(bytes);
        const known = pieces[index];
        if (known === undefined) {
          const trouble = await this.#piece(row, gatekeeper, index, bytes, pieces);
          if (trouble !== undefined) {
            return { ...trouble, pieces: pieces.length };
          }
        } else if (known.sha256 !== sha256Of(bytes)) {
          return changed();
        }
        index += 1;
      }
    } catch (error) {
      const gone = isCodedError(error, 'vault_missing') || isCodedError(error, 'vault_place');
      return gone
        ? { trouble: 'archive_gone', reason: describeError(error), final: true }
        : { trouble: 'fault', reason: describeError(error) };
    }
    return all.digest('hex') === row.sha256 ? this.#finish(row, gatekeeper, pieces) : changed();
  }

  /** The pieces that are there already; none where another Gatekeeper has them. */
  async #begin({ sequence }: DepositRow, gatekeeper: string): Promise<DepositPiece[]> {
    return this.#parts.store.transact(async (tx) => {
      const { gatekeeper: at } = await tx
        .selectFrom('archon_deposits')
        .select('gatekeeper')
        .where('sequence', '=', sequence)
        .executeTakeFirstOrThrow();
      if (at !== gatekeeper) {
        await forget(tx, sequence);
        await change(tx, sequence, { gatekeeper });
      }
      const known = await tx
        .selectFrom('archon_deposit_pieces')
        .select(['cid', 'sha256', 'length'])
        .where('sequence', '=', sequence)
        .orderBy('idx')
        .execute();
      return known;
    });
  }

  async #piece(
    { sequence }: DepositRow,
    gatekeeper: Gatekeeper,
    idx: number,
    bytes: Uint8Array,
    pieces: DepositPiece[],
  ): Promise<Trouble | undefined> {
    if (this.#stopped) {
      return { trouble: 'fault', reason: 'the plugin idles; it goes on afterwards' };
    }
    const put = await putAndReadBack(this.#parts.gatekeepers, gatekeeper, bytes);
    if (!put.ok) {
      return put;
    }
    const piece = { cid: put.cid, sha256: put.sha256, length: bytes.length };
    await this.#parts.store.transact(async (tx) => {
      const row = { sequence, idx, ...piece };
      await tx.insertInto('archon_deposit_pieces').values(row).execute();
      await change(tx, sequence, { attempts: 0, trouble: '', reason: '' });
    });
    pieces.push(piece);
    return undefined;
  }

  async #finish(
    row: DepositRow,
    gatekeeper: Gatekeeper,
    pieces: readonly DepositPiece[],
  ): Promise<Trouble | undefined> {
    const { gatekeepers, store, records, log } = this.#parts;
    const index = depositIndex({ ...row, pieces });
    const put = await putAndReadBack(gatekeepers, gatekeeper, index);
    if (!put.ok) {
      return { ...put, pieces: pieces.length };
    }
    const done = {
      index_cid: put.cid,
      state: 'done',
      attempts: 0,
      trouble: '',
      reason: '',
    } as const;
    await store.transact(async (tx) => {
      await change(tx, row.sequence, done);
      await forget(tx, row.sequence);
    });
    const record = recordOf({ ...row, ...done, gatekeeper: gatekeeper.name });
    log.info(`${row.name} is at ${gatekeeper.name} as ${record.reference}`);
    try {
      await records.add([record]);
    } catch (error) {
      // The next wake does it; until then the database knows.
      log.warn(`lightningd does not remember ${record.reference}: ${describeError(error)}`);
    }
    this.#restsUntil = 0;
    return undefined;
  }

  async #failed({ sequence, name }: DepositRow, failure: Trouble): Promise<void> {
    const { trouble, reason, final } = failure;
    const { store, clock, log } = this.#parts;
    if (this.#stopped) {
      return;
    }
    const attempts = await store.transact(async (tx) => {
      const row = await tx
        .selectFrom('archon_deposits')
        .select(['attempts', 'trouble'])
        .where('sequence', '=', sequence)
        .executeTakeFirstOrThrow();
      const next = { attempts: row.attempts + 1, trouble, reason };
      if (final === true) {
        await forget(tx, sequence);
      }
      await change(tx, sequence, { ...next, ...(final === true ? { state: 'failed' } : {}) });
      // A trouble is told once, not at each attempt.
      tx.onCommit(() => {
        if (row.trouble !== trouble) {
          log.warn(`${name} is not at a Gatekeeper: ${reason}; ${REMEDIES[trouble]}`);
        }
      });
      return next.attempts;
    });
    this.#restsUntil = final === true ? 0 : clock.monotonic() + retryAfterMs(attempts);
  }

  async #rows(): Promise<readonly JsonObject[]> {
    const { reader } = this.#parts.store;
    const rows = await reader
      .selectFrom('archon_deposits')
      .selectAll()
      .orderBy('sequence', 'desc')
      .limit(SHOWN)
      .execute();
    const counts = await reader
      .selectFrom('archon_deposit_pieces')
      .groupBy('sequence')
      .select((eb) => ['sequence', eb.fn.countAll<number>().as('pieces')])
      .execute();
    return rows.map((row) => {
      const { name, state, gatekeeper, trouble, reason, attempts, sequence, at_ms } = row;
      const there = counts.find((one) => one.sequence === sequence)?.pieces ?? 0;
      return {
        sequence,
        archive: name,
        at_ms,
        state,
        ...(gatekeeper === '' ? {} : { gatekeeper }),
        ...(state === 'done' ? { reference: recordOf(row).reference } : {}),
        ...(state === 'waiting' ? { pieces: there, attempts } : {}),
        ...(trouble === '' ? {} : { trouble, reason, remedy: REMEDIES[trouble] }),
      };
    });
  }
}

function changed(): Trouble {
  const reason = 'the archive is not what it was when it was made';
  return { trouble: 'archive_gone', reason, final: true };
}

function recordOf(row: DepositRow) {
  const { sequence, bytes, gatekeeper, at_ms: taken_at, index_cid: index, sha256 } = row;
  return { reference: depositReference({ index, sha256 }), sequence, bytes, taken_at, gatekeeper };
}

async function change(
  tx: Transactor<DepositTables>,
  sequence: number,
  values: Partial<DepositRow>,
): Promise<void> {
  await tx.updateTable('archon_deposits').set(values).where('sequence', '=', sequence).execute();
}

async function forget(tx: Transactor<DepositTables>, sequence: number): Promise<void> {
  await tx.deleteFrom('archon_deposit_pieces').where('sequence', '=', sequence).execute();
}
