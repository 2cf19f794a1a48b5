import { CodedError, type NodeId } from '@cl-hive/core';
import type { NodeShell, NodeWorld } from '../contract/node.ts';
import type { MiningPlan } from './chain/chain.ts';
import { ChannelRegistry } from './channel-registry.ts';
import { gossipCommands } from './commands/gossip.ts';
import { infoCommands } from './commands/info.ts';
import { peerCommands } from './commands/peers.ts';
import { Connections } from './connections.ts';
import { Draws } from './digest.ts';
import { idOf, secretFrom } from './keys.ts';
import { LabNode, type LabNodeSpec } from './lab-node.ts';
import type { CommandFamily, Services } from './services.ts';
import { type WorldOptions, WorldState } from './state.ts';
import type { LinkFaults } from './transport.ts';
import { Waits } from './waits.ts';

const FAMILIES: readonly CommandFamily[] = [infoCommands, gossipCommands, peerCommands];

/** Why a world refused something of its caller. */
export type WorldErrorCode = 'world_node';

/**
 * A chain, a gossip network and any number of nodes, all in one process. Nodes keep everything here,
 * so that a node's shell may stop and another start in its place.
 */
export class World {
  readonly #services: Services;

  constructor(options: WorldOptions) {
    const state = new WorldState(options);
    const channels = new ChannelRegistry();
    const waits = new Waits();
    const connections = new Connections(
      state,
      (a, b) => channels.openBetween(a, b).length > 0,
      () => waits.changed(),
    );
    this.#services = { state, connections, channels, waits };
    state.chain.onBlock(({ height, hash }) => {
      for (const node of state.nodes.values()) {
        if (node.shell !== undefined) {
          node.notify('block_added', { hash, height });
          node.seenHeight = height;
        }
      }
      waits.changed();
    });
  }

  /** The height of the chain. */
  get height(): number {
    return this.#services.state.chain.height;
  }

  /** The secret key that the world gives its node of this number. */
  secretKey(number: number): Uint8Array {
    return secretFrom(this.#services.state.seed, `node/${number}`);
  }

  /** Adds a node. Throws CodedError `world_node` when there is one with the same key. */
  addNode(spec: LabNodeSpec): NodeWorld & { readonly id: NodeId } {
    const { state } = this.#services;
    const id = idOf(spec.secretKey);
    if (state.nodes.has(id)) {
      throw new CodedError<WorldErrorCode>('world_node', `there is a node ${id} already`);
    }
    const draws = new Draws(secretFrom(state.seed, `draws/${id}`));
    const node = new LabNode(id, spec, state.network, draws, state.chain.height);
    state.nodes.set(id, node);
    return {
      id,
      commands: FAMILIES.flatMap((family) => family(this.#services, node)),
      start: (shell) => this.#start(node, shell),
      stop: () => this.#stop(node),
    };
  }

  /** Mines blocks now. */
  mine(blocks: number): void {
    this.#services.state.chain.mine(blocks);
  }

  /** Mines by the clock from now on; an empty plan stops it. */
  mineBy(plan: MiningPlan): void {
    this.#services.state.chain.mineBy(plan);
  }

  /** Sets what goes wrong between two nodes; a partition cuts their connection at once. */
  setFaults(a: NodeId, b: NodeId, faults: LinkFaults): void {
    const { state, connections } = this.#services;
    state.transport.setFaults(a, b, faults);
    const node = state.nodes.get(a);
    if (faults.partitioned === true && node !== undefined && connections.connected(node, b)) {
      connections.drop(node, b);
    }
  }

  #start(node: LabNode, shell: NodeShell): void {
    const { chain } = this.#services.state;
    node.shell = shell;
    // A node that was down catches up block by block.
    for (let height = node.seenHeight + 1; height <= chain.height; height += 1) {
      node.notify('block_added', { hash: chain.hashAt(height) ?? '', height });
    }
    node.seenHeight = chain.height;
    this.#services.connections.resume(node);
  }

  #stop(node: LabNode): void {
    this.#services.connections.dropAll(node);
    node.shell = undefined;
  }
}
