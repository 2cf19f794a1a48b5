import { type Broken, broken } from './broken.ts';

/** Worlds in which one node is. */
export const NODE: readonly Broken[] = [
  broken(
    'N-PLUGINS',
    'fail',
    'a plugin that failed',
    (w) => (w['node'].plugins[2].state = 'failed'),
  ),
  broken(
    'N-PLUGINS',
    'unknown',
    'a plugin that idles',
    (w) => (w['node'].plugins[2].state = 'idle'),
  ),
  broken('N-VERSIONS', 'fail', 'two releases', (w) => (w['node'].plugins[0].version = '0.9.0')),
  broken('N-DATABASES', 'unknown', 'no database', (w) => delete w['node'].plugins[1].database),
  broken(
    'N-DATABASES',
    'fail',
    'a database that may lose',
    (w) => (w['node'].plugins[1].database.durable = false),
  ),
  broken('N-DATABASES', 'fail', 'a long log', (w) => (w['node'].plugins[1].database.log_mib = 100)),
  broken(
    'N-SIBLINGS',
    'fail',
    'a needed sibling that is not seen',
    (w) => (w['node'].plugins[2].siblings[0].state = 'absent'),
  ),
  broken(
    'N-SIBLINGS',
    'fail',
    'a running sibling that is not seen',
    (w) => (w['node'].plugins[2].siblings[1].state = 'incompatible'),
  ),
  broken('N-SIBLINGS', 'pass', 'a sibling that is not installed', (w) => {
    w['node'].plugins.splice(1, 1);
    w['node'].plugins[0].siblings[0].state = 'absent';
    w['node'].plugins[1].siblings[1].state = 'absent';
  }),
  broken(
    'N-RELAYS',
    'fail',
    'a relay that is down',
    (w) => (w['node'].plugins[0].relays[0].connected = false),
  ),
  broken(
    'N-RELAYS',
    'fail',
    'an option that is not used',
    (w) => (w['node'].plugins[0].problems = ['bad relay']),
  ),
  broken('N-OPTIONS', 'fail', 'an orphan option', (w) => (w['node'].orphan_options = ['hive-db'])),
  broken('N-DISK', 'fail', 'a full disk', (w) => (w['node'].disk_free_mib = 10)),
  broken('N-CLOCK', 'fail', 'a slow clock', (w) => (w['node'].clock_behind_block_seconds = 600)),
  broken('N-CLOCK', 'unknown', 'a chain that is behind', (w) => (w['node'].synced = false)),
  broken(
    'N-MODES',
    'fail',
    'a file that others can read',
    (w) => (w['node'].files[0].mode = '0644'),
  ),
];
