import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { withCredentialMethods } from './methods/credential-methods.ts';
import { withIdentityMethods } from './methods/identity-methods.ts';
import { ARCHON_OPTIONS } from './plugin-options.ts';
import type { ArchonServices } from './services.ts';

const declared = defineSuitePlugin<ArchonServices>({
  self: 'cl-hive-archon',
  version: VERSION,
  features: ['identity', 'credentials'],
  prefixes: ['hive-archon'],
  statusMethod: 'hive-archon-status',
  databaseOption: 'hive-archon-db',
  options: ARCHON_OPTIONS,
  load: () => import('./services.ts'),
});

// Identity and credentials work while the siblings are away: only opening has to be waited for.
const opened = (): ArchonServices => declared.life().services ?? declared.life().ready();
const ready = (): ArchonServices => declared.life().ready();

/** The plugin as lightningd starts it. */
export const plugin = withCredentialMethods(
  withIdentityMethods(declared.plugin, opened, ready),
  opened,
);
