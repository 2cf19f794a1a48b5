import type { Clock, JsonValue, NodeId, Random } from '@cl-hive/core';
import type { Curve } from '@cl-hive/protocol';
import type { Disk } from '../line/line.ts';

/** Messages to other nodes; nothing of it throws for what the outside does. */
export interface WirePort {
  /** Hands the bytes of a hive message (from `HIVE` on) over; false when they surely did not leave. */
  readonly send: (to: NodeId, bytes: Uint8Array) => Promise<boolean>;
  /** The same for a message that only nodes of this software understand; `topic` without `hive:`. */
  readonly sendNative: (to: NodeId, topic: string, payload: JsonValue) => Promise<boolean>;
}

/** Signs as this node; rejects when nobody can sign right now. */
export interface SignerPort {
  /** The signature in zbase32, of the text as lightningd signs it. */
  readonly sign: (text: string) => Promise<string>;
}

/** What this node says of itself in gossip, as originals count it. */
export interface OwnHoldings {
  /** Of usable channels with members of the hive, and the share of it that is this node's, sat. */
  readonly capacitySat: bigint;
  readonly availableSat: bigint;
  readonly feePolicy: {
    readonly base_fee: number;
    readonly fee_rate: number;
    readonly min_htlc: bigint;
    readonly max_htlc: bigint;
    readonly cltv_delta: number;
  };
  /** Peers outside the hive with a usable channel, in order of code units. */
  readonly topology: readonly NodeId[];
  readonly addresses: readonly string[];
}

/** What lightningd knows; each answer may be some seconds old. */
export interface NodePort {
  /** Whether a usable channel with the peer exists: its stake. */
  readonly hasChannel: (peer: NodeId) => Promise<boolean>;
  /** Capacity of a node's channels in the public graph, and of its channels with this node, sat. */
  readonly capacitySat: (node: NodeId) => Promise<bigint>;
  readonly holdings: (members: ReadonlySet<NodeId>) => Promise<OwnHoldings>;
  readonly connected: () => Promise<ReadonlySet<NodeId>>;
  /** Tries to connect, where public gossip says the node is; never rejects. */
  readonly connect: (peer: NodeId) => Promise<boolean>;
}

/** Everything that the hive reaches outside of itself. */
export interface HivePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (level: 'debug' | 'info' | 'unusual' | 'broken', message: string) => void;
  readonly disk: Disk;
  readonly wire: WirePort;
  readonly signer: SignerPort;
  readonly node: NodePort;
  /** The curve that signatures are verified on. */
  readonly curve: Curve;
}
