import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { phase6Plugins, siblings } from './methods/hive-siblings.ts';
import type { HiveServices } from './services.ts';

const declared = defineSuitePlugin<HiveServices>({
  self: 'cl-hive',
  version: VERSION,
  features: [],
  prefixes: ['hive'],
  statusMethod: 'hive-status',
  databaseOption: 'hive-db',
  load: () => import('./services.ts'),
});
const watch = () => declared.life().siblings;

/** The plugin as lightningd starts it. */
export const plugin = declared.plugin
  .method('hive-siblings', siblings(watch))
  .method('hive-phase6-plugins', phase6Plugins(watch));
