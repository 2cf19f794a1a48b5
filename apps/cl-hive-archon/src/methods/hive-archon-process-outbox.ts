import { method } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';

/** `hive-archon-process-outbox`: tells the Gatekeepers now what they lack, also what failed before. */
export const archonProcessOutbox = (opened: () => ArchonServices) =>
  method({
    description: 'Tell the Gatekeepers now what they lack of the DIDs of this node',
    handle: async () => {
      const { outbox, gatekeepers } = opened().parts;
      const done = await outbox.run(true);
      return { ...done, ...gatekeepers.view(), outbox: await outbox.view() };
    },
  });
