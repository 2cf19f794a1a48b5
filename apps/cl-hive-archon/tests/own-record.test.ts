import { createAgent, localEvent } from '@cl-hive/archon';
import { isCodedError } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import { describe, expect, it } from 'vitest';
import { OwnRecords } from '../src/identity/own-record.ts';

const secret = new Uint8Array(32).fill(5);
const operation = createAgent(secret, nobleCurve.publicKey(secret), '2026-01-01T00:00:00.000Z');

/** A lightningd with a datastore of one value. */
function lightningd() {
  const kept = new Map<string, { hex: string; generation: number }>();
  const raw = async (method: string, params: { key: readonly string[]; hex?: string }) => {
    const key = params.key.join('/');
    const entry = kept.get(key);
    if (method === 'datastore') {
      kept.set(key, { hex: params.hex ?? '', generation: (entry?.generation ?? -1) + 1 });
      return {};
    }
    return { datastore: entry === undefined ? [] : [{ key: params.key, ...entry }] };
  };
  const warnings: string[] = [];
  const rpc = { raw } as unknown as ConstructorParameters<typeof OwnRecords>[0];
  return { kept, warnings, records: new OwnRecords(rpc, (text) => warnings.push(text)) };
}

describe('the copy of the identity in the datastore', () => {
  it('is read as it was written', async () => {
    const { records, warnings } = lightningd();
    expect(await records.load()).toBeUndefined();
    const record = { number: 3, events: [localEvent(operation)] };
    await records.save(record);
    expect(await records.load()).toEqual(record);
    expect(warnings).toEqual([]);
  });

  it.each(['00', '01', '017b7d', '01ff', '0a'])('of the bytes %s counts as none', async (hex) => {
    const { records, kept, warnings } = lightningd();
    kept.set('cl-hive-archon/identity/head', { hex, generation: 0 });
    expect(await records.load()).toBeUndefined();
    expect(warnings.length).toBe(hex === '00' ? 0 : 1);
  });

  it('is not taken for absent while lightningd does not answer', async () => {
    const rpc = { raw: async () => Promise.reject(new Error('away')) };
    const records = new OwnRecords(
      rpc as unknown as ConstructorParameters<typeof OwnRecords>[0],
      () => {},
    );
    const error: unknown = await records.load().catch((thrown: unknown) => thrown);
    expect(isCodedError(error)).toBe(false);
    expect(String(error)).toContain('away');
  });
});
