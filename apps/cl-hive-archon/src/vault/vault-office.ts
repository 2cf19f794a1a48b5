import path from 'node:path';
import {
  archiveName,
  bodyDigest,
  openArchive,
  statementJson,
  VAULT_FORMAT,
  VaultFolder,
  type VaultOwner,
  vaultError,
  writeArchive,
} from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import { type Cancel, type Clock, describeError, type JsonObject } from '@cl-hive/core';
import {
  clearCopies,
  finishPlan,
  pendingOwners,
  readPlan,
  removeCopy,
} from '@cl-hive/runtime/services';
import type { Store, Transactor } from '@cl-hive/store';
import type { SignStatement } from '../node/statement-signer.ts';
import type { Copies, Copy } from './copies.ts';
import { copyArchive } from './copy-archive.ts';
import type { DepositOffice } from './deposit-office.ts';
import type { DepositTables } from './deposit-tables.ts';
import type { Turn } from './turn.ts';
import type { VaultKeys } from './vault-keys.ts';
import type { VaultTables } from './vault-tables.ts';

/** Why a backup was made. */
export type BackupReason = 'asked' | 'schedule' | 'critical_change';

/** Where an archive goes: into the vault's folder, or from there to a Gatekeeper too. */
export type BackupTarget = 'local' | 'gatekeeper';

/** Tables whose change is worth an archive of its own: who the node is, and who may do what. */
const CRITICAL: readonly string[] = [
  'comms_identity',
  'comms_policy',
  'comms_advisors',
  'comms_grants',
  'comms_tokens',
  'archon_identities',
  'archon_share_sets',
  'did_credentials',
  'hive_members',
  'hive_membership',
];
/** How often the schedule and critical changes are looked at, ms. */
const LOOK_MS = 10 * 60_000;
const STAGING = 'backup';
/** How long the answer to a backup waits for its deposit, ms; it goes on without the wait. */
const DEPOSIT_WAIT_MS = 45_000;

/** What the vault works with. */
export interface VaultOfficeParts {
  readonly store: Store<VaultTables & DepositTables>;
  readonly owner: VaultOwner;
  readonly lightningDir: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly copies: Copies;
  readonly keys: VaultKeys;
  readonly sign: SignStatement;
  /** Where archives go; as the option has it now. */
  readonly folder: () => string | undefined;
  /** How many archives are kept. */
  readonly keep: () => number;
  /** Hours between two archives; 0 for none by themselves. */
  readonly hours: () => number;
  /** The public key that is shared among holders. */
  readonly sharedKey: () => Promise<Uint8Array | undefined>;
  readonly turn: Turn;
  /** Brings archives to Gatekeepers. */
  readonly deposits: DepositOffice;
  /** Whether each archive goes to a Gatekeeper, unless said otherwise. */
  readonly toGatekeeper: () => boolean;
}

/** Archives of all plugins' databases: made, kept and restored. */
export class VaultOffice {
  readonly #parts: VaultOfficeParts;
  #cancelLook: Cancel | undefined;
  #lastProblem: string | undefined;

  constructor(parts: VaultOfficeParts) {
    this.#parts = parts;
  }

  /** Clears away what a crash left, has what was confirmed finished, and begins to look at the schedule. */
  async wake(): Promise<void> {
    const { lightningDir, copies, log, store, deposits } = this.#parts;
    await store.transact(async (tx) => {
      await tx
        .updateTable('archon_backups')
        .set({ state: 'failed', problem: 'the plugin ended while it was made' })
        .where('state', '=', 'begun')
        .execute();
    });
    this.folder().clean();
    if (finishPlan(lightningDir)) {
      log.info('the restore is complete');
    }
    clearCopies(lightningDir);
    for (const owner of pendingOwners(lightningDir)) {
      await copies.suspend(owner).catch((error: unknown) => {
        log.warn(
          `${owner} works on a database that its next start replaces: ${describeError(error)}`,
        );
      });
    }
    await deposits.wake();
    void deposits.run();
    this.#wait();
  }

  /** Stops what runs by itself. */
  idle(): void {
    this.#cancelLook?.();
    this.#parts.deposits.idle();
  }

  /**
   * Makes an archive now. With `gatekeeper` it goes to one too: what keeps it from there is in the answer, and
   * tried again. Throws `vault_busy`, `vault_plugin`, `vault_place`, and faults of the disk.
   */
  async backup(reason: BackupReason, target?: BackupTarget): Promise<JsonObject> {
    const { deposits, toGatekeeper, clock } = this.#parts;
    const to = target ?? (toGatekeeper() ? 'gatekeeper' : 'local');
    const made = await this.#backup(reason, to);
    if (to === 'local') {
      return made;
    }
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(DEPOSIT_WAIT_MS, resolve);
    });
    await Promise.race([deposits.run(true), late]);
    cancel();
    return { ...made, deposit: (await deposits.stateOf(Number(made['sequence']))) ?? null };
  }

  /** Begins what waits to go to a Gatekeeper; says how that stands. */
  async depositNow(): Promise<JsonObject> {
    const { deposits } = this.#parts;
    void deposits.run(true);
    return deposits.view();
  }

  #backup(reason: BackupReason, target: BackupTarget): Promise<JsonObject> {
    return this.#parts.turn.alone('a backup', async () => {
      const sequence = await this.#begin(reason);
      try {
        const done = await this.#archive(sequence, target);
        this.#lastProblem = undefined;
        return done;
      } catch (error) {
        const problem = describeError(error);
        this.#lastProblem = problem;
        await this.#end(sequence, { state: 'failed', problem });
        throw error;
      } finally {
        removeCopy(this.#parts.lightningDir, 'staging', STAGING);
      }
    });
  }

  /** The archives that there are, what was tried, and what is wrong. */
  async view(): Promise<JsonObject> {
    const { store, keys, lightningDir } = this.#parts;
    const rows = await store.reader
      .selectFrom('archon_backups')
      .selectAll()
      .orderBy('sequence', 'desc')
      .limit(20)
      .execute();
    const folder = this.folder();
    const plan = readPlan(lightningDir);
    return {
      folder: folder.folder,
      archives: folder.list().map((one) => ({ ...one })),
      attempts: rows.map(({ critical: _critical, ...row }) => ({ ...row })),
      every_hours: this.#parts.hours(),
      keep: this.#parts.keep(),
      recipient: await keys.recipient(),
      busy: this.#parts.turn.busy ?? null,
      gatekeeper: {
        automatic: this.#parts.toGatekeeper(),
        retention: 'a Gatekeeper deletes nothing: what was put there stays there, encrypted',
        ...(await this.#parts.deposits.view()),
      },
      ...(this.#lastProblem === undefined ? {} : { problem: this.#lastProblem }),
      ...(plan === undefined ? {} : { restore_waits_for: pendingOwners(lightningDir) }),
    };
  }

  /** Copies the newest archive, or makes one, into another folder. */
  async export(to: string): Promise<JsonObject> {
    const { owner, keys } = this.#parts;
    const newest = this.folder().list().at(-1);
    if (newest === undefined) {
      throw vaultError('vault_missing', 'there is no archive yet', 'hive-archon-backup makes one');
    }
    const from = this.folder().file(newest.name);
    const identities = [await keys.identity()];
    await openArchive({ file: from, identities, owner });
    const target = new VaultFolder(to, owner.node).file(newest.name);
    await copyArchive(from, target);
    await openArchive({ file: target, identities, owner });
    return { file: target, bytes: newest.bytes };
  }

  async #archive(sequence: number, target: BackupTarget): Promise<JsonObject> {
    const { copies, keys, owner, sign, sharedKey, deposits } = this.#parts;
    const folder = this.folder();
    const { copies: taken, oneMoment } = await copies.take(STAGING);
    const manifest = await sign('vault', this.#manifest(sequence, taken, oneMoment));
    const name = archiveName(owner.node, sequence);
    const files = taken.map(({ file }) => file);
    const recipients = await keys.recipients(await sharedKey());
    const made = await writeArchive(folder.file(name), manifest, files, recipients);
    await openArchive({ file: folder.file(name), identities: [await keys.identity()], owner });
    const critical = bodyDigest({ digests: await copies.digests(CRITICAL) });
    await this.#end(sequence, { state: 'done', name, ...made, critical }, async (tx) => {
      if (target === 'gatekeeper') {
        await deposits.take(tx, { sequence, name, ...made });
      }
    });
    const removed = folder.retain(this.#parts.keep());
    return {
      archive: name,
      sequence,
      ...made,
      one_moment: oneMoment,
      components: taken.map((copy) => ({ plugin: copy.owner, bytes: copy.bytes })),
      recipients: recipients.length,
      removed,
      manifest: statementJson(manifest)['signature'] ?? null,
    };
  }

  #manifest(sequence: number, copies: readonly Copy[], oneMoment: boolean): JsonObject {
    const { owner, clock, version } = this.#parts;
    return {
      type: 'cl-hive-vault',
      format: VAULT_FORMAT,
      node: owner.node,
      network: owner.network,
      sequence,
      taken_at: clock.now(),
      one_moment: oneMoment ? 1 : 0,
      version,
      components: copies.map(({ owner: name, file: _file, bytes: _bytes, measured, ...copy }) => ({
        name,
        ...measured,
        ...copy,
      })),
    };
  }

  /** Where archives are. Throws `vault_place`. */
  folder(): VaultFolder {
    const { folder, lightningDir, owner } = this.#parts;
    const place = folder() ?? path.join(lightningDir, 'cl-hive-vault', 'archives');
    return new VaultFolder(place, owner.node);
  }

  async #begin(reason: BackupReason): Promise<number> {
    // Archives of before a lost database count too: no name is used twice.
    const inFolder = this.folder().list().at(-1)?.sequence ?? 0;
    const elsewhere = await this.#parts.deposits.lastSequence();
    return this.#parts.store.transact(async (tx) => {
      const { last } = await tx
        .selectFrom('archon_backups')
        .select((eb) => eb.fn.max('sequence').as('last'))
        .executeTakeFirstOrThrow();
      const sequence = Math.max(inFolder, elsewhere, last ?? 0) + 1;
      const empty = { name: '', bytes: 0, sha256: '', critical: '', problem: '' };
      const at_ms = this.#parts.clock.now();
      await tx
        .insertInto('archon_backups')
        .values({ sequence, reason, state: 'begun', at_ms, ...empty })
        .execute();
      return sequence;
    });
  }

  async #end(
    sequence: number,
    change: Partial<VaultTables['archon_backups']>,
    also?: (tx: Transactor<VaultTables & DepositTables>) => Promise<void>,
  ): Promise<void> {
    await this.#parts.store.transact(async (tx) => {
      await tx.updateTable('archon_backups').set(change).where('sequence', '=', sequence).execute();
      await tx
        .deleteFrom('archon_backups')
        .where('sequence', '<', sequence - 1_000)
        .execute();
      await also?.(tx);
    });
  }

  #wait(): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => {
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    try {
      const reason = await this.#due();
      if (reason !== undefined) {
        await this.backup(reason);
      }
    } catch (error) {
      this.#parts.log.warn(`the scheduled backup failed: ${describeError(error)}`);
    }
    void this.#parts.deposits.run();
    this.#wait();
  }

  async #due(): Promise<BackupReason | undefined> {
    const hours = this.#parts.hours();
    if (hours === 0) {
      return undefined;
    }
    const last = await this.#parts.store.reader
      .selectFrom('archon_backups')
      .select(['at_ms', 'critical'])
      .where('state', '=', 'done')
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    const age = this.#parts.clock.now() - (last?.at_ms ?? 0);
    // A clock that was set back makes the last one look as if it were of tomorrow.
    if (last === undefined || age >= hours * 3_600_000 || age < 0) {
      return 'schedule';
    }
    const critical = bodyDigest({ digests: await this.#parts.copies.digests(CRITICAL) });
    return critical === last.critical ? undefined : 'critical_change';
  }
}
