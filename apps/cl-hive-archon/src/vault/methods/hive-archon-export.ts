import { method, p } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import type { VaultOffice } from '../vault-office.ts';

/** `hive-archon-export`: what a recovery needs to be known, and the newest archive in another folder. */
export const archonExport = (ready: () => VaultOffice, sheet: () => Promise<JsonObject>) =>
  method({
    description: 'What to write down for a recovery; with to, copy the newest archive there',
    params: {
      to: p.text({ min: 1, max: 4_096 }, 'a folder of your own, by its whole path').optional(),
    },
    handle: async ({ to }) => ({
      recovery: await sheet(),
      ...(to === undefined ? {} : { copied: await ready().export(to) }),
    }),
  });
