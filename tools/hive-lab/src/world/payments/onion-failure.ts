/** Failures that a hop reports (BOLT 4), by name. */
export const ONION_FAILURES = {
  temporary_node_failure: 0x2002,
  incorrect_or_unknown_payment_details: 0x400f,
  unknown_next_peer: 0x400a,
  temporary_channel_failure: 0x1007,
  amount_below_minimum: 0x100b,
  fee_insufficient: 0x100c,
  incorrect_cltv_expiry: 0x100d,
  invalid_onion_hmac: 0xc005,
  mpp_timeout: 0x0017,
} as const;

/** The name of such a failure. */
export type OnionFailure = keyof typeof ONION_FAILURES;

/** Which hop failed, and why. */
export interface CarryFailure {
  readonly failure: OnionFailure;
  /** The node that reports it. */
  readonly node: string;
  /** The edge that did not carry, `SCID/DIRECTION`; undefined when the destination refused. */
  readonly edge: string | undefined;
  /** Whether a smaller amount may pass. */
  readonly forAmount: boolean;
}

/** The failure that a `failure_message` of the htlc_accepted hook names; unknown ones count as temporary. */
export function failureFromHex(hex: unknown): OnionFailure {
  const code = typeof hex === 'string' ? Number.parseInt(hex.slice(0, 4), 16) : Number.NaN;
  const known = Object.entries(ONION_FAILURES).find(([, value]) => value === code);
  return (known?.[0] as OnionFailure | undefined) ?? 'temporary_node_failure';
}
