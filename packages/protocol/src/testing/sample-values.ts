import { bytesToHex, nodeId } from '@cl-hive/core';
import { nobleCurve } from '../curve.ts';

/** Secret keys of made-up nodes. */
export const ALICE_KEY = new Uint8Array(32).fill(0x11);
export const BOB_KEY = new Uint8Array(32).fill(0x22);
export const ALICE = nodeId(bytesToHex(nobleCurve.publicKey(ALICE_KEY)));
export const BOB = nodeId(bytesToHex(nobleCurve.publicKey(BOB_KEY)));

/** Well-formed, of nobody. */
export const SIGNATURE = 'y'.repeat(104);
export const AT = 1_795_250_000;
export const HASH = 'ab'.repeat(32);
export const ID = '333a287a0eaa115aece865362187421c';
export const report = { reporter_id: ALICE, timestamp: AT, signature: SIGNATURE };
export const event = {
  sender_id: ALICE,
  event_id: '77ebe6e8-b556-41dc-ac45-bf33bb16e33c',
  timestamp: AT,
};
export const fee_policy = {
  base_fee: 0,
  fee_rate: 10,
  min_htlc: 1n,
  max_htlc: 2n ** 63n,
  cltv_delta: 40,
};
export const vouch = {
  target_pubkey: BOB,
  request_id: ID,
  timestamp: AT,
  voucher_pubkey: ALICE,
  sig: SIGNATURE,
};
export const need = {
  need_type: 'inbound',
  target_peer_id: BOB,
  amount_sats: 500_000,
  urgency: 'high',
  max_fee_ppm: 250,
  reason: 'depleted',
  current_balance_pct: 0.125,
  can_provide_inbound: 0,
  can_provide_outbound: 1,
} as const;
export const probe = {
  destination: BOB,
  path: [ALICE],
  success: false,
  latency_ms: 1200,
  failure_reason: 'temporary',
  failure_hop: 0,
  estimated_capacity_sats: 1_000_000,
  total_fee_ppm: 120,
  per_hop_fees: [1, 2],
  amount_probed_sats: 50_000,
} as const;
