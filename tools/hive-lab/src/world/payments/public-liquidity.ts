import { Draws } from '../digest.ts';
import type { NetworkIndex } from '../network/network-index.ts';

/**
 * What the channels of the public network can carry: at first a split that follows from the seed, then
 * moved by what is sent. Nobody sees it but those who try.
 */
export class PublicLiquidity {
  readonly #index: NetworkIndex;
  readonly #draws: Draws;
  /** Moved from direction 1 to direction 0, msat, by channel. */
  readonly #moved = new Map<number, bigint>();

  constructor(index: NetworkIndex, seed: Uint8Array) {
    this.#index = index;
    this.#draws = new Draws(seed);
  }

  /** What a half-channel can send now. */
  available(half: number): bigint {
    const channel = half >> 1;
    const capacityMsat = BigInt(this.#index.network.capacitySat[channel] ?? 0) * 1000n;
    const share = new DataView(this.#draws.at('liquidity', channel).buffer).getUint32(0);
    const first = (capacityMsat * BigInt(share)) / 0xffff_ffffn + (this.#moved.get(channel) ?? 0n);
    return (half & 1) === 0 ? first : capacityMsat - first;
  }

  /** Takes from a half-channel; give a negative amount to undo. */
  move(half: number, amountMsat: bigint): void {
    const channel = half >> 1;
    const change = (half & 1) === 0 ? -amountMsat : amountMsat;
    this.#moved.set(channel, (this.#moved.get(channel) ?? 0n) + change);
  }
}
