import { isNodeId, type NodeId } from '@cl-hive/core';
import { LabRpcError } from '../contract/node.ts';
import type { LabNode, Peer } from './lab-node.ts';
import { NODE_FEATURES } from './network/render.ts';
import type { WorldState } from './state.ts';

/** Features of the `init` message of every lab node. */
export const INIT_FEATURES = '800898880a8a59a1';

/** lightningd's codes of `connect`. */
const ALL_ADDRESSES_FAILED = 401;
const DISCONNECTED_DURING = 402;

/** After how long a lost connection to a peer with channels is tried again. */
const RECONNECT_MS = 1_000;

/** Makes and drops the connections between nodes, and says so to both. */
export class Connections {
  readonly #state: WorldState;
  readonly #hasChannel: (a: NodeId, b: NodeId) => boolean;
  readonly #changed: (a: NodeId, b: NodeId) => void;
  readonly #running = new Map<string, Promise<Peer>>();

  /** `hasChannel` says which lost connections to make again; `changed` hears of each new or lost one. */
  constructor(
    state: WorldState,
    hasChannel: (a: NodeId, b: NodeId) => boolean,
    changed: (a: NodeId, b: NodeId) => void,
  ) {
    this.#state = state;
    this.#hasChannel = hasChannel;
    this.#changed = changed;
  }

  /** Whether messages pass between a node and a peer. */
  connected(node: LabNode, peer: string): boolean {
    return node.peers.get(peer)?.state === 'connected';
  }

  /**
   * Connects, or answers with the connection that stands. Throws LabRpcError 401 when nobody answers at
   * the address, 402 when a hook refused.
   */
  async connect(node: LabNode, id: NodeId, host?: string, port?: number): Promise<Peer> {
    const known = node.peers.get(id);
    if (known?.state === 'connected') {
      return known;
    }
    const key = node.id < id ? `${node.id}/${id}` : `${id}/${node.id}`;
    const running = this.#running.get(key);
    if (running !== undefined) {
      await running;
      const made = node.peers.get(id);
      if (made?.state === 'connected') {
        return made;
      }
    }
    const attempt = this.#attempt(node, id, host, port).finally(() => this.#running.delete(key));
    this.#running.set(key, attempt);
    return attempt;
  }

  async #attempt(node: LabNode, id: NodeId, host?: string, port?: number): Promise<Peer> {
    const other = this.#state.nodes.get(id);
    const address = other?.spec.address ?? { host: host ?? '127.0.0.1', port: port ?? 9735 };
    const at = `${host ?? address.host}:${port ?? address.port}`;
    const wrong = other !== undefined && (port ?? address.port) !== address.port;
    if (
      (other === undefined && !this.#state.isPassive(id)) ||
      (other !== undefined && other.shell === undefined) ||
      wrong ||
      this.#state.transport.faults(node.id, id).partitioned === true
    ) {
      throw new LabRpcError(
        ALL_ADDRESSES_FAILED,
        `All addresses failed: ${at}: Connection establishment: Connection refused. `,
      );
    }
    const since = this.#state.now();
    const out: Peer = { id, state: 'connecting', direction: 'out', ...address, since };
    node.peers.set(id, out);
    const source = { host: '127.0.0.1', port: 32_768 + this.#state.draws.below('port', 28_000) };
    const into: Peer = { id: node.id, state: 'connecting', direction: 'in', ...source, since };
    other?.peers.set(node.id, into);
    const accepted = await Promise.all([
      accepts(node, out, other === undefined ? NODE_FEATURES : INIT_FEATURES),
      other === undefined ? true : accepts(other, into, INIT_FEATURES),
    ]);
    const running = node.shell !== undefined && (other === undefined || other.shell !== undefined);
    if (accepted.includes(false) || !running || node.peers.get(id) !== out) {
      forget(node, id);
      if (other !== undefined) {
        forget(other, node.id);
      }
      throw new LabRpcError(DISCONNECTED_DURING, 'disconnected during connection');
    }
    const made = establish(node, out);
    if (other !== undefined) {
      establish(other, into);
    }
    this.#changed(node.id, id);
    return made;
  }

  /** Drops a connection and tells both; one with channels is tried again later. */
  drop(node: LabNode, id: NodeId): void {
    const other = this.#state.nodes.get(id);
    const was = node.peers.get(id)?.state;
    forget(node, id);
    if (other !== undefined) {
      forget(other, node.id);
    }
    if (was === 'connected') {
      node.notify('disconnect', { id });
      other?.notify('disconnect', { id: node.id });
      this.#changed(node.id, id);
    }
    this.#retryLater(node.id, id);
  }

  /** Drops all connections of a node that goes down. */
  dropAll(node: LabNode): void {
    for (const peer of node.peers.values()) {
      if (peer.state !== 'disconnected') {
        this.drop(node, peer.id);
      }
    }
  }

  /** Connects to the peers that a node has channels with. */
  resume(node: LabNode): void {
    for (const peer of node.peers.values()) {
      if (peer.state === 'disconnected' && this.#hasChannel(node.id, peer.id)) {
        this.#tryAgain(node, peer.id);
      }
    }
  }

  #retryLater(a: NodeId, b: NodeId): void {
    if (!this.#hasChannel(a, b)) {
      return;
    }
    this.#state.clock.after(RECONNECT_MS, () => {
      const node = [a, b]
        .map((id) => this.#state.nodes.get(id))
        .find((n) => n?.shell !== undefined);
      if (node !== undefined) {
        this.#tryAgain(node, node.id === a ? b : a);
      }
    });
  }

  #tryAgain(node: LabNode, id: NodeId): void {
    const other = this.#state.nodes.get(id);
    const reachable = other === undefined || other.shell !== undefined;
    if (node.shell === undefined || !reachable || this.connected(node, id)) {
      return;
    }
    this.connect(node, id).catch((error: unknown) => {
      node.log('debug', `${id}-connectd`, `will try again: ${String(error)}`);
      this.#retryLater(node.id, id);
    });
  }
}

function forget(node: LabNode, id: string): void {
  const peer = node.peers.get(id);
  if (peer !== undefined) {
    node.peers.set(id, { ...peer, state: 'disconnected' });
  }
}

function establish(node: LabNode, peer: Peer): Peer {
  const made: Peer = { ...peer, state: 'connected' };
  node.peers.set(peer.id, made);
  node.notify('connect', {
    id: peer.id,
    direction: peer.direction,
    address: { type: 'ipv4', address: peer.host, port: peer.port },
  });
  return made;
}

async function accepts(node: LabNode, peer: Peer, features: string): Promise<boolean> {
  const { id, direction } = peer;
  const reply = await node.hook('peer_connected', {
    peer: { id, direction, addr: `${peer.host}:${peer.port}`, features },
  });
  return reply['result'] !== 'disconnect';
}

/** `ID`, `ID@HOST` or `ID@HOST:PORT`; undefined for anything else. */
export function parseConnectTarget(
  text: string,
): { readonly id: NodeId; readonly host?: string; readonly port?: number } | undefined {
  const match = /^([0-9a-fA-F]{66})(?:@(\[[0-9a-fA-F:]+\]|[^:@[\]]+)(?::(\d{1,5}))?)?$/.exec(text);
  const id = match?.[1]?.toLowerCase();
  if (match === null || !isNodeId(id)) {
    return undefined;
  }
  const host = match[2]?.replace(/^\[|\]$/g, '');
  const port = match[3] === undefined ? undefined : Number(match[3]);
  return {
    id,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
}
