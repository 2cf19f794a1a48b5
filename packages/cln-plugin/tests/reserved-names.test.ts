import { readFile } from 'node:fs/promises';
import { COMMANDS, NOTIFICATION_DECODERS } from '@cl-hive/cln-rpc';
import { isJsonObject, parseJson } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { isNativeTopic, isReservedMethod, isReservedOption } from '../src/reserved-names.ts';

async function fixture(path: string): Promise<unknown> {
  return parseJson(await readFile(new URL(`../../cln-rpc/${path}`, import.meta.url), 'utf8'));
}

/** The keys of every object that stands under a member called `name`, at any depth. */
function keysUnder(value: unknown, name: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => keysUnder(item, name));
  }
  if (!isJsonObject(value)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === name && isJsonObject(inner) ? Object.keys(inner) : []),
    ...keysUnder(inner, name),
  ]);
}

describe('names that Core Lightning has', () => {
  it('every command is reserved', () => {
    expect(Object.keys(COMMANDS).length).toBeGreaterThan(190);
    expect(Object.keys(COMMANDS).filter((name) => !isReservedMethod(name))).toEqual([]);
  });

  it('every option of lightningd and of the plugins that come with it is reserved', async () => {
    const names = [
      ...keysUnder(await fixture('fixtures/transcripts/rpc/listconfigs.json'), 'configs'),
      ...keysUnder(await fixture('schemas/builtin-manifests.json'), 'options'),
    ].filter((name) => !name.startsWith('lab-'));
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !isReservedOption(name))).toEqual([]);
  });

  it('every topic that has a decoder is native', () => {
    expect(Object.keys(NOTIFICATION_DECODERS).filter((topic) => !isNativeTopic(topic))).toEqual([]);
  });

  it('others are free, also parts of reserved ones', () => {
    for (const name of ['hive-status', 'get', 'info', 'getinf', 'log', 'pay xpay', '']) {
      expect(isReservedMethod(name), name).toBe(false);
    }
  });
});
