import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { withIdentityMethods } from './methods/identity-methods.ts';
import type { ArchonServices } from './services.ts';

const declared = defineSuitePlugin<ArchonServices>({
  self: 'cl-hive-archon',
  version: VERSION,
  features: ['identity'],
  prefixes: ['hive-archon'],
  statusMethod: 'hive-archon-status',
  databaseOption: 'hive-archon-db',
  load: () => import('./services.ts'),
});

/** The plugin as lightningd starts it. */
export const plugin = withIdentityMethods(declared.plugin, () => {
  const services = declared.life().services;
  // Identity works while the siblings are away: only what is not opened yet has to be waited for.
  return services ?? declared.life().ready();
});
