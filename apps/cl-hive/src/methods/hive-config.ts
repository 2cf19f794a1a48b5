import { method } from '@cl-hive/cln-plugin';
import type { HiveServices } from '../services.ts';

/** `hive-config`: what is set, under the original's names. */
export const config = (ready: () => Pick<HiveServices, 'config'>) =>
  method({
    description: 'The settings of the hive, under the original’s names',
    handle: () => ready().config(),
  });
