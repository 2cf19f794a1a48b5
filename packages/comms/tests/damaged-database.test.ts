import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {
  addReceipt,
  type CommsTables,
  commsMigrations,
  exportLine,
  listReceipts,
  type ReceiptDraft,
  verifyReceipts,
} from '@cl-hive/comms';
import { type CodedError, type NodeId, nodeId, type UnixMs } from '@cl-hive/core';
import { type Migration, openStore, type Store } from '@cl-hive/store';
import { TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';

const PAGE = 4096;
const RECEIPTS = 60;
const NODE: NodeId = nodeId('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const FIRST: Migration = {
  id: 1,
  name: 'plugin',
  sql: (ddl) => [ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`)],
};
/** How a store refuses: by a code of its own, and it leaves the file alone. */
const REFUSAL = /^store_/;

const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

function open(location: string): Promise<Store<CommsTables>> {
  return openStore<CommsTables>({
    location,
    owner: 'cl-hive-comms',
    migrations: [FIRST, ...commsMigrations],
    clock: new VirtualClock(),
    log: () => undefined,
  });
}

async function made(): Promise<string> {
  const location = await databases.location();
  const store = await open(location);
  for (let n = 0; n < RECEIPTS; n += 1) {
    const data = { action: 'a change', text: 'x'.repeat(500), n };
    const draft: ReceiptDraft = { kind: 'admin', at: n as UnixMs, data };
    await store.transact((tx) => addReceipt(tx, draft, NODE));
  }
  await store.close();
  return location;
}

/**
 * Opens a damaged database and says what came of it: a refusal by its code, `whole` when every
 * receipt is there and true, `found` when the verifier or reading finds what is wrong.
 */
async function fate(location: string): Promise<string> {
  let store: Store<CommsTables>;
  try {
    store = await open(location);
  } catch (error) {
    return (error as CodedError).code;
  }
  try {
    const rows = await listReceipts(store.reader, 1, 1000);
    const report = verifyReceipts(rows.map(exportLine), {
      node: NODE,
      signatures: 'all',
      unsignedTailMax: RECEIPTS,
      faultsMax: 5,
    });
    return report.ok && report.receipts === RECEIPTS ? 'whole' : 'found';
  } catch (error) {
    return (error as CodedError).code;
  } finally {
    await store.close();
  }
}

describe('DB-04: a damaged database of cl-hive-comms', () => {
  it('DB-04: with one byte changed on any page is refused, whole, or found out', async () => {
    const location = await made();
    const bytes = readFileSync(location);
    const fates = new Map<string, number>();
    for (let page = 0; page < bytes.length / PAGE; page += 1) {
      for (const offset of [0, 3, 8, 100, 2000, 4000]) {
        const damaged = Buffer.from(bytes);
        const at = page * PAGE + offset;
        damaged.writeUInt8(damaged.readUInt8(at) ^ 0xff, at);
        writeFileSync(location, damaged);
        const came = await fate(location);
        fates.set(came, (fates.get(came) ?? 0) + 1);
        expect(came, `page ${page}, byte ${offset}`).toMatch(/^(?:whole|found|store_\w+)$/);
        if (REFUSAL.test(came)) {
          expect(readFileSync(location).equals(damaged)).toBe(true);
        }
      }
    }
    expect(fates.get('store_corrupt')).toBeGreaterThan(0);
    writeFileSync(location, bytes);
    expect(await fate(location)).toBe('whole');
  });

  it('DB-04: cut off at any page is refused and never begun anew', async () => {
    const location = await made();
    const bytes = readFileSync(location);
    for (let pages = 0; pages < bytes.length / PAGE; pages += 1) {
      const damaged = bytes.subarray(0, pages * PAGE);
      writeFileSync(location, damaged);
      expect(await fate(location), `${pages} pages`).toMatch(REFUSAL);
      expect(statSync(location).size).toBe(damaged.length);
    }
  });

  it('DB-04: that is a folder, or gone, is refused and nothing is made in its place', async () => {
    const location = await made();
    rmSync(location);
    expect(await fate(location)).toBe('store_missing');
    expect(existsSync(location)).toBe(false);
    mkdirSync(location);
    expect(await fate(location)).toMatch(REFUSAL);
  });

  it('DB-04: with a stale shared-memory file or a foreign log loses nothing', async () => {
    const location = await made();
    const bytes = readFileSync(location);
    writeFileSync(`${location}-shm`, Buffer.alloc(32_768, 0xa5));
    expect(await fate(location)).toBe('whole');
    writeFileSync(`${location}-wal`, Buffer.alloc(4152, 0x5a));
    expect(await fate(location)).toBe('whole');
    expect(readFileSync(location).subarray(0, 16).equals(bytes.subarray(0, 16))).toBe(true);
  });

  it('DB-04: that its user may not read is refused as such', async () => {
    const location = await made();
    // Root may read everything: be somebody else meanwhile.
    const root = process.geteuid?.() === 0;
    if (root) {
      process.seteuid?.(65_534);
    }
    try {
      if (!root) {
        chmodSync(location, 0o000);
      }
      expect(await fate(location)).toBe('store_denied');
    } finally {
      if (root) {
        process.seteuid?.(0);
      }
      chmodSync(location, 0o600);
    }
    expect(await fate(location)).toBe('whole');
  });
});
