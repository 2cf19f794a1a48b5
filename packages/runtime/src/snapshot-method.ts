import { method, type PluginContext, p } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import type { PluginName } from './plugins.ts';
import type { SnapshotDesk } from './services/snapshot-desk.ts';
import type { Problem } from './suite-plugin.ts';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

/**
 * The method by which cl-hive-archon gets a consistent copy of a plugin's database, and has one restored:
 *
 * - `state`: what the database holds, by table
 * - `hold`, `release`: stop writing for at most 700 ms, so that several plugins' copies are of one moment
 * - `write`: a verified copy of that moment in `cl-hive-vault/staging/<name>`, mode 0600
 * - `forget`: removes it
 * - `check`, `prepare`: read a copy in `cl-hive-vault/restore/<name>`, make a database of it beside
 * - `suspend`: stop working until the next start, at which the restored database is taken
 */
export function snapshotMethod(
  self: PluginName,
  desk: (context: PluginContext) => SnapshotDesk,
  suspend: (context: PluginContext, problem: Problem) => Promise<void>,
) {
  return method({
    description: `Copy and restore the database of ${self}; cl-hive-archon's vault calls it`,
    params: {
      action: p.oneOf(
        ['state', 'hold', 'release', 'write', 'forget', 'check', 'prepare', 'suspend'],
        'what to do',
      ),
      name: p.text({ match: NAME, max: 64 }, 'the copy or restore').default('copy'),
      tables: p.array(p.text({ max: 128 }), { max: 1_000 }, 'for state: these alone').optional(),
    },
    handle: async ({ action, name, tables }, call): Promise<JsonObject> => {
      switch (action) {
        case 'state':
          return desk(call).state(tables);
        case 'hold':
          return desk(call).hold();
        case 'release':
          return desk(call).release();
        case 'write':
          return desk(call).write(name);
        case 'forget':
          await desk(call).end();
          return desk(call).forget(name);
        case 'check':
          return desk(call).check(name);
        case 'prepare':
          return desk(call).prepare(name);
        case 'suspend':
          await suspend(call, {
            code: 'restore_pending',
            message: 'a backup is being restored, and its database is taken at the next start',
            remedy: `stop and start ${self} (lightning-cli plugin), or restart lightningd`,
          });
          return { owner: self, suspended: true };
      }
    },
  });
}
