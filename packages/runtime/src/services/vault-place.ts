import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  array,
  CodedError,
  type Decoded,
  integer,
  nodeIdDecoder,
  object,
  oneOf,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { OWNERS, type Owner, replaceFile, syncPath, translateFileError } from '@cl-hive/store';

/** Why the place of copies and restores cannot be used. */
export type VaultPlaceErrorCode = 'vault_place_unsafe' | 'restore_plan_damaged';

/** The folder, below lightningd's, in which the plugins hand copies of their databases over. */
const FOLDER = 'cl-hive-vault';
/** Longest plan that is read; written ones are below 1,000 bytes. */
const PLAN_BYTES_MAX = 16_384;

/** Names of copies and restores: no path, no hidden file, no option. */
export const SNAPSHOT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

/** The kinds of folders: copies that plugins hand over, and databases that are to be restored. */
export type VaultKind = 'staging' | 'restore';

/** The folder of all copies of a kind; whoever uses it makes it. */
export function kindFolder(lightningDir: string, kind: VaultKind): string {
  return path.join(lightningDir, FOLDER, kind);
}

/**
 * The folder of one copy or restore, made with mode 0700 where it is missing; every part of the way is a
 * folder and no link. Throws `vault_place_unsafe`.
 */
export function copyFolder(lightningDir: string, kind: VaultKind, name: string): string {
  if (!SNAPSHOT_NAME.test(name)) {
    throw unsafe(JSON.stringify(name), 'is no name');
  }
  let folder = lightningDir;
  for (const part of [FOLDER, kind, name]) {
    folder = path.join(folder, part);
    try {
      if (!existsSync(folder)) {
        mkdirSync(folder, { mode: 0o700 });
      }
    } catch (error) {
      throw translateFileError(error, folder);
    }
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw unsafe(folder, 'is no folder');
    }
  }
  return folder;
}

function unsafe(place: string, why: string): Error {
  return new CodedError<VaultPlaceErrorCode>('vault_place_unsafe', `${place} ${why}`, {
    remedy: 'look who put it there, and move it away',
    data: { place },
  });
}

/** Removes a copy or restore. */
export function removeCopy(lightningDir: string, kind: VaultKind, name: string): void {
  rmSync(copyFolder(lightningDir, kind, name), { recursive: true, force: true });
}

/** Removes all copies but those of the plan in force: what a killed process left lies there in clear. */
export function clearCopies(lightningDir: string): void {
  const kept = readPlan(lightningDir)?.id;
  for (const kind of ['staging', 'restore'] as const) {
    const folder = kindFolder(lightningDir, kind);
    for (const entry of existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []) {
      if (entry.isDirectory() && entry.name !== kept) {
        rmSync(path.join(folder, entry.name), { recursive: true, force: true });
      }
    }
  }
}

/** The copy of a plugin's database within its folder. */
export function copyOf(folder: string, owner: Owner): string {
  return path.join(folder, `${owner}.sqlite3`);
}

/** The database that a plugin made of a copy, to take the place of its own. */
export function readyOf(folder: string, owner: Owner): string {
  return path.join(folder, `${owner}.ready.sqlite3`);
}

const decodePlan = object({
  format: integer(1, 1),
  id: text(64),
  node: nodeIdDecoder,
  components: array(
    object({ owner: oneOf<Owner>(...OWNERS), databaseId: text(64), generation: integer(1) }),
    OWNERS.length,
  ),
});

/**
 * What is to be restored: once this is on disk, each plugin that it names takes its new database before
 * it opens any, and works with no other.
 */
export type RestorePlan = Decoded<typeof decodePlan>;

function planFile(lightningDir: string): string {
  return path.join(kindFolder(lightningDir, 'restore'), 'plan.json');
}

/** The plan in force; undefined for none. Throws `restore_plan_damaged`. */
export function readPlan(lightningDir: string): RestorePlan | undefined {
  const file = planFile(lightningDir);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    return undefined;
  }
  try {
    if (!found.isFile() || found.size > PLAN_BYTES_MAX) {
      throw new RangeError('no file of a plan');
    }
    const plan = decodePlan(parseJson(readFileSync(file, 'utf8')));
    if (!SNAPSHOT_NAME.test(plan.id)) {
      throw new RangeError('no name');
    }
    return plan;
  } catch (cause) {
    throw new CodedError<VaultPlaceErrorCode>(
      'restore_plan_damaged',
      `${file}, which says what is to be restored, is damaged`,
      { cause, remedy: 'remove it to go on without the restore, then restore once more' },
    );
  }
}

/** Puts a plan in force, all or nothing: from here on the restore happens. */
export function writePlan(lightningDir: string, plan: RestorePlan): void {
  copyFolder(lightningDir, 'restore', plan.id);
  replaceFile(planFile(lightningDir), `${stringifyJson(plan)}\n`);
}

function doneFile(lightningDir: string, id: string, owner: Owner): string {
  return path.join(copyFolder(lightningDir, 'restore', id), `${owner}.done`);
}

/** Notes that a plugin has its restored database. */
export function markDone(lightningDir: string, id: string, owner: Owner): void {
  replaceFile(doneFile(lightningDir, id, owner), '');
}

/** Whether a plugin has its restored database. */
export function isDone(lightningDir: string, id: string, owner: Owner): boolean {
  return existsSync(doneFile(lightningDir, id, owner));
}

/** Plugins that have not taken their restored databases yet. */
export function pendingOwners(lightningDir: string): readonly Owner[] {
  const plan = readPlan(lightningDir);
  return (plan?.components ?? [])
    .map(({ owner }) => owner)
    .filter((owner) => plan !== undefined && !isDone(lightningDir, plan.id, owner));
}

/** Takes a plan that every plugin has carried out away, and what it was made of. Whether there was one. */
export function finishPlan(lightningDir: string): boolean {
  const plan = readPlan(lightningDir);
  if (plan === undefined || pendingOwners(lightningDir).length > 0) {
    return false;
  }
  rmSync(planFile(lightningDir), { force: true });
  syncPath(kindFolder(lightningDir, 'restore'));
  removeCopy(lightningDir, 'restore', plan.id);
  return true;
}
