import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { withClientMethods } from './methods/client-methods.ts';
import { COMMS_OPTIONS } from './plugin-options.ts';
import type { CommsServices } from './services.ts';
import { mountTransports } from './transports/mount.ts';

const declared = defineSuitePlugin<CommsServices>({
  self: 'cl-hive-comms',
  version: VERSION,
  features: ['identity', 'transports', 'management'],
  prefixes: ['hive-comms', 'hive-client'],
  statusMethod: 'hive-comms-status',
  databaseOption: 'hive-comms-db',
  snapshotMethod: 'hive-comms-snapshot',
  options: COMMS_OPTIONS,
  load: () => import('./services.ts'),
});

/** The plugin as lightningd starts it. */
export const plugin = mountTransports(
  withClientMethods(declared.plugin, () => declared.life().ready()),
  () => declared.life().ready().transports,
  () => declared.life().services?.transports,
);
