import { readdirSync, readFileSync } from 'node:fs';
import {
  anyJson,
  array,
  boolean,
  type Decoded,
  integer,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  object,
  optional,
  parseJson,
  record,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { RECORDER } from './source.ts';

const CASES = new URL('cases/', import.meta.url);
const TRANSCRIPTS = new URL('../../../../packages/cln-rpc/fixtures/transcripts/', import.meta.url);

const decodeCase = object({
  name: text(),
  node: integer(1),
  method: optional(text()),
  params: optional(anyJson),
  written: optional(text()),
  result: optional(anyJson),
  error: optional(object({ code: integer(), message: text(), data: optional(anyJson) })),
  keeps: optional(record(text())),
  like: optional(text()),
  replay: optional(text()),
  lab: optional(boolean),
});

const decodeFile = object({ about: text(), cases: array(decodeCase) });

/** One call with what it must answer, see README.md. */
export type Case = Decoded<typeof decodeCase>;

/** The cases of every file, in the order of their files. */
export function loadCaseFiles(): readonly {
  readonly file: string;
  readonly cases: readonly Case[];
}[] {
  return readdirSync(CASES)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      file,
      cases: decodeFile(parseJson(readFileSync(new URL(file, CASES), 'utf8'))).cases,
    }));
}

/** A recorded request with its answer. */
export interface Transcript {
  readonly method: string;
  readonly params: JsonValue;
  readonly response: JsonObject;
}

export function loadTranscript(name: string): Transcript {
  const { request, response } = object({
    request: object({ method: text(), params: anyJson }),
    response: anyJson,
  })(parseJson(readFileSync(new URL(`rpc/${name}`, TRANSCRIPTS), 'utf8')));
  return { ...request, response: isJsonObject(response) ? response : {} };
}

/** The recorded messages of one kind that lightningd sent to a plugin. */
export function loadMessages(name: string): readonly JsonValue[] {
  const file = new URL(`messages/${name}.json`, TRANSCRIPTS);
  return array(anyJson)(parseJson(readFileSync(file, 'utf8')));
}

/** Puts node ids and kept texts in the places that `${…}` marks. */
export function fillIn(
  template: JsonValue,
  ids: readonly string[],
  kept: ReadonlyMap<string, string>,
): JsonValue {
  return parseJson(fillInText(stringifyJson(template), ids, kept));
}

/** As {@link fillIn}, in a text. */
export function fillInText(
  template: string,
  ids: readonly string[],
  kept: ReadonlyMap<string, string>,
): string {
  return template
    .replaceAll('${recorder}', RECORDER.path)
    .replace(/\$\{id:(\d)\}/g, (_, number: string) => ids[Number(number) - 1] ?? '')
    .replace(/\$\{text:(\w+)\}/g, (_, name: string) => kept.get(name) ?? '');
}
