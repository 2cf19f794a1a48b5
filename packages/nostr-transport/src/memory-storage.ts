import type { OutboxRecord, TransportStorage } from './ports.ts';

/** A {@link TransportStorage} that forgets with the process: for tests and for tools that run once. */
export function memoryStorage(): TransportStorage {
  const cursors = new Map<string, number>();
  const seen = new Map<string, number>();
  const outbox = new Map<string, OutboxRecord>();
  return {
    loadCursor: async (relay) => cursors.get(relay),
    saveCursor: async (relay, cursor) => {
      cursors.set(relay, cursor);
    },
    hasSeen: async (id) => seen.has(id),
    markSeen: async (ids, at) => {
      for (const id of ids) {
        if (!seen.has(id)) {
          seen.set(id, at);
        }
      }
    },
    pruneSeen: async (before, most) => {
      const oldestFirst = [...seen].sort(([, a], [, b]) => a - b);
      oldestFirst.forEach(([id, at], index) => {
        if (at < before || index < oldestFirst.length - most) {
          seen.delete(id);
        }
      });
    },
    loadOutbox: async () =>
      [...outbox.values()]
        .sort((a, b) => a.createdAt - b.createdAt)
        .map((record) => structuredClone(record)),
    putOutbox: async (record) => {
      outbox.set(record.id, structuredClone(record));
    },
    removeOutbox: async (id) => {
      outbox.delete(id);
    },
  };
}
