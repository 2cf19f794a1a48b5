import { bytesToHex, hexToBytes, type NodeId } from '@cl-hive/core';
import { psbtOf } from './chain/psbt.ts';
import { reverseHex, type Transaction } from './chain/transaction.ts';
import type { Channel, ChannelSide } from './channel.ts';
import { openLedger } from './ledger.ts';
import type { Policy } from './policy.ts';

/** Smallest reserve: an output that is relayed. */
const RESERVE_MIN_MSAT = 546_000n;

/** What both sides agreed on when a channel was funded. */
export interface Opening {
  readonly opener: NodeId;
  readonly accepter: NodeId;
  readonly transaction: Transaction;
  readonly outnum: number;
  readonly pushMsat: bigint;
  readonly isPrivate: boolean;
  readonly minDepth: number;
  readonly reserveMsat: bigint | undefined;
  /** Where each side's part goes at a close, the opener's first. */
  readonly closeTo: readonly [string, string];
}

/** The channel that an agreement makes; `draw` gives 32 bytes for a side's alias. */
export function makeChannel(
  opening: Opening,
  height: number,
  draw: (id: NodeId) => Uint8Array,
): Channel {
  const { transaction, outnum, pushMsat } = opening;
  const capacityMsat = (transaction.outputs[outnum]?.sat ?? 0n) * 1000n;
  const reserveMsat = opening.reserveMsat ?? max(capacityMsat / 100n, RESERVE_MIN_MSAT);
  const policy: Policy = {
    baseMsat: 1,
    feePpm: 10,
    delay: 6,
    htlcMinMsat: 0n,
    htlcMaxMsat: capacityMsat - reserveMsat,
  };
  const side = (id: NodeId, closeTo: string, startMsat: bigint): ChannelSide => ({
    id,
    closeTo,
    alias: aliasOf(draw(id)),
    reserveMsat,
    state: 'CHANNELD_AWAITING_LOCKIN',
    changes: [],
    status: [
      `CHANNELD_AWAITING_LOCKIN:Funding needs ${opening.minDepth} more confirmations to be ready.`,
    ],
    policy,
    former: undefined,
    ignoreFeeLimits: true,
    leastMsat: startMsat,
    mostMsat: startMsat,
    sent: { offered: 0, offeredMsat: 0n, fulfilled: 0, fulfilledMsat: 0n },
    received: { offered: 0, offeredMsat: 0n, fulfilled: 0, fulfilledMsat: 0n },
    stableSince: undefined,
  });
  return {
    channelId: channelIdOf(transaction.txid, outnum),
    sides: [
      side(opening.opener, opening.closeTo[0], capacityMsat - pushMsat),
      side(opening.accepter, opening.closeTo[1], pushMsat),
    ],
    isPrivate: opening.isPrivate,
    pushedMsat: pushMsat,
    openedMsat: capacityMsat,
    fundingPsbt: psbtOf(transaction),
    openedAt: height,
    minDepth: opening.minDepth,
    feePerKw: 1250,
    fundingTxid: transaction.txid,
    fundingOutnum: outnum,
    ledger: openLedger(capacityMsat, pushMsat),
    scid: undefined,
    announced: false,
    inflight: undefined,
    closing: undefined,
    spentAt: undefined,
  };
}

function aliasOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer);
  return `${(view.getUint32(0) >>> 8) | 1}x${view.getUint32(4) >>> 8}x${view.getUint16(8)}`;
}

/** The id of the channel that an output funds (BOLT 2). */
export function channelIdOf(txid: string, outnum: number): string {
  const bytes = hexToBytes(reverseHex(txid));
  bytes[30] = (bytes[30] ?? 0) ^ (outnum >> 8);
  bytes[31] = (bytes[31] ?? 0) ^ (outnum & 255);
  return bytesToHex(bytes);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
