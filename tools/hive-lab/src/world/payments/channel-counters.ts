import type { Channel } from '../channel.ts';
import { otherSide, type SideNumber } from '../ledger.ts';

/** Counts an HTLC that a side has offered, or that was fulfilled, at both ends. */
export function countTraffic(
  channel: Channel,
  from: SideNumber,
  amountMsat: bigint,
  step: 'offered' | 'fulfilled',
): void {
  for (const traffic of [channel.sides[from].sent, channel.sides[otherSide(from)].received]) {
    traffic[step] += 1;
    traffic[`${step}Msat`] += amountMsat;
  }
}

/** Notes the lowest and highest balance that each side had. */
export function noteExtremes(channel: Channel): void {
  ([0, 1] as const).forEach((number) => {
    const side = channel.sides[number];
    const balance = channel.ledger.balances[number];
    side.leastMsat = balance < side.leastMsat ? balance : side.leastMsat;
    side.mostMsat = balance > side.mostMsat ? balance : side.mostMsat;
  });
}
