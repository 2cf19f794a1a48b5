import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { clientIdentity } from './methods/hive-client-identity.ts';
import type { CommsServices } from './services.ts';

const declared = defineSuitePlugin<CommsServices>({
  self: 'cl-hive-comms',
  version: VERSION,
  features: ['identity'],
  prefixes: ['hive-comms', 'hive-client'],
  statusMethod: 'hive-comms-status',
  databaseOption: 'hive-comms-db',
  load: () => import('./services.ts'),
});

/** The plugin as lightningd starts it. */
export const plugin = declared.plugin.method(
  'hive-client-identity',
  clientIdentity(() => declared.life().ready()),
);
