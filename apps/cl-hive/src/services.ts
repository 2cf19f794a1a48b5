import { type DependentServices, dependentModule } from '@cl-hive/runtime/services';
import type { HiveDatabase } from './store/database.ts';
import { migrations } from './store/migrations.ts';

/** What the methods of cl-hive work with. */
export type HiveServices = DependentServices<HiveDatabase>;

export const { open, close, wake, idle, status } = dependentModule<HiveDatabase>({
  owner: 'cl-hive',
  migrations,
  file: 'hive.sqlite3',
  metaTable: 'hive_meta',
});
