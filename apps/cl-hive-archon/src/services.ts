import { type DependentServices, dependentModule } from '@cl-hive/runtime/services';
import type { ArchonDatabase } from './store/database.ts';
import { migrations } from './store/migrations.ts';

/** What the methods of cl-hive-archon work with. */
export type ArchonServices = DependentServices<ArchonDatabase>;

export const { open, close, wake, idle, status } = dependentModule<ArchonDatabase>({
  owner: 'cl-hive-archon',
  migrations,
  file: 'archon.sqlite3',
  metaTable: 'archon_meta',
});
