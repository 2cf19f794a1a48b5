import { createHash } from 'node:crypto';
import { isCodedError, type UnixMs } from '@cl-hive/core';
import { seal, unseal } from '@cl-hive/runtime/services';
import { nip19 } from 'nostr-tools';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import {
  type GenerationMark,
  IdentityKeeper,
  type IdentityRecord,
  type IdentityRecords,
  identityView,
} from './identity.ts';
import { parseSecretKey } from './nostr-key.ts';

class MemoryRecords implements IdentityRecords {
  readonly all: IdentityRecord[] = [];
  current = async () => this.all.at(-1);
  newest = async (limit: number) => this.all.toReversed().slice(0, limit);
  append = async (record: Omit<IdentityRecord, 'version'>) => {
    const kept = { ...record, version: this.all.length + 1 };
    this.all.push(kept);
    return kept;
  };
}

/** A node's makesecret: the same for the same node and label. */
const nodeSecret = (node: string) => async (label: string) =>
  createHash('sha256').update(`${node}/${label}`).digest('hex');

const now = () => 1_700_000_000_000 as UnixMs;

/** What lightningd itself keeps. */
function memoryMark(kept = 1): GenerationMark {
  let generation = kept;
  return {
    read: async () => generation,
    write: async (next) => {
      generation = next;
    },
  };
}

const keeperOf = (records: IdentityRecords, node = 'node', mark = memoryMark()) =>
  new IdentityKeeper(records, nodeSecret(node), mark, now);
const overlap = (guardMs: number) => ({ guardMs, until: (now() + guardMs) as UnixMs });

async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.code : 'not coded';
  }
}

describe('the Nostr identity', () => {
  it('is the same for the same node after losing its database, and another for another node', async () => {
    const first = await keeperOf(new MemoryRecords()).load();
    const again = await keeperOf(new MemoryRecords()).load();
    const other = await keeperOf(new MemoryRecords(), 'other').load();
    expect(again.key.publicKey).toBe(first.key.publicKey);
    expect(other.key.publicKey).not.toBe(first.key.publicKey);
    expect(nip19.decode(identityView(first).npub)).toEqual({
      type: 'npub',
      data: getPublicKey(first.key.secret),
    });
  });

  it('never stores the derived secret, and records it once', async () => {
    const records = new MemoryRecords();
    await keeperOf(records).load();
    await keeperOf(records).load();
    expect(records.all).toHaveLength(1);
    expect(records.all[0]?.sealedSecret).toBeNull();
  });

  it('takes over an imported key, sealed, and finds it again', async () => {
    const records = new MemoryRecords();
    const secret = generateSecretKey();
    await keeperOf(records).load();
    const imported = await keeperOf(records).import(nip19.nsecEncode(secret), undefined);
    expect(imported.key.publicKey).toBe(getPublicKey(secret));
    expect(identityView(imported)).toMatchObject({ source: 'imported', version: 2 });
    const stored = Buffer.from(records.all[1]?.sealedSecret ?? []);
    expect(stored.includes(Buffer.from(secret))).toBe(false);
    expect((await keeperOf(records).load()).key.secret).toEqual(secret);
  });

  it('imports hexadecimal too, and the key in use only once', async () => {
    const records = new MemoryRecords();
    const hex = Buffer.from(generateSecretKey()).toString('hex');
    await keeperOf(records).import(hex, undefined);
    await keeperOf(records).import(` ${hex.toUpperCase()}\n`, undefined);
    expect(records.all).toHaveLength(1);
  });

  it('goes back to the derived key', async () => {
    const records = new MemoryRecords();
    const derived = await keeperOf(records).load();
    await keeperOf(records).import(nip19.nsecEncode(generateSecretKey()), undefined);
    const restored = await keeperOf(records).restoreDerived(undefined);
    expect(restored.key.publicKey).toBe(derived.key.publicKey);
    expect((await keeperOf(records).restoreDerived(undefined)).record.version).toBe(3);
  });

  it('rotates to a key of its own, which outlives the database', async () => {
    const records = new MemoryRecords();
    const mark = memoryMark();
    const keeper = keeperOf(records, 'node', mark);
    const first = await keeper.load();
    const second = await keeper.rotate(undefined);
    const third = await keeper.rotate(undefined);
    const keys = [first, second, third].map(({ key }) => key.publicKey);
    expect(new Set(keys).size).toBe(3);
    expect(records.all.every(({ sealedSecret }) => sealedSecret === null)).toBe(true);
    expect((await keeperOf(new MemoryRecords(), 'node', mark).load()).key.publicKey).toBe(keys[2]);
    await keeper.import(nip19.nsecEncode(generateSecretKey()), undefined);
    expect((await keeper.restoreDerived(undefined)).key.publicKey).toBe(keys[2]);
  });

  it('does not go back to a replaced key with an older database, nor with half a rotation', async () => {
    const records = new MemoryRecords();
    const mark = memoryMark();
    await keeperOf(records, 'node', mark).load();
    const before = [...records.all];
    const rotated = await keeperOf(records, 'node', mark).rotate(undefined);
    records.all.splice(0, records.all.length, ...before);
    const loaded = await keeperOf(records, 'node', mark).load();
    expect(loaded.key.publicKey).toBe(rotated.key.publicKey);
    expect(loaded.record.version).toBe(2);
  });

  it('reads replaced keys until their time is over', async () => {
    const records = new MemoryRecords();
    const keeper = keeperOf(records);
    const first = await keeper.load();
    expect(await keeper.formers(0)).toEqual([]);
    const second = await keeper.import(nip19.nsecEncode(generateSecretKey()), overlap(100));
    await keeper.rotate(overlap(50));
    const read = async (guardMs: number) =>
      (await keeper.formers(guardMs)).map(({ key }) => key.publicKey);
    expect(await read(0)).toEqual([second, first].map(({ key }) => key.publicKey));
    expect(await read(50)).toEqual([first.key.publicKey]);
    expect(await read(100)).toEqual([]);
    expect((await keeper.previous())?.key.publicKey).toBe(second.key.publicKey);
    await keeper.import(Buffer.from(first.key.secret).toString('hex'), overlap(100));
    expect(await read(60)).not.toContain(first.key.publicKey);
  });

  it('VB-13: refuses to open an imported key with another node’s secret', async () => {
    const records = new MemoryRecords();
    await keeperOf(records).import(nip19.nsecEncode(generateSecretKey()), undefined);
    expect(await codeOf(() => keeperOf(records, 'other').load())).toBe('seal_broken');
  });

  it('shows no secret in what may be shown', async () => {
    const identity = await keeperOf(new MemoryRecords()).load();
    const shown = JSON.stringify(identityView(identity));
    expect(shown).not.toContain(Buffer.from(identity.key.secret).toString('hex'));
    expect(shown).not.toContain('nsec');
  });
});

describe('reading a secret key', () => {
  const nsec = nip19.nsecEncode(generateSecretKey());

  it.each([
    ['', 'nothing'],
    ['nsec1', 'half of one'],
    [`${nsec.slice(0, -1)}${nsec.endsWith('q') ? 'p' : 'q'}`, 'a wrong checksum'],
    [nip19.npubEncode(getPublicKey(generateSecretKey())), 'a public key'],
    ['00'.repeat(32), 'zero'],
    ['ff'.repeat(32), 'beyond the order'],
    ['ab'.repeat(31), 'too short'],
  ])('refuses %s (%s) without repeating it', (text) => {
    try {
      parseSecretKey(text);
    } catch (error) {
      expect(isCodedError(error, 'nostr_key_invalid')).toBe(true);
      const said = `${String(error)} ${error instanceof Error ? (error.stack ?? '') : ''}`;
      expect(text.length > 8 && said.includes(text)).toBe(false);
      return;
    }
    expect.unreachable('it was taken');
  });
});

describe('a sealed secret', () => {
  const key = new Uint8Array(32).fill(7);
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i);

  it('opens with its key and context only, and differs each time', () => {
    const sealed = seal(secret, key, 'a');
    expect(unseal(sealed, key, 'a')).toEqual(secret);
    expect(seal(secret, key, 'a')).not.toEqual(sealed);
    expect(() => unseal(sealed, key, 'b')).toThrow(/does not open/);
    expect(() => unseal(sealed, new Uint8Array(32), 'a')).toThrow(/does not open/);
  });

  it('VB-13: refuses every single changed bit and every cut, the empty one too', () => {
    const sealed = seal(secret, key, 'a');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => unseal(changed, key, 'a'), `bit ${bit}`).toThrow(/does not open/);
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(sealed.subarray(0, length), key, 'a')).toThrow(/does not open/);
    }
  });
});
