// A network with the shape of mainnet, generated, as entries of listchannels and listnodes.
import { generateNetwork } from '../../../tools/hive-lab/src/world/network/generate.ts';
import { readGossmap } from '../../../tools/hive-lab/src/world/network/gossmap.ts';
import { NetworkIndex } from '../../../tools/hive-lab/src/world/network/network-index.ts';
import {
  publicHalfText,
  publicNodeText,
} from '../../../tools/hive-lab/src/world/network/render.ts';

export function generated(nodes, seed, nowSeconds) {
  return lists(generateNetwork({ nodes, seed, nowSeconds }));
}

/** A recorded network. */
export function recorded(bytes, nowSeconds) {
  return lists(readGossmap(bytes, 1, nowSeconds));
}

function lists(network) {
  const index = new NetworkIndex(network);
  const list = (count, text) =>
    Array.from({ length: count }, (_, at) => JSON.parse(text(index, at)));
  return {
    channels: list(network.channelCount * 2, publicHalfText),
    nodes: list(network.nodeCount, publicNodeText),
  };
}
