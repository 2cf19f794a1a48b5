import { method, p } from '@cl-hive/cln-plugin';
import type { Hive } from '../hive.ts';
import { importOriginal } from '../importing/import-original.ts';
import { PATH_MAX } from '../limits.ts';

/** `hive-import`: shows what an original's database has, and takes it over when asked to. */
export const importDatabase = (ready: () => Hive) =>
  method({
    description: "Take over the original cl-hive's database; without dry_run=false only show it",
    params: {
      path: p.text({ max: PATH_MAX }, "the original's cl_hive.db; it is read from a copy"),
      dry_run: p.bool('true: only show what would be taken').default(true),
    },
    handle: async ({ path, dry_run }) => {
      const { readForeignSqlite } = await import('@cl-hive/store');
      return importOriginal(ready(), readForeignSqlite, path, dry_run);
    },
  });
