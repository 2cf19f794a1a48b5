import type { Plugin } from '@cl-hive/cln-plugin';
import { dmailReach } from '../dmail/methods/hive-archon-dmail-reach.ts';
import { dmailSend } from '../dmail/methods/hive-archon-dmail-send.ts';
import { mountGovernance } from '../governance/mount.ts';
import { mountVault } from '../vault/mount.ts';
import { archonMessage } from './hive-archon-message.ts';
import type { Offices } from './offices.ts';

/**
 * Adds governance, vault and shared keys. `ready` throws while siblings are away, `opened` while nothing is
 * open, `running` is undefined then.
 */
export function mountOffices(
  plugin: Plugin,
  ready: () => Offices,
  opened: () => Offices,
  running: () => Offices | undefined,
): Plugin {
  const governed = mountGovernance(
    plugin,
    () => ready().polls,
    () => opened().polls,
  );
  return mountVault(governed, ready, opened)
    .method('hive-archon-message', archonMessage(ready))
    .method(
      'hive-archon-dmail-reach',
      dmailReach(() => ready().dmail),
    )
    .method(
      'hive-archon-dmail-send',
      dmailSend(() => ready().dmail),
    )
    .on('connect', ({ id }) => running()?.connected(id))
    .on('block_added', ({ height }) => running()?.block(height), { latestOnly: true });
}
