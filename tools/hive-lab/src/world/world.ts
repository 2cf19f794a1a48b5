import { CodedError, type NodeId } from '@cl-hive/core';
import type { NodeShell, NodeWorld } from '../contract/node.ts';
import type { MiningPlan } from './chain/chain.ts';
import type { FeeTable } from './chain/feerates.ts';
import { ChannelLife } from './channel-life.ts';
import { ChannelRegistry } from './channel-registry.ts';
import { Closer } from './closer.ts';
import { backupCommands } from './commands/backup.ts';
import { bookCommands } from './commands/books.ts';
import { channelCommands } from './commands/channels.ts';
import { closingCommands } from './commands/closing.ts';
import { fundingCommands } from './commands/funding.ts';
import { gossipCommands } from './commands/gossip.ts';
import { infoCommands } from './commands/info.ts';
import { invoiceCommands } from './commands/invoices.ts';
import { offerCommands } from './commands/offers.ts';
import { payCommands } from './commands/pay.ts';
import { paymentListCommands } from './commands/payment-lists.ts';
import { peerCommands } from './commands/peers.ts';
import { routeCommands } from './commands/routes.ts';
import { sendPayCommands } from './commands/sendpay.ts';
import { spliceCommands } from './commands/splice.ts';
import { transactionCommands } from './commands/transactions.ts';
import { waitCommands } from './commands/wait.ts';
import { walletCommands } from './commands/wallet.ts';
import { Connections } from './connections.ts';
import { Draws } from './digest.ts';
import { EmergencyFiles } from './emergency-files.ts';
import { idOf, secretFrom } from './keys.ts';
import { LabNode, type LabNodeSpec } from './lab-node.ts';
import { Carrier } from './payments/carrier.ts';
import { Graphs } from './payments/graph.ts';
import { PartArrivals } from './payments/part-arrivals.ts';
import { Payments } from './payments/payments.ts';
import { PublicLiquidity } from './payments/public-liquidity.ts';
import { Receiver } from './payments/receiver.ts';
import { RoutePayments } from './payments/route-payments.ts';
import { SendPayBook } from './payments/sendpay-book.ts';
import type { CommandFamily, Services } from './services.ts';
import { type WorldOptions, WorldState } from './state.ts';
import type { LinkFaults } from './transport.ts';
import { Treasury } from './treasury.ts';
import { Waits } from './waits.ts';

const FAMILIES: readonly CommandFamily[] = [
  infoCommands,
  gossipCommands,
  peerCommands,
  walletCommands,
  transactionCommands,
  fundingCommands,
  channelCommands,
  closingCommands,
  spliceCommands,
  backupCommands,
  bookCommands,
  invoiceCommands,
  offerCommands,
  payCommands,
  sendPayCommands,
  paymentListCommands,
  routeCommands,
  waitCommands,
];

/** Why a world refused something of its caller. */
export type WorldErrorCode = 'world_node';

/**
 * A chain, a gossip network and any number of nodes, all in one process. Nodes keep everything here,
 * so that a node's shell may stop and another start in its place.
 */
export class World {
  readonly #services: Services;

  constructor(options: WorldOptions) {
    this.#services = makeServices(options);
    const { state, waits } = this.#services;
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

  /** Pays a node from nowhere: `outputs` outputs of `sat` satoshi each, mined with the next block. */
  fund(id: NodeId, sat: bigint, outputs = 1): void {
    const { state, treasury } = this.#services;
    const node = state.nodes.get(id);
    if (node === undefined) {
      throw new CodedError<WorldErrorCode>('world_node', `there is no node ${id}`);
    }
    treasury.grant(node, sat, outputs);
  }

  /** Sets the fee levels of the chain from now on. */
  setFees(fees: FeeTable): void {
    this.#services.state.fees = fees;
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
    this.#services.emergency.create(node);
    this.#services.connections.resume(node);
  }

  #stop(node: LabNode): void {
    this.#services.connections.dropAll(node);
    node.shell = undefined;
  }
}

/** Wires all that a world is made of; what is mined is looked at by wallet first, then by channel. */
function makeServices(options: WorldOptions): Services {
  const state = new WorldState(options);
  const channels = new ChannelRegistry();
  const waits = new Waits();
  const late: { life?: ChannelLife } = {};
  const connections = new Connections(
    state,
    (a, b) => channels.openBetween(a, b).length > 0,
    (a, b) => {
      late.life?.met(a, b);
      waits.changed();
    },
  );
  const treasury = new Treasury(state);
  const emergency = new EmergencyFiles(state, channels);
  const life = new ChannelLife(state, channels, connections, treasury, emergency);
  late.life = life;
  const graphs = new Graphs(state, channels, life);
  const receiver = new Receiver(state, treasury, waits);
  const { index } = state.gossip;
  const liquidity = index === undefined ? undefined : new PublicLiquidity(index, state.seed);
  const carrier = new Carrier(state, channels, life, treasury, liquidity, waits);
  const book = new SendPayBook(state, treasury, waits);
  const arrivals = new PartArrivals(state, carrier, receiver);
  const map = { channels, gossip: state.gossip };
  return {
    state,
    connections,
    channels,
    life,
    closer: new Closer(state, life, treasury),
    treasury,
    emergency,
    graphs,
    receiver,
    payments: new Payments(state, graphs, carrier, receiver, book),
    routePayments: new RoutePayments(state, map, { carrier, receiver, arrivals, book }),
    waits,
  };
}
