import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { withCredentialMethods } from './methods/credential-methods.ts';
import { withIdentityMethods } from './methods/identity-methods.ts';
import { mountOffices } from './node/mount.ts';
import { ARCHON_OPTIONS } from './plugin-options.ts';
import type { ArchonServices } from './services.ts';
import { VAULT_OPTIONS } from './vault/options.ts';

const declared = defineSuitePlugin<ArchonServices>({
  self: 'cl-hive-archon',
  version: VERSION,
  features: ['identity', 'credentials', 'governance', 'vault'],
  prefixes: ['hive-archon', 'hive-poll', 'hive-vote', 'hive-my-votes'],
  statusMethod: 'hive-archon-status',
  databaseOption: 'hive-archon-db',
  snapshotMethod: 'hive-archon-snapshot',
  options: { ...ARCHON_OPTIONS, ...VAULT_OPTIONS },
  load: () => import('./services.ts'),
});

// Identity and credentials work while the siblings are away: only opening has to be waited for.
const opened = (): ArchonServices => declared.life().services ?? declared.life().ready();
const ready = (): ArchonServices => declared.life().ready();

/** The plugin as lightningd starts it. */
export const plugin = mountOffices(
  withCredentialMethods(withIdentityMethods(declared.plugin, opened, ready), opened, ready),
  () => ready().offices,
  () => opened().offices,
  () => declared.life().services?.offices,
);
