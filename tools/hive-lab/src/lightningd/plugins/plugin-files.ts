import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A name that lightningd takes for a plugin's in a folder: no punctuation but `- _ .`. */
const PLUGIN_NAME = /^(?:[-_.]|[^!-/:-@[-`{-~])*$/u;

/** The canonical path of a plugin, or undefined when there is no such file. */
export function canonicalPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** What tells a changed entry file from an unchanged one (lightningd takes its CRC). */
export function fileChecksum(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return '';
  }
}

/** Why a file cannot be executed, in the words of `strerror`; undefined when it can. */
export function executeFault(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    switch (code) {
      case 'ENOENT':
        return 'No such file or directory';
      case 'ENOTDIR':
        return 'Not a directory';
      default:
        return 'Permission denied';
    }
  }
}

/** The files of a folder that lightningd starts as plugins. Throws when it cannot be read. */
export function pluginsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => PLUGIN_NAME.test(name) && name !== 'README.md')
    .map((name) => join(folder, name))
    .filter(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() && (stats.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** The plugins of a default plugin folder: its own and those of its immediate subfolders. */
export function defaultPlugins(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const inSubfolders = names.flatMap((name) => {
    try {
      return pluginsIn(join(folder, name));
    } catch {
      return [];
    }
  });
  return [...pluginsIn(folder), ...inSubfolders];
}
