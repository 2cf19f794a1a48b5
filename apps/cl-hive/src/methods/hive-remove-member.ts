import { method, p } from '@cl-hive/cln-plugin';

/**
 * `hive-remove-member`, `hive-force-promote`, `hive-promote-admin`, `hive-ban`: in the original one
 * member decides alone by them; here nobody does, and the answer says who decides.
 */
export const decidedByVotes = (instead: string) =>
  method({
    description: `Refused: members decide together (${instead})`,
    params: {
      peer_id: p.nodeId('the node').optional(),
      reason: p.text({ max: 500 }, 'why').optional(),
    },
    handle: () => ({
      error: 'decided_by_votes',
      message: 'no member decides alone about another',
      remedy: `use ${instead}`,
    }),
  });
