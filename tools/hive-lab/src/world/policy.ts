/** What one side of a channel asks of those who forward through it. */
export interface Policy {
  readonly baseMsat: number;
  readonly feePpm: number;
  /** Blocks. */
  readonly delay: number;
  readonly htlcMinMsat: bigint;
  readonly htlcMaxMsat: bigint;
}

/** What it costs to forward `amountMsat` under `policy` (BOLT 7), rounded down. */
export function forwardFee(
  policy: Pick<Policy, 'baseMsat' | 'feePpm'>,
  amountMsat: bigint,
): bigint {
  return BigInt(policy.baseMsat) + (amountMsat * BigInt(policy.feePpm)) / 1_000_000n;
}
