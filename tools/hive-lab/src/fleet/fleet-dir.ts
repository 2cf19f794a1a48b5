import { createHash } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CodedError, describeError, stringifyJson } from '@cl-hive/core';
import { type FleetState, MARK_VARIABLE, parseFleetState } from './fleet-state.ts';
import { END_GRACE_MS, SOCKET_PATH_BYTES_MAX, STATE_FILE_BYTES_MAX } from './limits.ts';
import { endProcesses, findByEnvironment, isRunning } from './process-table.ts';

/** Why a folder cannot be used. */
export type FleetDirErrorCode =
  | 'fleet_running'
  | 'fleet_dir_foreign'
  | 'fleet_dir_unusable'
  | 'fleet_path_long';

const STATE_FILE = 'fleet.json';
const MARKER_FILE = 'THIS-FOLDER-IS-CLEARED-BY-HIVE-LAB';
const DEFAULT_DIR = '.hive-lab';
const SOCKET_IN_NODE = 'regtest/lightning-rpc';

/** The folder of node `number`, its `lightning-dir`. */
export function nodeDir(dir: string, number: number): string {
  return path.join(dir, `node-${number}`);
}

function longestSocket(dir: string): string {
  return path.join(nodeDir(dir, 99), SOCKET_IN_NODE);
}

function fits(dir: string): boolean {
  return Buffer.byteLength(longestSocket(dir)) <= SOCKET_PATH_BYTES_MAX;
}

/**
 * The fleet's folder: `chosen`, else `.hive-lab` in `cwd`, or, where the paths of its sockets would
 * be longer than the system allows, a folder of the same user for that `cwd` among the temporary
 * files. Throws `fleet_path_long` for a chosen one that is too long.
 */
export function resolveFleetDir(cwd: string, chosen?: string): string {
  const dir = path.resolve(cwd, chosen ?? DEFAULT_DIR);
  if (fits(dir)) {
    return dir;
  }
  if (chosen !== undefined) {
    const over = Buffer.byteLength(longestSocket(dir)) - SOCKET_PATH_BYTES_MAX;
    throw new CodedError<FleetDirErrorCode>(
      'fleet_path_long',
      `${dir} is too long: the paths of the nodes' sockets in it would exceed the system's ${SOCKET_PATH_BYTES_MAX} bytes by ${over}`,
      { remedy: 'choose a shorter --dir, such as /tmp/fleet' },
    );
  }
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  return path.join(tmpdir(), `hive-lab-${process.getuid?.() ?? 0}-${name}`);
}

/** The state of the fleet that runs in `dir`; undefined when none does. */
export function readRunningFleet(dir: string): FleetState | undefined {
  const state = readState(dir)?.state;
  return state !== undefined && isRunning(state.owner) ? state : undefined;
}

interface StateFile {
  readonly textOfFile: string;
  readonly state: FleetState | undefined;
}

function readState(dir: string): StateFile | undefined {
  const file = path.join(dir, STATE_FILE);
  try {
    const textOfFile = statSync(file).size > STATE_FILE_BYTES_MAX ? '' : readFileSync(file, 'utf8');
    return { textOfFile, state: parseFleetState(textOfFile) };
  } catch {
    return undefined;
  }
}

/** A folder that belongs to this process until it is released. */
export interface FleetDir {
  readonly dir: string;
  /** Processes of an earlier run, which had not ended properly, that were ended now. */
  readonly orphansEnded: number;
  /** Tells other programs how the fleet stands. */
  readonly write: (state: FleetState) => void;
  /** Gives the folder back; the nodes' logs and databases stay until the next start. Idempotent. */
  readonly release: () => void;
}

/**
 * Takes `dir` for the fleet that `state` describes, ends what an earlier run has left, and clears
 * the folder. Throws CodedError {@link FleetDirErrorCode}; a folder with files that are not
 * hive-lab's is never touched.
 */
export async function claimFleetDir(dir: string, state: FleetState): Promise<FleetDir> {
  prepare(dir);
  const file = path.join(dir, STATE_FILE);
  let orphansEnded = 0;
  for (let attempt = 0; !tryCreate(file, state); attempt += 1) {
    const found = readState(dir);
    if (found?.state !== undefined && isRunning(found.state.owner)) {
      throw running(dir, found.state);
    }
    if (attempt === 5) {
      throw unusable(dir, 'another start keeps taking it');
    }
    if (found !== undefined) {
      orphansEnded += await endOrphans(dir, found.state);
      removeStale(file, found.textOfFile, state.mark);
    }
  }
  clear(dir);
  let released = false;
  return {
    dir,
    orphansEnded,
    write: (next) => {
      if (!released) {
        const draft = path.join(dir, `.${STATE_FILE}.${next.mark}`);
        writeFileSync(draft, stringifyJson(next), { mode: 0o600 });
        renameSync(draft, file);
      }
    },
    release: () => {
      if (!released) {
        released = true;
        if (readState(dir)?.state?.mark === state.mark) {
          rmSync(file, { force: true });
        }
      }
    },
  };
}

function prepare(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const own = lstatSync(dir);
    if (process.getuid !== undefined && own.uid !== process.getuid()) {
      throw unusable(dir, 'it belongs to another user');
    }
    const entries = readdirSync(dir);
    if (entries.includes(MARKER_FILE)) {
      return;
    }
    if (entries.length > 0) {
      throw new CodedError<FleetDirErrorCode>(
        'fleet_dir_foreign',
        `${dir} holds files that are not hive-lab's, and a fleet's folder is cleared at each start`,
        { remedy: 'choose a new or empty folder with --dir' },
      );
    }
    writeFileSync(path.join(dir, MARKER_FILE), '', { mode: 0o600 });
  } catch (error) {
    throw error instanceof CodedError ? error : unusable(dir, describeError(error), error);
  }
}

/** Creates the file with its whole content at once, or not at all when there is one. */
function tryCreate(file: string, state: FleetState): boolean {
  const draft = `${file}.${state.mark}`;
  try {
    writeFileSync(draft, stringifyJson(state), { mode: 0o600 });
    linkSync(draft, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOENT: the start that took the folder has cleared our draft away.
    if (code === 'EEXIST' || code === 'ENOENT') {
      return false;
    }
    throw unusable(path.dirname(file), describeError(error), error);
  } finally {
    rmSync(draft, { force: true });
  }
}

async function endOrphans(dir: string, state: FleetState | undefined): Promise<number> {
  if (state === undefined) {
    return 0;
  }
  const orphans = findByEnvironment(MARK_VARIABLE, state.mark);
  const left = await endProcesses(orphans, END_GRACE_MS);
  if (left.length > 0) {
    const pids = left.map(({ pid }) => pid).join(', ');
    throw unusable(dir, `processes of an earlier fleet cannot be ended (${pids})`);
  }
  return orphans.length;
}

/** Moves a stale file away; a file that another start has put there meanwhile is put back. */
function removeStale(file: string, stale: string, mark: string): void {
  const aside = `${file}.stale.${mark}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== stale && stale !== '') {
      linkSync(aside, file);
    }
  } catch {
    // Another start was quicker; the next attempt sees what it did.
  } finally {
    rmSync(aside, { force: true });
  }
}

function clear(dir: string): void {
  for (const entry of readdirSync(dir)) {
    if (entry !== MARKER_FILE && entry !== STATE_FILE) {
      rmSync(path.join(dir, entry), { recursive: true, force: true });
    }
  }
}

function running(dir: string, state: FleetState): CodedError<FleetDirErrorCode> {
  const { pid } = state.owner;
  return new CodedError<FleetDirErrorCode>(
    'fleet_running',
    `a fleet of ${state.nodes.length} nodes already runs in ${dir} (process ${pid})`,
    {
      data: { pid },
      remedy: `stop it (Ctrl-C in its terminal, or kill ${pid}), or give another --dir`,
    },
  );
}

function unusable(dir: string, why: string, cause?: unknown): CodedError<FleetDirErrorCode> {
  return new CodedError<FleetDirErrorCode>('fleet_dir_unusable', `${dir} cannot be used: ${why}`, {
    cause,
    remedy: 'choose another folder with --dir',
  });
}
