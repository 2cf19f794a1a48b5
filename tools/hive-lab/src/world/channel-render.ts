import type { JsonObject } from '@cl-hive/core';
import { bytesToHex } from '@cl-hive/core';
import { scriptToAddress } from './chain/address.ts';
import { type Channel, type ChannelSide, directionOf, spendableBy } from './channel.ts';
import { sha256 } from './digest.ts';
import { type Htlc, otherSide, type SideNumber } from './ledger.ts';
import type { Policy } from './policy.ts';

/** Every channel of the lab has static remote keys and anchors. */
export const CHANNEL_TYPE = {
  bits: [12, 22],
  names: ['static_remotekey/even', 'anchors/even'],
} as const;

/** "No limit" of what may be in flight. */
const U64_MAX = (1n << 64n) - 1n;

/** What rendering a channel needs to know besides it. */
export interface ChannelView {
  readonly network: string;
  readonly connected: boolean;
}

function policyJson(policy: Policy): JsonObject {
  return {
    htlc_minimum_msat: policy.htlcMinMsat,
    htlc_maximum_msat: policy.htlcMaxMsat,
    cltv_expiry_delta: policy.delay,
    fee_base_msat: policy.baseMsat,
    fee_proportional_millionths: policy.feePpm,
  };
}

/** The owner of a channel's state machine, where one runs. */
function owner(state: string, connected: boolean): { owner?: string } {
  if (state === 'ONCHAIN' || state === 'FUNDING_SPEND_SEEN') {
    return { owner: 'onchaind' };
  }
  if (!connected) {
    return {};
  }
  return { owner: state.startsWith('CLOSINGD') ? 'closingd' : 'channeld' };
}

/** A channel as `listpeerchannels` shows it to one of its sides. */
export function renderChannel(channel: Channel, side: SideNumber, view: ChannelView): JsonObject {
  const us = channel.sides[side];
  const them = channel.sides[otherSide(side)];
  const { ledger } = channel;
  const locked = channel.scid !== undefined;
  return {
    peer_id: them.id,
    peer_connected: view.connected,
    ...(view.connected ? { reestablished: true } : {}),
    channel_type: CHANNEL_TYPE,
    ignore_fee_limits: us.ignoreFeeLimits,
    updates: {
      local: policyJson(us.policy),
      ...(locked ? { remote: policyJson(them.policy) } : {}),
    },
    ...(us.stableSince === undefined ? {} : { last_stable_connection: us.stableSince }),
    state: us.state,
    scratch_txid: commitmentTxid(channel),
    last_tx_fee_msat: channel.closing === undefined ? 1_735_000 : channel.closing.feeSat * 1000n,
    lost_state: false,
    feerate: { perkw: channel.feePerKw, perkb: channel.feePerKw * 4 },
    ...owner(us.state, view.connected),
    ...(channel.scid === undefined ? {} : { short_channel_id: channel.scid }),
    direction: directionOf(channel, side),
    channel_id: channel.channelId,
    funding_txid: channel.fundingTxid,
    funding_outnum: channel.fundingOutnum,
    ...renderInflight(channel, side),
    close_to_addr: scriptToAddress(us.closeTo, view.network),
    close_to: us.closeTo,
    private: channel.isPrivate,
    opener: side === 0 ? 'local' : 'remote',
    ...(channel.closing === undefined
      ? {}
      : { closer: channel.closing.by === side ? 'local' : 'remote' }),
    alias: { local: us.alias, ...(locked ? { remote: them.alias } : {}) },
    features: ['option_static_remotekey', 'option_anchors'],
    funding: {
      local_funds_msat: side === 0 ? channel.openedMsat : 0,
      remote_funds_msat: side === 0 ? 0 : channel.openedMsat,
      pushed_msat: channel.pushedMsat,
      ...(side === 0 ? { psbt: channel.fundingPsbt } : {}),
      withheld: false,
    },
    to_us_msat: ledger.balances[side] + offered(ledger.htlcs, side),
    min_to_us_msat: us.leastMsat,
    max_to_us_msat: us.mostMsat,
    total_msat: ledger.capacityMsat,
    ...renderLimits(channel, side),
    ...renderHistory(us),
    htlcs: ledger.htlcs.map((htlc) => renderHtlc(htlc, side)),
  };
}

/** HTLCs that a side offered still count as its own until they are fulfilled. */
function offered(htlcs: readonly Htlc[], side: SideNumber): bigint {
  return htlcs.reduce((sum, htlc) => (htlc.from === side ? sum + htlc.amountMsat : sum), 0n);
}

function renderInflight(channel: Channel, side: SideNumber): JsonObject {
  const { inflight } = channel;
  if (inflight === undefined) {
    return {};
  }
  const ours = channel.ledger.balances[side] + (inflight.by === side ? inflight.changeMsat : 0n);
  return {
    inflight: [
      {
        funding_txid: inflight.txid,
        funding_outnum: inflight.outnum,
        feerate: `${channel.feePerKw}perkw`,
        total_funding_msat: inflight.capacityMsat,
        our_funding_msat: ours,
        splice_amount: inflight.by === side ? inflight.changeMsat / 1000n : 0,
        scratch_txid: commitmentTxid(channel),
      },
    ],
    initial_feerate: `${channel.feePerKw}perkw`,
    last_feerate: `${channel.feePerKw}perkw`,
    next_feerate: `${Math.floor((channel.feePerKw * 65) / 64)}perkw`,
  };
}

function renderLimits(channel: Channel, side: SideNumber): JsonObject {
  const us = channel.sides[side];
  const them = channel.sides[otherSide(side)];
  return {
    fee_base_msat: us.policy.baseMsat,
    fee_proportional_millionths: us.policy.feePpm,
    dust_limit_msat: 546_000,
    their_max_htlc_value_in_flight_msat: U64_MAX,
    our_max_htlc_value_in_flight_msat: U64_MAX,
    their_reserve_msat: them.reserveMsat,
    our_reserve_msat: us.reserveMsat,
    spendable_msat: spendableBy(channel, side),
    receivable_msat: spendableBy(channel, otherSide(side)),
    minimum_htlc_in_msat: 0,
    minimum_htlc_out_msat: us.policy.htlcMinMsat,
    maximum_htlc_out_msat: us.policy.htlcMaxMsat,
    their_to_self_delay: 6,
    our_to_self_delay: 6,
    max_accepted_htlcs: 483,
  };
}

function renderHistory(us: ChannelSide): JsonObject {
  return {
    state_changes: us.changes.map((change) => ({
      timestamp: new Date(change.at).toISOString(),
      old_state: change.from,
      new_state: change.to,
      cause: change.cause,
      message: change.message,
    })),
    status: us.status,
    in_payments_offered: us.received.offered,
    in_offered_msat: us.received.offeredMsat,
    in_payments_fulfilled: us.received.fulfilled,
    in_fulfilled_msat: us.received.fulfilledMsat,
    out_payments_offered: us.sent.offered,
    out_offered_msat: us.sent.offeredMsat,
    out_payments_fulfilled: us.sent.fulfilled,
    out_fulfilled_msat: us.sent.fulfilledMsat,
  };
}

function renderHtlc(htlc: Htlc, side: SideNumber): JsonObject {
  return {
    direction: htlc.from === side ? 'out' : 'in',
    id: htlc.id,
    amount_msat: htlc.amountMsat,
    expiry: htlc.expiry,
    payment_hash: htlc.paymentHash,
    state: htlc.from === side ? 'SENT_ADD_ACK_REVOCATION' : 'RCVD_ADD_ACK_REVOCATION',
  };
}

/** The id of the transaction that would close the channel as it stands; a name only. */
export function commitmentTxid(channel: Channel): string {
  const { balances, nextId, htlcs } = channel.ledger;
  return (
    channel.closing?.txid ??
    bytesToHex(sha256(channel.fundingTxid, [...balances, ...nextId, htlcs.length].join()))
  );
}

/** A channel as `listclosedchannels` shows it. */
export function renderClosed(channel: Channel, side: SideNumber): JsonObject {
  const us = channel.sides[side];
  const them = channel.sides[otherSide(side)];
  const { closing } = channel;
  return {
    peer_id: them.id,
    channel_id: channel.channelId,
    ...(channel.scid === undefined ? {} : { short_channel_id: channel.scid }),
    alias: { local: us.alias, remote: them.alias },
    opener: side === 0 ? 'local' : 'remote',
    ...(closing === undefined ? {} : { closer: closing.by === side ? 'local' : 'remote' }),
    private: channel.isPrivate,
    channel_type: CHANNEL_TYPE,
    total_local_commitments: channel.ledger.nextId[0] + channel.ledger.nextId[1] + 1,
    total_remote_commitments: channel.ledger.nextId[0] + channel.ledger.nextId[1] + 1,
    total_htlcs_sent: channel.ledger.nextId[side],
    funding_txid: channel.fundingTxid,
    funding_outnum: channel.fundingOutnum,
    funding_withheld: false,
    leased: false,
    funding_pushed_msat: channel.pushedMsat,
    total_msat: channel.ledger.capacityMsat,
    final_to_us_msat: channel.ledger.balances[side],
    min_to_us_msat: us.leastMsat,
    max_to_us_msat: us.mostMsat,
    last_commitment_txid: commitmentTxid(channel),
    last_commitment_fee_msat: closing === undefined ? 0 : closing.feeSat * 1000n,
    close_cause: closing?.by === side ? 'user' : 'remote',
    ...(us.stableSince === undefined ? {} : { last_stable_connection: us.stableSince }),
  };
}
