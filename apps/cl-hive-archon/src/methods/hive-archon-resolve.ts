import { method, p } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { did } from './did-param.ts';

/** `hive-archon-resolve`: the verified document of a DID, with the age of what is known. */
export const archonResolve = (opened: () => ArchonServices) =>
  method({
    description: 'Resolve a DID: its verified document at a version or time, and how old that is',
    params: {
      did: did('the DID'),
      version: p.int({ min: 1, max: 100_000 }, 'the version, by number').optional(),
      time: p.int({ min: 0 }, 'the version that counted then, Unix seconds').optional(),
    },
    handle: ({ did: wanted, version, time }) =>
      opened().identityCommands.resolve(wanted, {
        ...(version === undefined ? {} : { sequence: version }),
        ...(time === undefined ? {} : { timeMs: time * 1000 }),
      }),
  });
