import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore, type Store } from '@cl-hive/store';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll } from 'vitest';
import { DidStore } from '../src/dids/did-store.ts';
import { IdentityKeeper } from '../src/identity/identity-keeper.ts';
import { OwnKeys } from '../src/identity/own-keys.ts';
import type { OwnRecord } from '../src/identity/own-record.ts';
import type { ArchonDatabase } from '../src/store/database.ts';
import { migrations } from '../src/store/migrations.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-archon-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

/** A place where no database is yet. */
export function freshFile(): string {
  count += 1;
  return path.join(base, `archon-${count}.sqlite3`);
}

export const clock = new VirtualClock(1_790_000_000_000);

export function openArchonStore(location: string): Promise<Store<ArchonDatabase>> {
  const log = () => {};
  return openStore<ArchonDatabase>({ owner: 'cl-hive-archon', migrations, location, clock, log });
}

/** A node's lightningd as far as keys go: the same for the same node and label. */
export function keysOf(node: string): OwnKeys {
  const secret = (label: string) => createHash('sha256').update(`${node}/${label}`).digest('hex');
  const call = async (_method: unknown, params: unknown) => ({
    secret: secret((params as { string: string }).string),
  });
  return new OwnKeys({ call } as ConstructorParameters<typeof OwnKeys>[0]);
}

/** lightningd's datastore as far as identities go. */
export class MemoryRecords {
  record: OwnRecord | undefined;
  failing = false;
  load = async (): Promise<OwnRecord | undefined> => this.record;
  save = async (record: OwnRecord): Promise<void> => {
    if (this.failing) {
      throw new Error('lightningd does not answer');
    }
    this.record = record;
  };
}

/** An identity on a database of its own. */
export async function keeperOn(
  location: string,
  records: MemoryRecords = new MemoryRecords(),
  node = 'node',
  made: ConstructorParameters<typeof IdentityKeeper>[0]['made'] = async () => {},
) {
  const store = await openArchonStore(location);
  const dids = new DidStore(store);
  const warnings: string[] = [];
  const keeper = new IdentityKeeper({
    store,
    dids,
    keys: keysOf(node),
    records,
    clock,
    warn: (message) => warnings.push(message),
    made,
  });
  return { store, dids, keeper, warnings, records };
}
