import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  array,
  bigInteger,
  type Decoded,
  hex,
  integer,
  object,
  optional,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { Datastore, type DatastoreEntry } from './rules/datastore.ts';
import type { IdRange } from './rules/id-ranges.ts';

const FILE = 'lab-shell.jsonl';

const range = object({ start: integer(0), end: integer(0) });

/** One line of the file; each replaces what an earlier line said of the same thing. */
const record = object({
  datastore: optional(
    object({
      key: array(text()),
      hex: optional(hex()),
      generation: optional(bigInteger(0n, 1n << 64n)),
    }),
  ),
  rune: optional(object({ id: integer(0), rune: text(), lastUsed: optional(integer(0)) })),
  blacklist: optional(array(range)),
});

/** A rune that this node made. */
export interface StoredRune {
  readonly id: number;
  readonly rune: string;
  /** Unix milliseconds of its last successful use. */
  readonly lastUsed: number | undefined;
}

/**
 * What an emulated lightningd keeps over a restart: datastore, runes and their blacklist. Every
 * change is appended to a file of the node's folder before it is answered.
 */
export class ShellStore {
  readonly datastore = new Datastore();
  readonly #file: string;
  readonly #runes = new Map<number, StoredRune>();
  #blacklist: readonly IdRange[] = [];

  constructor(lightningDir: string) {
    this.#file = join(lightningDir, FILE);
  }

  /** Reads the file, then writes it anew without what later lines made void. */
  open(): void {
    if (existsSync(this.#file)) {
      for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
        if (line !== '') {
          this.#load(record(parseJson(line)));
        }
      }
    }
    const lines = this.#lines();
    writeFileSync(`${this.#file}.new`, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  get runes(): readonly StoredRune[] {
    return [...this.#runes.values()];
  }

  get blacklist(): readonly IdRange[] {
    return this.#blacklist;
  }

  rune(id: number): StoredRune | undefined {
    return this.#runes.get(id);
  }

  putData(entry: DatastoreEntry): void {
    this.datastore.put(entry);
    this.#append(dataLine(entry));
  }

  removeData(key: readonly string[]): void {
    this.datastore.remove(key);
    this.#append(stringifyJson({ datastore: { key } }));
  }

  putRune(rune: StoredRune): void {
    this.#runes.set(rune.id, rune);
    this.#append(stringifyJson({ rune }));
  }

  setBlacklist(ranges: readonly IdRange[]): void {
    this.#blacklist = ranges;
    this.#append(stringifyJson({ blacklist: ranges }));
  }

  #append(line: string): void {
    appendFileSync(this.#file, `${line}\n`);
  }

  #load({ datastore, rune, blacklist }: Decoded<typeof record>): void {
    if (datastore?.hex !== undefined) {
      const { key, generation = 0n } = datastore;
      this.datastore.put({ key, generation, data: Buffer.from(datastore.hex, 'hex') });
    } else if (datastore !== undefined) {
      this.datastore.remove(datastore.key);
    }
    if (rune !== undefined) {
      this.#runes.set(rune.id, { ...rune, lastUsed: rune.lastUsed });
    }
    this.#blacklist = blacklist ?? this.#blacklist;
  }

  #lines(): readonly string[] {
    return [
      ...this.datastore.under(undefined).map(dataLine),
      ...this.runes.map((rune) => stringifyJson({ rune })),
      ...(this.#blacklist.length === 0 ? [] : [stringifyJson({ blacklist: this.#blacklist })]),
    ];
  }
}

function dataLine({ key, data, generation }: DatastoreEntry): string {
  return stringifyJson({ datastore: { key, hex: Buffer.from(data).toString('hex'), generation } });
}
