import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** The programs that a fleet on real lightningd runs or that lightningd calls. */
export const REAL_BINARIES = ['lightningd', 'lightning-cli', 'bitcoind', 'bitcoin-cli'] as const;

/** Absolute paths of {@link REAL_BINARIES}. */
export type RealBinaries = Readonly<Record<(typeof REAL_BINARIES)[number], string>>;

/** What was found on the PATH; `message` says in one line what is missing and how to get it. */
export type BinarySearch =
  | { readonly kind: 'found'; readonly paths: RealBinaries }
  | { readonly kind: 'missing'; readonly names: readonly string[]; readonly message: string };

/** Looks for Core Lightning and Bitcoin Core in the folders of `searchPath` (as in `$PATH`). */
export function findBinaries(searchPath: string): BinarySearch {
  const dirs = searchPath.split(path.delimiter).filter((dir) => path.isAbsolute(dir));
  const found = REAL_BINARIES.map((name) => [name, findIn(dirs, name)] as const);
  const names = found.filter(([, file]) => file === undefined).map(([name]) => name);
  if (names.length === 0) {
    return { kind: 'found', paths: Object.fromEntries(found) as RealBinaries };
  }
  return {
    kind: 'missing',
    names,
    message: `Not on the PATH: ${names.join(', ')}. Get Core Lightning from https://github.com/ElementsProject/lightning/releases and Bitcoin Core from https://bitcoincore.org/en/download, and put their programs on the PATH.`,
  };
}

function findIn(dirs: readonly string[], name: string): string | undefined {
  return dirs.map((dir) => path.join(dir, name)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
