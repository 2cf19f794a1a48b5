import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { CodedError, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { parse } from 'yaml';
import { YAML_BYTES_MAX } from './limits.ts';

/** Why a file that somebody handed in was refused. */
export type FileErrorCode = 'file_missing' | 'file_too_large' | 'file_syntax';

/** A file's text, at most `max` bytes. Throws CodedError {@link FileErrorCode}. */
export function readText(file: string, max: number): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    throw new CodedError<FileErrorCode>('file_missing', `there is no file ${file}`);
  }
  if (stat.size > max) {
    throw new CodedError<FileErrorCode>('file_too_large', `${file} has more than ${max} bytes`);
  }
  return readFileSync(file, 'utf8');
}

/** A YAML file's content, as JSON values: no tags, no aliases, no key twice. */
export function readYaml(file: string): unknown {
  const text = readText(file, YAML_BYTES_MAX);
  try {
    return parse(text, { schema: 'core', maxAliasCount: 0, uniqueKeys: true, strict: true });
  } catch (cause) {
    const [first = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
    throw new CodedError<FileErrorCode>('file_syntax', `${file}: ${first}`, { cause });
  }
}

/** A JSON file's content. */
export function readJson(file: string, max: number): JsonValue {
  const text = readText(file, max);
  try {
    return parseJson(text);
  } catch (cause) {
    throw new CodedError<FileErrorCode>('file_syntax', `${file} is no JSON`, { cause });
  }
}

/** Writes a file for this user alone, whole or not at all, and on the disk when it returns. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
}

/** SHA-256 of bytes or text, hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Files below a folder, relative, sorted by code unit; folders with a trailing slash. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const relative = path.relative(folder, path.join(entry.parentPath, entry.name));
      return entry.isDirectory() ? `${relative}/` : relative;
    })
    .sort();
}

/** Permission bits, four octal digits. */
export function modeOf(file: string): string {
  return (statSync(file).mode & 0o7777).toString(8).padStart(4, '0');
}

/** A text as it is; another value as JSON; nothing as the empty text. */
export function plainText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : stringifyJson(value);
}
