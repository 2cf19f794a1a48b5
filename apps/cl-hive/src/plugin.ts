import { defineSuitePlugin, VERSION } from '@cl-hive/runtime';
import { config } from './methods/hive-config.ts';
import { importDatabase } from './methods/hive-import.ts';
import { injectPacket } from './methods/hive-inject-packet.ts';
import { phase6Plugins, siblings } from './methods/hive-siblings.ts';
import { withMembershipMethods } from './methods/membership-methods.ts';
import { withOpenings } from './methods/opening-methods.ts';
import { withPlannerMethods } from './methods/planner-methods.ts';
import { OPENING_OPTIONS } from './openings/options.ts';
import { PLANNER_OPTIONS } from './planner/settings.ts';
import { HIVE_OPTIONS } from './plugin-options.ts';
import type { HiveServices } from './services.ts';

const declared = defineSuitePlugin<HiveServices>({
  self: 'cl-hive',
  version: VERSION,
  features: ['membership'],
  prefixes: ['hive'],
  statusMethod: 'hive-status',
  databaseOption: 'hive-db',
  snapshotMethod: 'hive-snapshot',
  options: { ...HIVE_OPTIONS, ...OPENING_OPTIONS, ...PLANNER_OPTIONS },
  load: () => import('./services.ts'),
});
const watch = () => declared.life().siblings;
const ready = () => declared.life().ready();
const hive = () => ready().hive;
const running = () => declared.life().services;

const routed = withMembershipMethods(declared.plugin, hive)
  .method('hive-siblings', siblings(watch))
  .method('hive-phase6-plugins', phase6Plugins(watch))
  .method('hive-inject-packet', injectPacket(hive))
  .method('hive-import', importDatabase(hive))
  .method('hive-config', config(ready))
  .on('connect', ({ id }) => running()?.hive.peerConnected(id))
  .on('disconnect', ({ id }) => running()?.hive.peerDisconnected(id))
  .on('forward_event', (event) => running()?.forwarded(event))
  .on('block_added', ({ height }) => running()?.hive.block(height), { latestOnly: true })
  .on('channel_opened', ({ id }) => running()?.planner.noticed(id))
  .on('channel_state_changed', ({ peer_id }) => running()?.planner.noticed(peer_id));

/** The plugin as lightningd starts it. */
export const plugin = withPlannerMethods(
  withOpenings(routed, () => ready().openings),
  () => ready().planner.commands,
);
