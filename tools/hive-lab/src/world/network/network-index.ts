import { bytesToHex, type NodeId, type ShortChannelId } from '@cl-hive/core';
import type { Policy } from '../policy.ts';
import { ID_BYTES, type PublicNetwork } from './public-network.ts';

/** Finds nodes and channels of a {@link PublicNetwork}; its tables are made at first use. */
export class NetworkIndex {
  readonly network: PublicNetwork;
  readonly #hex: (NodeId | undefined)[] = [];
  #byId: Map<string, number> | undefined;
  #starts: Uint32Array | undefined;
  #halves: Uint32Array | undefined;

  constructor(network: PublicNetwork) {
    this.network = network;
  }

  /** The id of a node, by its index. */
  idOf(node: number): NodeId {
    const known = this.#hex[node];
    if (known !== undefined) {
      return known;
    }
    const bytes = this.network.ids.subarray(node * ID_BYTES, (node + 1) * ID_BYTES);
    const id = bytesToHex(bytes) as NodeId;
    this.#hex[node] = id;
    return id;
  }

  /** The index of a node, by its id. */
  indexOf(id: string): number | undefined {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (let node = 0; node < this.network.nodeCount; node += 1) {
        this.#byId.set(this.idOf(node), node);
      }
    }
    return this.#byId.get(id);
  }

  /** The half-channels that start at a node. */
  halvesOf(node: number): Uint32Array {
    if (this.#starts === undefined || this.#halves === undefined) {
      [this.#starts, this.#halves] = adjacency(this.network);
    }
    return this.#halves.subarray(this.#starts[node], this.#starts[node + 1]);
  }

  /** `BLOCKxTXxOUT` of a channel. */
  scidOf(channel: number): ShortChannelId {
    const { block, txIndex, output } = this.network;
    return `${block[channel]}x${txIndex[channel]}x${output[channel]}` as ShortChannelId;
  }

  /** What a half-channel asks of those who forward through it. */
  policyOf(half: number): Policy {
    const { network } = this;
    return {
      baseMsat: network.baseMsat[half] ?? 0,
      feePpm: network.feePpm[half] ?? 0,
      delay: network.delay[half] ?? 0,
      htlcMinMsat: BigInt(network.htlcMinMsat[half] ?? 0),
      htlcMaxMsat: BigInt(network.htlcMaxMsat[half] ?? 0),
    };
  }

  /** The number of a channel, by its short channel id. */
  channelOf(scid: string): number | undefined {
    const wanted = Number.parseInt(scid, 10);
    let low = 0;
    let high = this.network.channelCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.network.block[middle] ?? 0) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < this.network.channelCount && this.scidOf(low) === scid ? low : undefined;
  }
}

function adjacency(network: PublicNetwork): [Uint32Array, Uint32Array] {
  const starts = new Uint32Array(network.nodeCount + 1);
  for (const node of network.source) {
    starts[node + 1] = (starts[node + 1] ?? 0) + 1;
  }
  for (let node = 0; node < network.nodeCount; node += 1) {
    starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0);
  }
  const next = starts.slice();
  const halves = new Uint32Array(network.source.length);
  network.source.forEach((node, half) => {
    const at = next[node] ?? 0;
    halves[at] = half;
    next[node] = at + 1;
  });
  return [starts, halves];
}
