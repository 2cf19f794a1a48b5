import type { Clock, NodeId, Random } from '@cl-hive/core';
import { Chain } from './chain/chain.ts';
import { type FeeTable, QUIET_FEES } from './chain/feerates.ts';
import { Draws } from './digest.ts';
import { Gossip } from './gossip.ts';
import type { LabNode } from './lab-node.ts';
import { PUBLIC_HEIGHT, type PublicNetwork } from './network/public-network.ts';
import { GossipRenderer } from './network/render.ts';
import { Transport } from './transport.ts';

/** What a world is made of. */
export interface WorldOptions {
  readonly clock: Clock;
  /** Gives the world its one seed; everything else follows from it. */
  readonly random: Random;
  /** Bitcoin network; `regtest` when not given. */
  readonly network?: string;
  readonly publicNetwork?: PublicNetwork;
  /** Height to start at; above all public channels, or 100 without them. */
  readonly startHeight?: number;
  readonly fees?: FeeTable;
}

/** What all nodes of a world share. */
export class WorldState {
  readonly clock: Clock;
  readonly network: string;
  readonly draws: Draws;
  readonly seed: Uint8Array;
  readonly chain: Chain;
  readonly gossip: Gossip;
  readonly renderer: GossipRenderer;
  readonly transport: Transport;
  readonly nodes = new Map<string, LabNode>();
  fees: FeeTable;

  constructor(options: WorldOptions) {
    this.clock = options.clock;
    this.network = options.network ?? 'regtest';
    this.seed = options.random.bytes(32);
    this.draws = new Draws(this.seed);
    this.chain = new Chain(
      options.clock,
      options.startHeight ?? (options.publicNetwork === undefined ? 100 : PUBLIC_HEIGHT),
    );
    this.gossip = new Gossip(options.publicNetwork);
    this.renderer = new GossipRenderer(this.gossip);
    this.transport = new Transport(options.clock, this.draws);
    this.fees = options.fees ?? QUIET_FEES;
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  /** A node that lives in the public network only: it accepts what is asked of it. */
  isPassive(id: NodeId): boolean {
    return !this.nodes.has(id) && this.gossip.index?.indexOf(id) !== undefined;
  }
}
