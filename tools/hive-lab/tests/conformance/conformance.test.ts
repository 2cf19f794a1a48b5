import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../src/real/index.ts';
import {
  type Case,
  fillIn,
  fillInText,
  loadCaseFiles,
  loadMessages,
  loadTranscript,
} from './case.ts';
import { realSource } from './real-source.ts';
import { schemaFaults } from './schemas.ts';
import { shapeFaults } from './shape.ts';
import { callOnce, callWritten, labSource, type Subject } from './source.ts';

/** Real nodes take minutes until a channel is announced. */
const START_MS = 600_000;

/** Messages that `recorder.cjs` gets, and that were recorded from a real lightningd. */
const MESSAGES = ['getmanifest', 'init', 'lab-echo', 'setconfig', 'plugin_started', 'warning'];

const found = findBinaries(process.env['PATH'] ?? '');
const sources = [labSource, ...(found.kind === 'missing' ? [] : [realSource(found.paths)])];

/** Amounts are numbers or bigints by their size's accident; as numbers they compare. */
function plain(value: JsonValue): unknown {
  return JSON.parse(stringifyJson(value));
}

function positionalOrNamed(params: JsonValue): Parameters<typeof callOnce>[2] {
  return isJsonObject(params) ? params : (params as readonly JsonValue[]);
}

/** What lies at a path of members and indices, `a.0.b`. */
function memberAt(value: JsonValue, path: string): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const name of path.split('.')) {
    at =
      typeof at === 'object' && at !== null ? (at as Record<string, JsonValue>)[name] : undefined;
  }
  return at;
}

/** Makes a case's call and checks what comes back. */
async function run(subject: Subject, one: Case, kept: Map<string, string>): Promise<void> {
  const ids = subject.nodes.map(({ id }) => id);
  const likeName = one.like ?? one.replay;
  const transcript = likeName === undefined ? undefined : loadTranscript(likeName);
  const method = one.method ?? transcript?.method ?? '';
  const params = fillIn(one.params ?? transcript?.params ?? {}, ids, kept);
  const rpcFile = subject.nodes[one.node - 1]?.rpcFile ?? '';
  const answer =
    one.written === undefined
      ? callOnce(rpcFile, method, positionalOrNamed(params))
      : callWritten(rpcFile, method, fillInText(one.written, ids, kept));
  const outcome = await answer.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  if (one.error !== undefined) {
    const error = 'error' in outcome ? outcome.error : outcome.result;
    expect(error).toBeInstanceOf(RpcError);
    const { rpcCode, rpcMessage, rpcData } = error as RpcError;
    expect(rpcCode, rpcMessage).toBe(one.error.code);
    expect(rpcMessage).toMatch(new RegExp(one.error.message, 's'));
    if (one.error.data !== undefined) {
      const wanted = plain(fillIn(one.error.data, ids, kept));
      expect(plain(rpcData ?? null)).toMatchObject(wanted as object);
    }
    return;
  }
  if ('error' in outcome) {
    throw outcome.error;
  }
  const { result } = outcome;
  expect(schemaFaults(method, result), 'the schema').toEqual([]);
  expect(plain(result)).toMatchObject(plain(fillIn(one.result ?? {}, ids, kept)) as object);
  const recorded = transcript?.response['result'];
  if (recorded !== undefined) {
    expect(shapeFaults(result, [recorded]), `as in ${likeName}`).toEqual([]);
  }
  for (const [member, name] of one.keeps ?? []) {
    const value = memberAt(result, member);
    expect(typeof value, member).toBe('string');
    kept.set(name, value as string);
  }
}

describe.each(sources)('on $name', (source) => {
  let subject: Subject;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lab-conf-'));
    subject = await source.start(dir);
  }, START_MS);
  afterAll(async () => {
    await subject.stop();
    rmSync(dir, { recursive: true, force: true });
  }, START_MS);

  for (const { file, cases } of loadCaseFiles()) {
    describe(file, () => {
      const kept = new Map<string, string>();
      const expected = cases.filter(({ lab }) => lab !== true || source === labSource);
      it.each(expected)('$name', async (one) => run(subject, one, kept));
    });
  }

  it('plugins get messages of the recorded shapes', async () => {
    const [node] = subject.nodes;
    const rpcFile = node?.rpcFile ?? '';
    await callOnce(rpcFile, 'lab-echo', { a: 1 });
    await callOnce(rpcFile, 'setconfig', ['lab-string', 'seen']);
    const seen = readFileSync(join(node?.lightningDir ?? '', 'recorder.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => parseJson(line));
    const ofKind = (kind: string, messages: readonly JsonValue[]): readonly JsonValue[] =>
      messages.filter((message) => isJsonObject(message) && message['method'] === kind);
    for (const kind of MESSAGES) {
      // The last one is that of the recorded call.
      const ours = ofKind(kind, seen).slice(-1);
      const theirs = ofKind(kind, loadMessages(kind));
      expect(ours.length, kind).toBeGreaterThan(0);
      expect(ours.flatMap((message) => shapeFaults(message, theirs, kind))).toEqual([]);
      expect(Object.keys(ours[0] as object).sort()).toEqual(
        Object.keys(theirs[0] as object).sort(),
      );
    }
  });
});

describe('the suite itself', () => {
  it('finds a wrong kind, and a broken schema', () => {
    expect(shapeFaults({ a: [{ b: '1' }] }, [{ a: [{ b: 1 }] }])).toEqual([
      'result.a[0].b: string instead of number',
    ]);
    expect(shapeFaults({ a: 1n }, [{ a: 2 }, {}])).toEqual([]);
    expect(schemaFaults('makesecret', { secret: 'zz' })).not.toEqual([]);
    expect(schemaFaults('makesecret', {})).not.toEqual([]);
    const key = `02${'00'.repeat(32)}`;
    expect(schemaFaults('checkmessage', { pubkey: key, verified: false })).toEqual([]);
    expect(schemaFaults('checkmessage', { pubkey: 'x', verified: false })).not.toEqual([]);
  });

  it('says how to run on the real thing where that is missing', () => {
    expect(found.kind === 'missing' ? found.message : 'lightningd').toMatch(/lightningd/);
  });
});
