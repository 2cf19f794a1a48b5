import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import {
  isDepositReference,
  openArchive,
  readIdentity,
  type VaultFolder,
  type VaultManifest,
  type VaultOwner,
  vaultError,
} from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import { type Clock, describeError, type JsonObject } from '@cl-hive/core';
import {
  copyFolder,
  pendingOwners,
  readPlan,
  removeCopy,
  writePlan,
} from '@cl-hive/runtime/services';
import type { Owner } from '@cl-hive/store';
import type { Copies, Prepared } from './copies.ts';
import type { Turn } from './turn.ts';
import type { VaultKeys } from './vault-keys.ts';

/** How long the word of a person counts, ms of uptime. */
const CONFIRM_MS = 15 * 60_000;
/** Time for the answer to a confirmed restore to leave before this plugin stops working, ms. */
const ANSWER_MS = 200;

/** What restoring works with. */
export interface RestoreOfficeParts {
  readonly owner: VaultOwner;
  readonly lightningDir: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly copies: Copies;
  readonly keys: VaultKeys;
  readonly turn: Turn;
  readonly folder: () => VaultFolder;
  /** Brings an archive that a reference names back from Gatekeepers, into a new file. */
  readonly fetch: (reference: string, to: string) => Promise<void>;
  /** The secret of the shared key, out of what holders gave back. Throws what says how many are missing. */
  readonly sharedSecret: () => Promise<Uint8Array>;
}

/** What a person asks to be restored. */
export interface RestoreWish {
  /** A name in the vault's folder, a whole path, or `gatekeeper:…`. */
  readonly archive: string;
  readonly components: readonly Owner[] | undefined;
  /** `AGE-SECRET-KEY-1…` of a recipient; undefined: this node's own key. */
  readonly key: string | undefined;
  readonly useShares: boolean;
}

interface PendingRestore {
  readonly id: string;
  readonly code: string;
  readonly at: number;
  readonly prepared: readonly Prepared[];
  readonly older: boolean;
}

/** Archives taken back: planned, confirmed by a person, and carried out at the plugins' next starts. */
export class RestoreOffice {
  readonly #parts: RestoreOfficeParts;
  #pending: PendingRestore | undefined;

  constructor(parts: RestoreOfficeParts) {
    this.#parts = parts;
  }

  /** Reads an archive, has a database made of each component beside the one in use, and says what would be lost. */
  async planRestore(wish: RestoreWish): Promise<JsonObject> {
    return this.#parts.turn.alone('a restore', async () => {
      const { lightningDir, copies, clock } = this.#parts;
      if (readPlan(lightningDir) !== undefined) {
        const waiting = pendingOwners(lightningDir).join(', ');
        throw vaultError(
          'vault_busy',
          `a restore waits for ${waiting}`,
          `stop and start ${waiting}`,
        );
      }
      this.#drop();
      const id = `r${randomBytes(6).toString('hex')}`;
      try {
        const manifest = await this.#open(wish, copyFolder(lightningDir, 'restore', id));
        const names = manifest.components.map(({ name }) => name);
        const prepared: Prepared[] = [];
        for (const owner of names.filter((name) => wish.components?.includes(name) !== false)) {
          const made = await copies.prepare(owner, id);
          const component = manifest.components.find(({ name }) => name === owner);
          if (made.database_id !== component?.database_id) {
            throw vaultError(
              'vault_damaged',
              `${owner} is not what the manifest says`,
              'use another',
            );
          }
          prepared.push(made);
        }
        const code = createHash('sha256')
          .update(JSON.stringify([id, manifest.sequence, prepared]))
          .digest('hex')
          .slice(0, 12);
        const older = prepared.some((one) => one.older);
        this.#pending = { id, code, at: clock.monotonic(), prepared, older };
        return planView(manifest, prepared, older, code);
      } catch (error) {
        removeCopy(lightningDir, 'restore', id);
        throw error;
      }
    });
  }

  /**
   * Decides the restore that was planned: from here on it happens, at each plugin's next start. Throws
   * `vault_changed` for another code, `vault_older` where state would be lost and that is not accepted,
   * `vault_plugin` when a plugin does not stop working: then nothing is decided, and it can be confirmed again.
   */
  async confirmRestore(code: string, acceptLoss: boolean): Promise<JsonObject> {
    return this.#parts.turn.alone('a restore', async () => {
      const { lightningDir, clock, copies, owner, log } = this.#parts;
      const pending = this.#pending;
      if (pending?.code !== code || clock.monotonic() - pending.at > CONFIRM_MS) {
        const remedy = 'plan the restore again and confirm what it says';
        throw vaultError('vault_changed', 'this is not the restore that was planned last', remedy);
      }
      if (pending.older && !acceptLoss) {
        const lost = pending.prepared.flatMap((one) => one.lost);
        const remedy =
          'accept_loss=true where that is meant; what was done since stays done on the node';
        const options = { data: { lost } };
        throw vaultError('vault_older', 'what was written since would be lost', remedy, options);
      }
      const own = 'cl-hive-archon';
      // Before anything is decided: one that works on would lose what it does until its next start.
      for (const { owner: sibling } of pending.prepared.filter((one) => one.owner !== own)) {
        await copies.suspend(sibling);
      }
      this.#pending = undefined;
      const components = pending.prepared.map((one) => ({
        owner: one.owner,
        databaseId: one.database_id,
        generation: one.generation,
      }));
      writePlan(lightningDir, { format: 1, id: pending.id, node: owner.node, components });
      log.warn(`a restore was confirmed; it happens at the next start of ${ownersOf(pending)}`);
      clock.after(ANSWER_MS, () => {
        if (components.some((one) => one.owner === own)) {
          copies.suspend(own).catch((error: unknown) => log.warn(describeError(error)));
        }
      });
      return {
        confirmed: true,
        epochs: components.map((one) => ({ plugin: one.owner, epoch: one.generation })),
        next: `stop and start ${ownersOf(pending)}, or restart lightningd; until then they refuse work`,
      };
    });
  }

  /** Gives a planned restore up. */
  cancelRestore(): JsonObject {
    const had = this.#pending !== undefined;
    this.#drop();
    return { cancelled: had };
  }

  async #open(wish: RestoreWish, into: string): Promise<VaultManifest> {
    const { keys, owner, sharedSecret } = this.#parts;
    const own = wish.key === undefined && !wish.useShares ? [await keys.identity()] : [];
    const given = wish.key === undefined ? [] : [readIdentity(wish.key)];
    const shared = wish.useShares ? [await sharedSecret()] : [];
    const wanted = wish.components === undefined ? {} : { wanted: wish.components };
    const identities = [...own, ...given, ...shared];
    const fetched = path.join(into, 'fetched.age');
    const file = await this.#file(wish.archive, fetched);
    const manifest = await openArchive({ file, identities, owner, into, ...wanted });
    rmSync(fetched, { force: true });
    return manifest;
  }

  async #file(archive: string, fetched: string): Promise<string> {
    if (isDepositReference(archive)) {
      await this.#parts.fetch(archive, fetched);
      return fetched;
    }
    return path.isAbsolute(archive) ? archive : this.#parts.folder().file(archive);
  }

  #drop(): void {
    if (this.#pending !== undefined) {
      removeCopy(this.#parts.lightningDir, 'restore', this.#pending.id);
      this.#pending = undefined;
    }
  }
}

function ownersOf({ prepared }: PendingRestore): string {
  return prepared.map(({ owner }) => owner).join(', ');
}

function planView(
  manifest: VaultManifest,
  prepared: readonly Prepared[],
  older: boolean,
  code: string,
): JsonObject {
  return {
    archive: {
      sequence: manifest.sequence,
      taken_at: manifest.taken_at,
      version: manifest.version,
    },
    one_moment: manifest.one_moment === 1,
    components: prepared.map(({ owner, generation, schema_version, lost, older: back }) => ({
      plugin: owner,
      epoch: generation,
      schema_version,
      older: back,
      lost,
    })),
    older,
    confirm: code,
    next: older
      ? 'what is listed as lost would be: confirm with accept_loss=true only if that is meant'
      : 'nothing would be lost; confirm with this code',
  };
}
