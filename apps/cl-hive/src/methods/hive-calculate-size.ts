import { method, p } from '@cl-hive/cln-plugin';
import { DecodeError } from '@cl-hive/core';
import type { PlannerCommands } from '../planner/planner-commands.ts';

function share(input: unknown): number {
  const value = typeof input === 'string' && input.trim() !== '' ? Number(input) : input;
  if (typeof value === 'number' && value >= 0 && value <= 1) {
    return value;
  }
  throw new DecodeError('a number from 0 to 1', input);
}

/** `hive-calculate-size`: how large a channel to a peer would be, and what bounds it. */
export const calculateSize = (planner: () => PlannerCommands) =>
  method({
    description: 'Say how large a channel from this node to a peer would be, and why',
    params: {
      peer_id: p.nodeId('the peer'),
      capacity_sats: p
        .int({ min: 0, max: 2_100_000_000_000_000 }, 'its public capacity, if not the known one')
        .optional(),
      channel_count: p.int({ min: 0, max: 1_000_000 }, 'its channels, shown back').optional(),
      hive_share_pct: p
        .custom(share, 'the fleet’s share in it, 0 to 1, if not the known one')
        .optional(),
    },
    handle: ({ peer_id, capacity_sats, channel_count, hive_share_pct }) =>
      planner().size(peer_id, {
        ...(capacity_sats === undefined ? {} : { capacitySat: capacity_sats }),
        ...(channel_count === undefined ? {} : { channelCount: channel_count }),
        ...(hive_share_pct === undefined ? {} : { share: hive_share_pct }),
      }),
  });
