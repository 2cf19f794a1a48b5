import { method } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';

/** `hive-lock-status`: who decides about openings, what is granted to whom, and who does not answer. */
export const lockStatus = (ready: () => Openings) =>
  method({
    description: 'The lock for openings: its epoch, what this node granted, and who is silent',
    handle: () => ready().lockStatus(),
  });
