/**
 * The public Lightning network as columns: what gossip tells about nodes and channels that are not run
 * here. Half-channel `h = 2 * channel + direction` belongs to the node `source[h]` and leads to
 * `source[h ^ 1]`; direction 0 starts at the lexicographically lesser id (BOLT 7). Channels are sorted
 * by block, one channel a block. Never changed after it was made.
 */
export interface PublicNetwork {
  readonly nodeCount: number;
  readonly channelCount: number;
  /** 33 bytes a node: a compressed point by form, not checked to lie on the curve. */
  readonly ids: Uint8Array;
  /** Node index by half-channel. */
  readonly source: Uint32Array;
  readonly capacitySat: Float64Array;
  readonly block: Uint32Array;
  readonly txIndex: Uint16Array;
  readonly output: Uint8Array;
  /** By half-channel, 1 where the last `channel_update` had the disable bit. */
  readonly disabled: Uint8Array;
  readonly baseMsat: Uint32Array;
  readonly feePpm: Uint32Array;
  readonly delay: Uint16Array;
  readonly htlcMinMsat: Float64Array;
  readonly htlcMaxMsat: Float64Array;
  /** Unix seconds. */
  readonly lastUpdate: Uint32Array;
  /** Unix seconds of each node's announcement. */
  readonly announced: Uint32Array;
}

/** Bytes of a node id. */
export const ID_BYTES = 33;

/** First block that a public channel may stand in: before it Lightning did not exist. */
const FIRST_BLOCK = 505_000;

/** Height that a world around a public network starts at: above every public channel. */
export const PUBLIC_HEIGHT = 935_000;

/** Room for nodes and channels, all zero. */
export function emptyNetwork(nodeCount: number, channelCount: number): PublicNetwork {
  const halves = channelCount * 2;
  return {
    nodeCount,
    channelCount,
    ids: new Uint8Array(nodeCount * ID_BYTES),
    source: new Uint32Array(halves),
    capacitySat: new Float64Array(channelCount),
    block: new Uint32Array(channelCount),
    txIndex: new Uint16Array(channelCount),
    output: new Uint8Array(channelCount),
    disabled: new Uint8Array(halves),
    baseMsat: new Uint32Array(halves),
    feePpm: new Uint32Array(halves),
    delay: new Uint16Array(halves),
    htlcMinMsat: new Float64Array(halves),
    htlcMaxMsat: new Float64Array(halves),
    lastUpdate: new Uint32Array(halves),
    announced: new Uint32Array(nodeCount),
  };
}

/** Fills the ids of all nodes, and when each was announced: within two weeks before `nowSeconds`. */
export function fillNodes(
  network: PublicNetwork,
  random: { uint32(): number; below(n: number): number },
  nowSeconds: number,
): void {
  const view = new DataView(network.ids.buffer);
  for (let node = 0; node < network.nodeCount; node += 1) {
    const at = node * ID_BYTES;
    for (let word = 0; word < 8; word += 1) {
      view.setUint32(at + 1 + word * 4, random.uint32());
    }
    network.ids[at] = 2 + (random.uint32() >>> 31);
    network.announced[node] = nowSeconds - random.below(GOSSIP_AGE_SECONDS);
  }
}

/** How old gossip may be before it is pruned (BOLT 7: two weeks). */
export const GOSSIP_AGE_SECONDS = 14 * 86_400;

/** Places channel number `channel` in the chain, after all those with a lower number. */
export function placeChannel(
  network: PublicNetwork,
  channel: number,
  random: { below(n: number): number },
): void {
  const span = PUBLIC_HEIGHT - FIRST_BLOCK - 1_000;
  network.block[channel] = FIRST_BLOCK + Math.floor((channel * span) / network.channelCount);
  network.txIndex[channel] = 1 + random.below(3_000);
  network.output[channel] = random.below(2);
}

/** Orders two nodes by id, as BOLT 7 does to number the directions. */
export function compareNodes(network: PublicNetwork, a: number, b: number): number {
  for (let i = 0; i < ID_BYTES; i += 1) {
    const difference = (network.ids[a * ID_BYTES + i] ?? 0) - (network.ids[b * ID_BYTES + i] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

/** How many channels each node has. */
export function degrees(network: PublicNetwork): Uint32Array {
  const degree = new Uint32Array(network.nodeCount);
  for (const node of network.source) {
    degree[node] = (degree[node] ?? 0) + 1;
  }
  return degree;
}
