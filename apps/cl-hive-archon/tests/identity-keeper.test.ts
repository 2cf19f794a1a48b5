import { copyFileSync } from 'node:fs';
import { newest } from '@cl-hive/archon';
import { isCodedError } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { clock, freshFile, keeperOn, MemoryRecords } from './support.ts';

async function didOn(
  location: string,
  records: MemoryRecords,
  node = 'node',
): Promise<{ readonly did: string; readonly keyNumber: number }> {
  const { store, keeper } = await keeperOn(location, records, node);
  try {
    const { did, keyNumber } = await keeper.load();
    return { did, keyNumber };
  } finally {
    await store.close();
  }
}

describe('the DID of a node', () => {
  it('appears by itself, and is the same after losing the database and the datastore', async () => {
    const first = await didOn(freshFile(), new MemoryRecords());
    expect(first.did).toMatch(/^did:cid:bagaaiera/);
    expect(await didOn(freshFile(), new MemoryRecords())).toEqual(first);
    expect((await didOn(freshFile(), new MemoryRecords(), 'other')).did).not.toBe(first.did);
  });

  it('keeps its rotations when only the database is lost', async () => {
    const records = new MemoryRecords();
    const { store, keeper } = await keeperOn(freshFile(), records);
    await keeper.load();
    await keeper.rotateKeys();
    const { did, keyNumber, key } = await keeper.rotateKeys();
    await store.close();
    expect(keyNumber).toBe(3);
    const again = await keeperOn(freshFile(), records);
    expect(await again.keeper.load()).toMatchObject({ did, keyNumber, key, source: 'derived' });
    await again.store.close();
  });

  it('stays, with its rotations, over restarts; a new DID replaces it in one step', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const { store, keeper } = await keeperOn(location, records);
    const { did } = await keeper.load();
    const rotated = await Promise.all([keeper.rotateKeys(), keeper.rotateKeys()]);
    expect(rotated.map(({ keyNumber }) => keyNumber)).toEqual([2, 3]);
    await store.close();
    expect(await didOn(location, records)).toEqual({ did, keyNumber: 3 });
    const later = await keeperOn(location, records);
    await later.keeper.load();
    const next = await later.keeper.rotateDid();
    await later.store.close();
    expect(next.did).not.toBe(did);
    expect(await didOn(location, records)).toEqual({ did: next.did, keyNumber: 1 });
    expect(await didOn(freshFile(), records)).toEqual({ did: next.did, keyNumber: 1 });
  });

  it('PO-10: a change that is cut off leaves the identity before it, whole', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const before = await didOn(location, records);
    const cut = async () => {
      throw new Error('killed');
    };
    for (const change of ['rotateKeys', 'rotateDid'] as const) {
      const { store, keeper } = await keeperOn(location, records, 'node', cut);
      await keeper.load();
      await expect(keeper[change]()).rejects.toThrow('killed');
      expect(keeper.current).toMatchObject(before);
      await store.close();
      expect(await didOn(location, records)).toEqual(before);
    }
    const { store, keeper } = await keeperOn(location, records);
    await keeper.load();
    expect((await keeper.rotateKeys()).keyNumber).toBe(2);
    await store.close();
  });

  it('starts from its database when lightningd does not answer, and makes none anew meanwhile', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const mine = await didOn(location, records);
    const silent = new MemoryRecords();
    silent.load = async () => {
      throw new Error('lightningd does not answer');
    };
    expect(await didOn(location, silent)).toEqual(mine);
    await expect(didOn(freshFile(), silent)).rejects.toThrow('does not answer');
  });

  it('is not taken back to a key of before by a database from a backup', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const { store, keeper } = await keeperOn(location, records);
    await keeper.load();
    await keeper.rotateKeys();
    await store.close();
    const backup = freshFile();
    copyFileSync(location, backup);
    const again = await keeperOn(location, records);
    await again.keeper.load();
    const { did } = await again.keeper.rotateKeys();
    await again.store.close();
    expect(await didOn(backup, records)).toEqual({ did, keyNumber: 3 });
    expect(records.record?.events).toHaveLength(3);
  });

  it('signs in an order that its times tell, also when the clock is set back over a restart', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const { store, keeper } = await keeperOn(location, records);
    await keeper.load();
    const times = [keeper.nextTime(), keeper.nextTime(), keeper.nextTime()];
    await keeper.rotateKeys();
    times.push(newest(keeper.current.chain).time);
    await store.close();
    clock.step(-3_600_000);
    const later = await keeperOn(location, records);
    await later.keeper.load();
    times.push(later.keeper.nextTime());
    await later.store.close();
    clock.step(3_600_000);
    expect(new Set(times).size).toBe(5);
    expect(times.toSorted()).toEqual(times);
  });

  it('is written to the datastore later when lightningd does not take it at once', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const { store, keeper, warnings } = await keeperOn(location, records);
    await keeper.load();
    records.failing = true;
    const { did, keyNumber } = await keeper.rotateKeys();
    expect(warnings).toHaveLength(1);
    await store.close();
    records.failing = false;
    expect(await didOn(location, records)).toEqual({ did, keyNumber });
    expect(records.record?.events).toHaveLength(2);
  });

  it('is not taken from a datastore of another node, nor from a database of another node', async () => {
    const location = freshFile();
    const records = new MemoryRecords();
    const mine = await didOn(location, records);
    const other = await didOn(freshFile(), records, 'other');
    expect(other.did).not.toBe(mine.did);
    const foreign = await keeperOn(location, new MemoryRecords(), 'other');
    const error: unknown = await foreign.keeper.load().catch((thrown: unknown) => thrown);
    expect(isCodedError(error, 'identity_key_mismatch')).toBe(true);
    await foreign.store.close();
  });
});
