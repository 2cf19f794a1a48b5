import assert from 'node:assert/strict';
import type { OutboxRecord, TransportStorage } from '../ports.ts';

/** One thing that every {@link TransportStorage} does. `run` rejects with an AssertionError when it does not. */
export interface StorageCase {
  readonly name: string;
  readonly run: (storage: TransportStorage) => Promise<void>;
}

/** The contract of {@link TransportStorage}: each case is run with a storage that is empty. */
export const storageContract: readonly StorageCase[] = [
  {
    name: 'keeps a cursor for each relay and replaces it',
    run: async (storage) => {
      assert.equal(await storage.loadCursor('wss://a.example'), undefined);
      await storage.saveCursor('wss://a.example', 1_700_000_000);
      await storage.saveCursor('wss://b.example', 5);
      await storage.saveCursor('wss://a.example', 1_600_000_000);
      assert.equal(await storage.loadCursor('wss://a.example'), 1_600_000_000);
      assert.equal(await storage.loadCursor('wss://b.example'), 5);
    },
  },
  {
    name: 'knows ids that were marked, several at once and twice over',
    run: async (storage) => {
      assert.equal(await storage.hasSeen(id(1)), false);
      await storage.markSeen([id(1), id(2)], 1_000);
      await storage.markSeen([id(2), id(3)], 2_000);
      await storage.markSeen([], 3_000);
      assert.deepEqual(await seen(storage, 4), [true, true, true, false]);
    },
  },
  {
    name: 'forgets ids that were marked before a time; marking again does not renew them',
    run: async (storage) => {
      await storage.markSeen([id(1), id(2)], 1_000);
      await storage.markSeen([id(2)], 9_000);
      await storage.markSeen([id(3)], 2_000);
      await storage.pruneSeen(2_000, 100);
      assert.deepEqual(await seen(storage, 3), [false, false, true]);
    },
  },
  {
    name: 'forgets the oldest ids beyond a number',
    run: async (storage) => {
      for (const n of [3, 1, 2, 4]) {
        await storage.markSeen([id(n)], n * 1_000);
      }
      await storage.pruneSeen(0, 2);
      assert.deepEqual(await seen(storage, 4), [false, false, true, true]);
    },
  },
  {
    name: 'gives outbox records back as they were put, oldest first',
    run: async (storage) => {
      assert.deepEqual(await storage.loadOutbox(), []);
      await storage.putOutbox(record(2, 2_000));
      await storage.putOutbox(record(1, 1_000));
      assert.deepEqual(await storage.loadOutbox(), [record(1, 1_000), record(2, 2_000)]);
    },
  },
  {
    name: 'replaces and removes outbox records; what is gone may be removed',
    run: async (storage) => {
      await storage.putOutbox(record(1, 1_000));
      await storage.putOutbox(record(2, 2_000));
      const accepted = { ...record(1, 1_000), accepted: ['wss://a.example'] };
      await storage.putOutbox(accepted);
      await storage.removeOutbox(id(2));
      await storage.removeOutbox(id(2));
      assert.deepEqual(await storage.loadOutbox(), [accepted]);
    },
  },
  {
    name: 'takes calls at the same time',
    run: async (storage) => {
      const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
      await Promise.all(
        numbers.flatMap((n) => [
          storage.markSeen([id(n)], n),
          storage.putOutbox(record(n, n)),
          storage.saveCursor('wss://a.example', n),
        ]),
      );
      assert.equal((await storage.loadOutbox()).length, 50);
      assert.ok((await seen(storage, 50)).every(Boolean));
    },
  },
];

function id(n: number): string {
  return n.toString(16).padStart(64, '0');
}

async function seen(storage: TransportStorage, upTo: number): Promise<readonly boolean[]> {
  return Promise.all(Array.from({ length: upTo }, (_, index) => storage.hasSeen(id(index + 1))));
}

function record(n: number, createdAt: number): OutboxRecord {
  return {
    id: id(n),
    event: {
      id: id(n),
      pubkey: 'ab'.repeat(32),
      created_at: 1_700_000_000,
      kind: 1_059,
      tags: [['p', 'cd'.repeat(32)], ['empty']],
      content: 'quote " and \u0000 and \u{1f41d}',
      sig: 'ef'.repeat(64),
    },
    relays: ['wss://a.example', 'wss://b.example'],
    quorum: 2,
    createdAt,
    expiresAt: createdAt + 86_400_000,
    accepted: [],
  };
}
