import { readdirSync, readFileSync } from 'node:fs';
import { type JsonObject, parseJson } from '@cl-hive/core';
import { CURRENT_FLAGS, decodeSnapshot, FLAGS, plan, planBytes } from '@cl-hive/planning-kernel';
import { describe, expect, it } from 'vitest';
import { recordedTexts } from './history-cases.ts';

const FOLDER = new URL('../histories/', import.meta.url);
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

function read(name: string): JsonObject {
  return parseJson(readFileSync(new URL(name, FOLDER), 'utf8')) as JsonObject;
}

describe('recorded histories', () => {
  it('exist for every case, and each behaviour flag has one', () => {
    expect(names.sort()).toEqual(
      recordedTexts()
        .map(([name]) => `${name}.json`)
        .sort(),
    );
    const flags = names.flatMap((name) => decodeSnapshot(read(name)['snapshot']).snapshot.flags);
    expect([...new Set(flags)].sort((a, b) => a - b)).toEqual(CURRENT_FLAGS);
  });

  it.each(names)('%s gives the same bytes as when it was recorded', (name) => {
    const history = read(name);
    const made = plan(history['snapshot']);
    expect(planBytes(made)).toBe(history['plan']);
    expect(made.digest).toBe(history['digest']);
  });

  it('would notice a change of behaviour', () => {
    const [first] = recordedTexts();
    const history = parseJson(first?.[1] ?? '') as { snapshot: object; digest: string };
    expect(plan({ ...history.snapshot, now: 1 }).digest).not.toBe(history.digest);
  });

  it('has numbers that are never given twice', () => {
    expect(new Set(Object.values(FLAGS)).size).toBe(Object.values(FLAGS).length);
  });
});
