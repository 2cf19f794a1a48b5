import { type Msat, type NodeId, satToMsat, msat as toMsat } from '@cl-hive/core';
import type { ManagementCommand } from './command.ts';

/** What a command's own parameters say it touches; what only the node knows is not in here. */
export interface CommandSubject {
  /** Named peers (`peer_id`, a keysend's destination). */
  readonly peers: readonly NodeId[];
  /** Named channels, as they were named. */
  readonly channels: readonly string[];
  /** Whether it touches all channels without naming them. */
  readonly allChannels: boolean;
  /** What it moves, in msat; undefined when the parameters do not say (an invoice, a close). */
  readonly amountMsat: Msat | undefined;
  /** The largest proportional fee it may pay, in ppm of the amount; undefined when not given. */
  readonly maxFeePpm: number | undefined;
  /** The proportional fee that it sets, in ppm; undefined when it sets none. */
  readonly feePpm: number | undefined;
}

function texts(...values: readonly unknown[]): string[] {
  return values.flat().filter((value): value is string => typeof value === 'string');
}

function amountOf(params: ManagementCommand['params']): Msat | undefined {
  const { amount_sats: sats, amount_msat: amount } = params;
  if (typeof sats === 'number') {
    return satToMsat(sats);
  }
  return typeof amount === 'number' ? toMsat(amount) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Reads the subject from a checked command. */
export function commandSubject(command: ManagementCommand): CommandSubject {
  const { params, action } = command;
  const peers = texts(params['peer_id'], action === 'keysend' ? params['destination'] : undefined);
  const policy = params['policy'];
  const bulk = typeof policy === 'object' && policy !== null && 'fee_ppm' in policy;
  return {
    peers: peers as NodeId[],
    channels: texts(
      params['channel_id'],
      params['from_channel'],
      params['to_channel'],
      params['channels'],
      params['hints'],
      typeof params['htlc_id'] === 'string' ? params['htlc_id'].split(':')[0] : undefined,
    ),
    allChannels: action === 'close_all' || action === 'emergency_close_all',
    amountMsat: amountOf(params),
    maxFeePpm: numberOf(params['max_fee_ppm']),
    feePpm: numberOf(
      params['fee_ppm'] ?? params['target_fee_ppm'] ?? (bulk ? policy['fee_ppm'] : undefined),
    ),
  };
}
