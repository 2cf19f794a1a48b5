import { readFileSync } from 'node:fs';
import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { fundedLab, openChannel } from './lab.ts';

interface Case {
  readonly name: string;
  readonly node: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string };
  readonly keeps?: Readonly<Record<string, string>>;
}

const cases = ['world', 'world_shut'].flatMap((name) => {
  const file = new URL(`../conformance/cases/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] }).cases;
});

/** Amounts are numbers or bigints by their size's accident; as texts they compare. */
function plain(value: JsonValue): unknown {
  return JSON.parse(stringifyJson(value));
}

describe('the conformance cases, on the world alone', async () => {
  const lab = fundedLab(3);
  await lab.node(1).call('connect', { id: lab.node(2).id });
  await openChannel(lab, 1, 2, 2_000_000);
  const kept = new Map<string, string>();
  const fill = (template: JsonObject): JsonObject =>
    parseJson(
      stringifyJson(template)
        .replace(/\$\{id:(\d)\}/g, (_, number: string) => lab.node(Number(number)).id)
        .replace(/\$\{text:(\w+)\}/g, (_, name: string) => kept.get(name) ?? ''),
    ) as JsonObject;

  it.each(cases)('$name', async ({ node, method, params, result, error, keeps }) => {
    if (error !== undefined) {
      const refused = await lab.node(node).refused(method, fill(params));
      expect(refused.code).toBe(error.code);
      expect(refused.message).toMatch(new RegExp(error.message));
      return;
    }
    const answer = await lab.node(node).call(method, fill(params));
    expect(plain(answer)).toMatchObject(plain(fill(result ?? {})) as object);
    for (const [member, name] of Object.entries(keeps ?? {})) {
      kept.set(name, answer[member] as string);
    }
  });
});
