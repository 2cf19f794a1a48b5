import { method } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/**
 * `hive-archon-process-outbox`: tells the Gatekeepers now what they lack, also what failed before. An archive that
 * waits for them is begun, and not waited for.
 */
export const archonProcessOutbox = (opened: () => ArchonServices) =>
  method({
    description: 'Tell the Gatekeepers now what they lack of the DIDs and archives of this node',
    handle: async () => {
      const { outbox, gatekeepers, offices } = opened().parts;
      const done = await outbox.run(true);
      const archives = await offices.vault.depositNow();
      return { ...done, ...gatekeepers.view(), outbox: await outbox.view(), ...archives };
    },
  });
