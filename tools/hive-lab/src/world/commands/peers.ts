import { isHex, type JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { INIT_FEATURES, parseConnectTarget } from '../connections.ts';
import { isPoint } from '../keys.ts';
import type { LabNode } from '../lab-node.ts';
import { MESSAGE_BYTES_MAX } from '../limits.ts';
import {
  badParam,
  INVALID_PARAMS,
  LIGHTNINGD,
  optionalFlag,
  optionalId,
  optionalInteger,
  optionalText,
  requiredText,
} from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';

/** JSON-RPC's code for a request that cannot be served as it is. */
const INVALID_REQUEST = -32600;

/** Message types that lightningd handles itself (BOLT 1, 2 and 7), by name. */
const INTERNAL_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'WIRE_WARNING'],
  [2, 'WIRE_STFU'],
  [16, 'WIRE_INIT'],
  [17, 'WIRE_ERROR'],
  [18, 'WIRE_PING'],
  [19, 'WIRE_PONG'],
  [32, 'WIRE_OPEN_CHANNEL'],
  [33, 'WIRE_ACCEPT_CHANNEL'],
  [34, 'WIRE_FUNDING_CREATED'],
  [35, 'WIRE_FUNDING_SIGNED'],
  [36, 'WIRE_CHANNEL_READY'],
  [38, 'WIRE_SHUTDOWN'],
  [39, 'WIRE_CLOSING_SIGNED'],
  [40, 'WIRE_CLOSING_COMPLETE'],
  [41, 'WIRE_CLOSING_SIG'],
  [64, 'WIRE_OPEN_CHANNEL2'],
  [65, 'WIRE_ACCEPT_CHANNEL2'],
  [66, 'WIRE_TX_ADD_INPUT'],
  [67, 'WIRE_TX_ADD_OUTPUT'],
  [68, 'WIRE_TX_REMOVE_INPUT'],
  [69, 'WIRE_TX_REMOVE_OUTPUT'],
  [70, 'WIRE_TX_COMPLETE'],
  [71, 'WIRE_TX_SIGNATURES'],
  [72, 'WIRE_TX_INIT_RBF'],
  [73, 'WIRE_TX_ACK_RBF'],
  [74, 'WIRE_TX_ABORT'],
  [77, 'WIRE_SPLICE_LOCKED'],
  [80, 'WIRE_SPLICE'],
  [81, 'WIRE_SPLICE_ACK'],
  [127, 'WIRE_START_BATCH'],
  [128, 'WIRE_UPDATE_ADD_HTLC'],
  [130, 'WIRE_UPDATE_FULFILL_HTLC'],
  [131, 'WIRE_UPDATE_FAIL_HTLC'],
  [132, 'WIRE_COMMITMENT_SIGNED'],
  [133, 'WIRE_REVOKE_AND_ACK'],
  [134, 'WIRE_UPDATE_FEE'],
  [135, 'WIRE_UPDATE_FAIL_MALFORMED_HTLC'],
  [136, 'WIRE_CHANNEL_REESTABLISH'],
  [256, 'WIRE_CHANNEL_ANNOUNCEMENT'],
  [257, 'WIRE_NODE_ANNOUNCEMENT'],
  [258, 'WIRE_CHANNEL_UPDATE'],
  [259, 'WIRE_ANNOUNCEMENT_SIGNATURES'],
  [261, 'WIRE_QUERY_SHORT_CHANNEL_IDS'],
  [262, 'WIRE_REPLY_SHORT_CHANNEL_IDS_END'],
  [263, 'WIRE_QUERY_CHANNEL_RANGE'],
  [264, 'WIRE_REPLY_CHANNEL_RANGE'],
  [265, 'WIRE_GOSSIP_TIMESTAMP_FILTER'],
  [513, 'WIRE_ONION_MESSAGE'],
]);

/** `connect`, `disconnect`, `listpeers`, `sendcustommsg` and `ping`. */
export const peerCommands: CommandFamily = (services, node) => [
  { name: 'connect', run: (params) => connect(services, node, params) },
  { name: 'disconnect', run: (params) => disconnect(services, node, params) },
  { name: 'listpeers', run: (params) => listPeers(services, node, params) },
  { name: 'sendcustommsg', run: (params) => sendCustomMessage(services, node, params) },
  { name: 'ping', run: (params) => ping(services, node, params) },
];

async function connect(services: Services, node: LabNode, params: JsonObject): Promise<JsonObject> {
  const text = requiredText(params, 'id');
  const target = parseConnectTarget(text);
  const known =
    target !== undefined &&
    (services.state.nodes.has(target.id) || services.state.gossip.knows(target.id));
  if (target === undefined || !(known || isPoint(target.id))) {
    throw badParam('id', 'should be a node id', text);
  }
  const host = optionalText(params, 'host') ?? target.host;
  if (target.host !== undefined && params['host'] !== undefined) {
    throw new LabRpcError(
      INVALID_PARAMS,
      "Can't specify host as both xxx@yyy and separate argument",
    );
  }
  const port = optionalInteger(params, 'port', 65_535) ?? target.port;
  if (port !== undefined && host === undefined) {
    throw new LabRpcError(INVALID_PARAMS, "Can't specify port without host");
  }
  if (!known && host === undefined) {
    throw new LabRpcError(400, 'Unable to connect, no address known for peer');
  }
  const peer = await services.connections.connect(node, target.id, host, port);
  return {
    id: peer.id,
    features: INIT_FEATURES,
    direction: peer.direction,
    address: { type: 'ipv4', address: peer.host, port: peer.port },
  };
}

function disconnect(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const id = optionalId(params, 'id');
  const peer = id === undefined ? undefined : node.peers.get(id);
  if (id === undefined || peer === undefined) {
    throw new LabRpcError(INVALID_PARAMS, `Unknown peer '${id ?? ''}'`);
  }
  if (peer.state === 'disconnected') {
    throw new LabRpcError(LIGHTNINGD, 'Peer not connected');
  }
  const [channel] = services.channels.openBetween(node.id, id);
  if (channel !== undefined && optionalFlag(params, 'force') !== true) {
    throw new LabRpcError(
      LIGHTNINGD,
      `Peer has (at least one) channel in state ${services.channels.stateOf(channel, node.id)}`,
    );
  }
  services.connections.drop(node, id);
  return {};
}

function listPeers(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const id = optionalId(params, 'id');
  const peers = [...node.peers.values()].flatMap((peer) => {
    const channels = services.channels.openBetween(node.id, peer.id).length;
    const connected = peer.state === 'connected';
    if ((id !== undefined && id !== peer.id) || !(connected || channels > 0)) {
      return [];
    }
    return {
      id: peer.id,
      connected,
      num_channels: channels,
      ...(connected ? { netaddr: [`${peer.host}:${peer.port}`], features: INIT_FEATURES } : {}),
    };
  });
  return { peers };
}

function sendCustomMessage(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const id = optionalId(params, 'node_id');
  const payload = params['msg'];
  if (id === undefined || !(services.state.gossip.knows(id) || isPoint(id))) {
    throw badParam('node_id', 'should be a node id', params['node_id']);
  }
  if (typeof payload !== 'string' || !isHex(payload)) {
    throw badParam('msg', 'should be a hex value', payload);
  }
  const type = payload.length < 4 ? -1 : Number.parseInt(payload.slice(0, 4), 16);
  const name = INTERNAL_TYPES.get(type);
  if (name !== undefined) {
    throw new LabRpcError(
      INVALID_REQUEST,
      `Cannot send messages of type ${type} (${name}). It is not possible to send messages that have a type managed internally since that might cause issues with the internal state tracking.`,
    );
  }
  const peer = node.peers.get(id);
  if (
    peer === undefined ||
    (peer.state === 'disconnected' && services.channels.openBetween(node.id, id).length === 0)
  ) {
    throw new LabRpcError(INVALID_REQUEST, `No such peer: ${id}`);
  }
  if (peer.state === 'disconnected') {
    throw new LabRpcError(INVALID_REQUEST, 'Peer is not connected');
  }
  if (payload.length / 2 - 2 > MESSAGE_BYTES_MAX || type === -1) {
    throw badParam(
      'msg',
      `should be 2 to ${MESSAGE_BYTES_MAX + 2} bytes`,
      `${payload.slice(0, 20)}…`,
    );
  }
  const other = services.state.nodes.get(id);
  if (other !== undefined) {
    services.state.transport.send(node, other, payload.toLowerCase());
  }
  return { status: 'Message sent to connectd for delivery' };
}

function ping(services: Services, node: LabNode, params: JsonObject): JsonObject {
  const id = optionalId(params, 'id');
  if (id === undefined || !services.connections.connected(node, id)) {
    throw new LabRpcError(LIGHTNINGD, 'Peer not connected');
  }
  const pong = optionalInteger(params, 'pongbytes', 65_535) ?? 128;
  // A pong of 65532 bytes or more is not answered (BOLT 1).
  return { totlen: pong >= 65_532 ? 0 : pong + 4 };
}
