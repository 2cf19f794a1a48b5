import type { MetaTable } from '@cl-hive/runtime/services';

/** The rows of cl-hive's tables (`migrations.ts`). */
export interface HiveDatabase {
  readonly hive_meta: MetaTable;
}
