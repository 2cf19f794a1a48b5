// Networks as the bytes of a listchannels answer, and how they are read; bundled by planner.bench.mjs.

import { generateNetwork } from '../../../tools/hive-lab/src/world/network/generate.ts';
import { readGossmap } from '../../../tools/hive-lab/src/world/network/gossmap.ts';
import { NetworkIndex } from '../../../tools/hive-lab/src/world/network/network-index.ts';
import { degrees } from '../../../tools/hive-lab/src/world/network/public-network.ts';
import { publicHalfText } from '../../../tools/hive-lab/src/world/network/render.ts';
import { openList, takePieces } from '../../cln-rpc/src/list-pieces.ts';

/** A generated network or a recorded one, and the ids of its nodes, those with most channels first. */
export function networkTexts({ nodes, gossmap, seed, nowSeconds }) {
  const network =
    gossmap === undefined
      ? generateNetwork({ nodes, seed, nowSeconds })
      : readGossmap(gossmap, seed, nowSeconds);
  const index = new NetworkIndex(network);
  const chunks = [Buffer.from('{"jsonrpc":"2.0","id":"bench","result":{"channels":[')];
  for (let start = 0; start < network.channelCount * 2; start += 2_000) {
    const end = Math.min(start + 2_000, network.channelCount * 2);
    const texts = [];
    for (let half = start; half < end; half += 1) {
      texts.push(publicHalfText(index, half));
    }
    chunks.push(Buffer.from(`${start === 0 ? '' : ','}${texts.join(',')}`));
  }
  chunks.push(Buffer.from(']}}'));
  const degree = degrees(network);
  const order = Array.from(degree, (_, node) => node).sort((a, b) => degree[b] - degree[a]);
  return {
    bytes: Buffer.concat(chunks),
    nodeIds: order.map((node) => index.idOf(node)),
    nodeCount: network.nodeCount,
  };
}

/** Hands over the entries as the RPC client does. */
export function takeChannels(bytes, take) {
  const opened = openList({ text: bytes.toString('latin1'), exact: true }, 'channels');
  if (opened === undefined) {
    throw new Error('the answer is not of the form that is read in pieces');
  }
  takePieces(opened, take);
}
