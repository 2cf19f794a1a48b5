import { method, p } from '@cl-hive/cln-plugin';
import type { PollOffice } from '../poll-office.ts';

/** `hive-poll-create`: asks a fixed electorate a question. */
export const pollCreate = (ready: () => PollOffice) =>
  method({
    description: 'Ask the members of the hive, or those named, a question',
    params: {
      title: p.text({ min: 1, max: 400 }, 'the question, at most 200 characters'),
      options: p.array(p.text({ min: 1, max: 128 }), { max: 64 }, '2 to 10 options'),
      deadline: p.int({ min: 0 }, 'when voting ends, in Unix seconds'),
      electorate: p
        .array(p.nodeId(), { min: 1, max: 500 }, 'who may vote; by default the hive’s members')
        .optional(),
      tier: p
        .oneOf(['basic', 'governance'], 'governance: voters keep a bond in their channels')
        .default('basic'),
      bond_sat: p.int({ min: 1, max: 2_100_000_000_000_000 }, 'the bond; 50,000 sat').optional(),
      metadata: p.anyObject('anything more, at most 8,192 bytes').optional(),
    },
    handle: ({ bond_sat: bondSat, electorate, metadata, ...wish }) =>
      ready().create({ ...wish, bondSat, electorate, metadata }),
  });
