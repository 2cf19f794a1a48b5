import { connect, disconnect, listpeers, type RpcClient } from '@cl-hive/cln-rpc';
import { type NodeId, nodeId } from '@cl-hive/core';
import { absent, done, type EffectAction, fail, go, type SchemaActions, there } from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { ASK_MS, CHANGE_MS, PEER_MS, SETTLE_MS } from '../limits.ts';
import { optionalNumber, optionalText, textOf } from '../params.ts';

/** Whether a peer is known, and connected. */
async function peerState(
  rpc: RpcClient,
  id: NodeId,
): Promise<{ readonly known: boolean; readonly connected: boolean }> {
  const { peers } = await rpc.call(listpeers, { id }, { timeoutMs: ASK_MS });
  return { known: peers.length > 0, connected: peers.some(({ connected }) => connected) };
}

function peerOf(params: Parameters<typeof textOf>[0]): NodeId {
  return nodeId(textOf(params, 'peer_id'));
}

const common = {
  kind: 'effect',
  volatile: true,
  state: async ({ rpc }, { params }) => ({
    connected: (await peerState(rpc, peerOf(params))).connected,
  }),
} satisfies Partial<EffectAction>;

const connectPeer: EffectAction = {
  ...common,
  settleMs: SETTLE_MS.peer,
  facts: async ({ rpc }, { params }) =>
    (await loadChannels(rpc)).facts([], { peers: [peerOf(params)] }),
  plan: async () => go(),
  perform: async ({ rpc }, { command: { params } }) => {
    const host = optionalText(params, 'host');
    const port = optionalNumber(params, 'port');
    const peer = await rpc.call(
      connect,
      {
        id: peerOf(params),
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port }),
      },
      { timeoutMs: PEER_MS },
    );
    return done({ peer_id: peer.id, connected: true, direction: peer.direction });
  },
  look: async ({ rpc }, { command: { params } }) => {
    const id = peerOf(params);
    return (await peerState(rpc, id)).connected
      ? there({ peer_id: id, connected: true })
      : absent('the peer is not connected');
  },
};

const disconnectPeer: EffectAction = {
  ...common,
  settleMs: SETTLE_MS.change,
  facts: async ({ rpc }, { params }) => {
    const id = peerOf(params);
    const { known } = await peerState(rpc, id);
    const view = await loadChannels(rpc);
    return view.facts([], { peers: [id], unresolved: known ? [] : [id] });
  },
  plan: async ({ rpc }, { params }) => {
    const { connected } = await peerState(rpc, peerOf(params));
    return connected ? go() : fail('the peer is not connected');
  },
  // Never forced: lightningd refuses while there is a channel with the peer.
  perform: async ({ rpc }, { command: { params } }) => {
    const id = peerOf(params);
    await rpc.call(disconnect, { id }, { timeoutMs: CHANGE_MS });
    return done({ peer_id: id, connected: false });
  },
  look: async ({ rpc }, { command: { params } }) => {
    const id = peerOf(params);
    return (await peerState(rpc, id)).connected
      ? absent('the peer is connected')
      : there({ peer_id: id, connected: false });
  },
};

/** `hive:peer/v1`. */
export const peerActions: SchemaActions = { connect: connectPeer, disconnect: disconnectPeer };
