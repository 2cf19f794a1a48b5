import { lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { compareCodeUnits, type NodeId } from '@cl-hive/core';
import { FOLDER_NAMES_MAX } from './limits.ts';
import { safeFolder, vaultName } from './names.ts';

const ARCHIVE = /^vault-([0-9a-f]{12})-(\d{8})\.age$/;

/** The name of a node's archive: by its number, so that names sort as archives were made. */
export function archiveName(node: NodeId, sequence: number): string {
  return `vault-${node.slice(0, 12)}-${String(sequence).padStart(8, '0')}.age`;
}

/** The number in an archive's name; undefined for other names and other nodes' archives. */
export function sequenceOf(name: string, node: NodeId): number | undefined {
  const match = ARCHIVE.exec(name);
  return match?.[1] === node.slice(0, 12) ? Number(match[2]) : undefined;
}

/** A node's archives in a folder of this machine. */
export class VaultFolder {
  readonly #node: NodeId;
  readonly folder: string;

  /** Throws `vault_place` for a folder that is not safe to write to. */
  constructor(folder: string, node: NodeId) {
    this.folder = safeFolder(folder);
    this.#node = node;
  }

  /** The path of an archive. Throws `vault_name`. */
  file(name: string): string {
    return path.join(this.folder, vaultName(name));
  }

  /** The node's archives, oldest first. */
  list(): readonly { readonly name: string; readonly sequence: number; readonly bytes: number }[] {
    return readdirSync(this.folder)
      .slice(0, FOLDER_NAMES_MAX)
      .flatMap((name) => {
        const sequence = sequenceOf(name, this.#node);
        const found = lstatSync(path.join(this.folder, name), { throwIfNoEntry: false });
        return sequence === undefined || found?.isFile() !== true
          ? []
          : [{ name, sequence, bytes: found.size }];
      })
      .sort((a, b) => compareCodeUnits(a.name, b.name));
  }

  /** Removes what a killed process left of an archive in the making. */
  clean(): void {
    const start = `vault-${this.#node.slice(0, 12)}-`;
    for (const name of readdirSync(this.folder).slice(0, FOLDER_NAMES_MAX)) {
      if (name.startsWith(start) && /\.age\.draft-[0-9a-f]+$/.test(name)) {
        rmSync(path.join(this.folder, name), { force: true });
      }
    }
  }

  /** Removes all but the newest `keep` archives. Gives the names of those that went. */
  retain(keep: number): readonly string[] {
    const all = this.list();
    const gone = all.slice(0, Math.max(0, all.length - Math.max(1, keep))).map(({ name }) => name);
    for (const name of gone) {
      rmSync(this.file(name), { force: true });
    }
    return gone;
  }
}
