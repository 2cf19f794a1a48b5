import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { bytesToHex, parseJson, stringifyJson } from '@cl-hive/core';
import { draftOf, type Owner, publish, removeDrafts, translateFileError } from '@cl-hive/store';
import { type SignedStatement, statementJson } from '../statement/statement.ts';
import { decrypt, encrypt } from './age.ts';
import { ByteSource, damaged } from './bytes.ts';
import { vaultError } from './errors.ts';
import { CHUNK_BYTES, CHUNKS_PER_TURN, MANIFEST_BYTES_MAX } from './limits.ts';
import { readManifest, type VaultManifest, type VaultOwner } from './manifest.ts';

const MAGIC = 'cl-hive-vault/1';
const READ_BYTES = CHUNK_BYTES * CHUNKS_PER_TURN;
const FILE_MODE = 0o600;

/** A file that goes into an archive, as it was measured. */
export interface MeasuredFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a file's bytes without following a link. Throws `vault_missing`, `vault_place`, faults of the disk. */
export async function* readFile(file: string): AsyncGenerator<Uint8Array> {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (!fstatSync(descriptor).isFile()) {
    closeSync(descriptor);
    throw vaultError('vault_place', `${file} is no file`, 'name an archive');
  }
  yield* createReadStream('', { fd: descriptor, highWaterMark: READ_BYTES });
}

function unreadable(file: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') {
    const remedy = 'take a name that hive-archon-backup-status shows';
    return vaultError('vault_missing', `there is no ${path.basename(file)}`, remedy, { cause });
  }
  return code === 'ELOOP'
    ? vaultError('vault_place', `${file} is a link`, 'name the file itself', { cause })
    : translateFileError(cause, file);
}

/** Size and SHA-256 of a file. */
export async function measureFile(file: string): Promise<MeasuredFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of readFile(file)) {
    hash.update(part);
    bytes += part.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function* plain(
  manifest: SignedStatement,
  files: readonly string[],
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${MAGIC}\n${stringifyJson(statementJson(manifest))}\n`);
  for (const file of files) {
    yield* readFile(file);
  }
}

/**
 * Writes an archive to the new file `to`: encrypted, mode 0600, whole or not there at all. `files` are
 * those of the manifest's components, in their order. Gives size and SHA-256 of the archive. Throws
 * `store_exists`, `store_full` and the other faults of the disk.
 */
export async function writeArchive(
  to: string,
  manifest: SignedStatement,
  files: readonly string[],
  recipients: readonly Uint8Array[],
): Promise<MeasuredFile> {
  removeDrafts(to);
  const draft = draftOf(to);
  try {
    closeSync(openSync(draft, 'wx', FILE_MODE));
    const hash = createHash('sha256');
    let bytes = 0;
    const handle = await open(draft, 'r+');
    try {
      const line = new WriteLine(handle);
      for await (const part of encrypt(plain(manifest, files), recipients)) {
        hash.update(part);
        bytes += part.length;
        await line.add(part);
      }
      await line.end();
      await handle.sync();
    } finally {
      await handle.close();
    }
    publish(draft, to);
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    throw error instanceof Error && 'errno' in error ? translateFileError(error, to) : error;
  } finally {
    removeDrafts(to);
  }
}

/** Writes large pieces, each while the next is made. */
class WriteLine {
  readonly #handle: FileHandle;
  #parts: Uint8Array[] = [];
  #length = 0;
  #under: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Takes bytes over. Rejects with what an earlier write failed of. */
  async add(part: Uint8Array): Promise<void> {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length >= READ_BYTES) {
      await this.#flush();
    }
  }

  /** Resolves once all is written. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#under;
  }

  async #flush(): Promise<void> {
    await this.#under;
    this.#under = writeAll(this.#handle, Buffer.concat(this.#parts));
    // Whoever adds next, or ends, is told.
    this.#under.catch(() => undefined);
    this.#parts = [];
    this.#length = 0;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at);
    at += bytesWritten;
  }
}

/** What an archive is opened with. */
export interface OpenArchive {
  readonly file: string;
  readonly identities: readonly Uint8Array[];
  readonly owner: VaultOwner;
  /** Where the wanted components are written, as `<name>.sqlite3`; undefined: they are only checked. */
  readonly into?: string;
  /** Undefined for all. */
  readonly wanted?: readonly Owner[];
}

/** Where a component of an archive is written. */
export function componentFile(folder: string, name: Owner): string {
  return path.join(folder, `${name}.sqlite3`);
}

/**
 * Reads a whole archive, checks every byte, and writes what is wanted. Nothing stays in `into` when it
 * throws: `vault_damaged`, `vault_key_wrong`, what `readManifest` throws, `vault_component`, and the
 * faults of the disk.
 */
export async function openArchive(options: OpenArchive): Promise<VaultManifest> {
  const made: string[] = [];
  const bytes = new ByteSource(decrypt(readFile(options.file), options.identities));
  try {
    const manifest = await readHead(bytes, options.owner);
    const names = manifest.components.map(({ name }) => name);
    const absent = options.wanted?.find((name) => !names.includes(name));
    if (absent !== undefined) {
      const remedy = `choose among ${names.join(', ')}`;
      throw vaultError('vault_component', `the archive does not hold ${absent}`, remedy);
    }
    for (const { name, bytes: length, sha256 } of manifest.components) {
      const wanted = options.into !== undefined && (options.wanted ?? names).includes(name);
      const file = wanted ? componentFile(options.into, name) : undefined;
      if (file !== undefined) {
        made.push(file);
      }
      if ((await copy(bytes, length, file)) !== sha256) {
        throw damaged(`${name} is not what its manifest says`);
      }
    }
    if (!(await bytes.atEnd())) {
      throw damaged('it is longer than its manifest says');
    }
    return manifest;
  } catch (error) {
    for (const file of made) {
      rmSync(file, { force: true });
    }
    throw error instanceof Error && 'errno' in error
      ? translateFileError(error, options.into ?? options.file)
      : error;
  } finally {
    await bytes.close();
  }
}

async function readHead(bytes: ByteSource, owner: VaultOwner): Promise<VaultManifest> {
  if ((await bytes.line(MAGIC.length)) !== MAGIC) {
    throw damaged('what is encrypted in it is no vault');
  }
  const line = await bytes.line(MANIFEST_BYTES_MAX);
  let input: unknown;
  try {
    input = parseJson(line);
  } catch (cause) {
    throw damaged('its manifest is none', cause);
  }
  return readManifest(input, owner);
}

/** Passes `length` bytes on to a new file, where one is named. Gives their SHA-256. */
async function copy(bytes: ByteSource, length: number, file: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  const handle = file === undefined ? undefined : await open(file, 'wx', FILE_MODE);
  try {
    const line = handle && new WriteLine(handle);
    for (let left = length; left > 0; ) {
      const part = await bytes.take(Math.min(left, CHUNK_BYTES));
      if (part.length === 0) {
        throw damaged('it is cut short');
      }
      hash.update(part);
      await line?.add(part);
      left -= part.length;
    }
    await line?.end();
    await handle?.sync();
  } finally {
    await handle?.close();
  }
  return bytesToHex(hash.digest());
}
