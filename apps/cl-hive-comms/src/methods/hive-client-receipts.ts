import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-receipts`: lists, exports and verifies the chain of receipts. */
export const clientReceipts = (ready: () => CommsServices) =>
  method({
    description: 'List, export or verify the signed record of what was asked, decided and done',
    params: {
      action: p.oneOf(['list', 'export', 'verify'], 'what to do').default('list'),
      from: p
        .int({ min: 1 }, 'list: the first receipt; by default the newest are listed')
        .optional(),
      limit: p.int({ min: 1, max: 1000 }, 'list: how many').default(50),
      file: p.text({ min: 1, max: 100 }, 'export: name of the file').optional(),
      signatures: p
        .oneOf(['seals', 'all'], 'verify: those that vouch for all others, or each')
        .default('seals'),
    },
    handle: ({ action, from, limit, file, signatures }) => {
      const { client } = ready();
      switch (action) {
        case 'list':
          return client.listReceipts(from, limit);
        case 'export':
          return client.exportReceipts(file);
        case 'verify':
          return client.verifyReceipts(signatures);
      }
    },
  });
