import type { MetaTable } from '@cl-hive/runtime/services';

/** The rows of cl-hive-archon's tables (`migrations.ts`). */
export interface ArchonDatabase {
  readonly archon_meta: MetaTable;
}
