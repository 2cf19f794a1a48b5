import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '@cl-hive/core';
import { findBinaries } from '@cl-hive/hive-lab';
import { ACCEPTABLE, decodeGatesConfig, type GatesConfig } from '@cl-hive/readiness';
import { examineSubject } from '../builds.ts';
import { readYaml } from '../files.ts';
import { headCommit } from '../git.ts';
import { keySigner, nodeSigner, type Signer } from '../keys.ts';
import { foldersOf, type NodeLog, type Setting } from '../setting.ts';
import type { Around } from './around.ts';

/** A command line that cannot be carried out. */
export class UsageError extends CodedError<'usage'> {
  constructor(message: string, remedy?: string) {
    super('usage', message, remedy === undefined ? {} : { remedy });
  }
}

/** Options that name the repository and what is handed in. */
export interface WhereOptions {
  readonly root?: string;
  readonly dist?: string;
  readonly gates?: string;
  readonly tests?: string;
  readonly runTests?: true;
  readonly advisories?: string;
  readonly nodeLog?: readonly string[];
  readonly monolith?: string;
  readonly lightningd?: string;
  readonly fresh?: true;
}

/** The repository that a command is about: `--root`, or the folder or one above it with docs/gates. */
export function findRoot(cwd: string, given: string | undefined): string {
  if (given !== undefined) {
    return path.resolve(cwd, given);
  }
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'docs/gates/gates.yaml'))) {
      return folder;
    }
    if (folder === path.dirname(folder)) {
      throw new UsageError('no docs/gates/gates.yaml here or above', 'name the repository: --root');
    }
  }
}

/** Reads gates.yaml. Throws CodedError `gates_config`. */
export function readConfig(gates: string): GatesConfig {
  return decodeGatesConfig(readYaml(path.join(gates, 'gates.yaml')), ACCEPTABLE);
}

/** What a check works with, from the command line. */
export function settingOf(options: WhereOptions, around: Around): Setting {
  const { cwd } = around;
  const root = findRoot(cwd, options.root);
  const folders = foldersOf(root);
  const from = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : path.resolve(cwd, file);
  const handed = (option: string, file: string | undefined): string | undefined => {
    const place = from(file);
    if (place !== undefined && !existsSync(place)) {
      throw new UsageError(`${option}: there is no ${place}`, 'look at the path');
    }
    return place;
  };
  const dist = from(options.dist) ?? folders.dist;
  const gates = from(options.gates) ?? folders.gates;
  const commit = headCommit(root);
  if (commit === undefined) {
    throw new UsageError(`${root} is no git repository with a commit`, 'name it with --root');
  }
  return {
    ...folders,
    root,
    dist,
    gates,
    cache: options.fresh === true ? undefined : folders.cache,
    config: readConfig(gates),
    subject: examineSubject(commit, dist),
    now: around.now,
    tests: handed('--tests', options.tests),
    runTests: options.runTests === true,
    advisories: handed('--advisories', options.advisories),
    nodeLogs: (options.nodeLog ?? []).map((text) => nodeLogOf(text, cwd)),
    searchPath: searchPathOf(options.lightningd, around),
    monolith: handed('--monolith', options.monolith),
  };
}

/** Folders in which lightningd is looked for: that of the one which was named first. */
function searchPathOf(lightningd: string | undefined, { cwd, env }: Around): string {
  const PATH = env['PATH'] ?? '';
  if (lightningd === undefined) {
    return PATH;
  }
  const place = path.resolve(cwd, lightningd);
  const folder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const searchPath = [folder ? place : path.dirname(place), PATH].join(path.delimiter);
  const found = findBinaries(searchPath);
  if (found.kind === 'missing') {
    throw new UsageError(
      `--lightningd ${lightningd}: ${found.names.join(', ')} not found there or on the PATH`,
      'name lightningd, or the folder that has it with lightning-cli, bitcoind and bitcoin-cli',
    );
  }
  return searchPath;
}

function nodeLogOf(text: string, cwd: string): NodeLog {
  const [, name = '', file = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '') {
    throw new UsageError(`"${text}" is not NAME=FILE`, '--node-log alice=/path/to/log');
  }
  const place = path.resolve(cwd, file);
  if (!existsSync(place)) {
    throw new UsageError(`--node-log ${name}: there is no ${place}`, 'look at the path');
  }
  return { name, file: place };
}

/** Says that a file cannot be written there before anything is gathered for it; `-` is standard output. */
export function checkWritable(option: string, file: string | undefined, cwd: string): void {
  const folder = path.dirname(path.resolve(cwd, file ?? '-'));
  if (file !== undefined && file !== '-' && !existsSync(folder)) {
    throw new UsageError(
      `${option}: there is no folder ${folder}`,
      'make it, or name another file',
    );
  }
}

/**
 * Keys whose signatures count: those that `--signer` names, else the maintainers'. Undefined, where
 * gates.yaml names none either: any key does, and the caller is told which it was.
 */
export function signerKeys(
  { signer }: { readonly signer?: readonly string[] },
  { approvals: { maintainers } }: GatesConfig,
): readonly string[] | undefined {
  return signer ?? (maintainers.length > 0 ? maintainers.map(({ key }) => key) : undefined);
}

/** The `lightning-rpc` socket that `--node` names: the socket, or the folder with it. */
export function rpcFileOf(node: string, cwd: string): string {
  const place = path.resolve(cwd, node);
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true
    ? path.join(place, 'lightning-rpc')
    : place;
}

/** Who signs: the node where one is named, else the key file, else nobody. */
export function signerOf(
  options: { readonly node?: string; readonly key?: string },
  cwd: string,
): Signer | undefined {
  if (options.node !== undefined) {
    return nodeSigner(rpcFileOf(options.node, cwd));
  }
  return options.key === undefined ? undefined : keySigner(path.resolve(cwd, options.key));
}
