import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import type { ArchonServices } from './services.ts';

/** The plugin as lightningd starts it. */
export const { plugin } = defineSuitePlugin<ArchonServices>({
  self: 'cl-hive-archon',
  version: VERSION,
  features: [],
  prefixes: ['hive-archon'],
  statusMethod: 'hive-archon-status',
  databaseOption: 'hive-archon-db',
  load: () => import('./services.ts'),
});
