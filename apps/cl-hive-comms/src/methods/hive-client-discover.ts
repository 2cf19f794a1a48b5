import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-discover`: what advisors can ask of this node. */
export const clientDiscover = (ready: () => CommsServices) =>
  method({
    description: 'List the management schemas and actions, and which of them this node can do',
    params: { schema: p.text({ min: 1, max: 128 }, 'only this schema').optional() },
    handle: ({ schema }) => ready().client.discover(schema),
  });
