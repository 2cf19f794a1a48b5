import { storageContract } from '@cl-hive/nostr-transport/testing';
import { openStore } from '@cl-hive/store';
import { DATABASE_KINDS, TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, it } from 'vitest';
import type { CommsDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations.ts';
import { sqlNostrStorage } from '../../src/transports/nostr/sql-storage.ts';

describe.each(DATABASE_KINDS)(
  "what the Nostr transport keeps in the plugin's database, %s",
  (kind) => {
    const databases = new TestDatabases(kind);
    afterAll(() => databases.remove());

    it.each(storageContract.map((one) => [one.name, one] as const))(
      '%s',
      async (_name, { run }) => {
        const store = await openStore<CommsDatabase>({
          location: await databases.location(),
          owner: 'cl-hive-comms',
          migrations,
          clock: new VirtualClock(),
          log: () => undefined,
        });
        try {
          await run(sqlNostrStorage(store));
        } finally {
          await store.close();
        }
      },
    );
  },
);
