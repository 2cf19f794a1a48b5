import type { JsonObject, NodeId } from '@cl-hive/core';
import type { NodeShell } from '../contract/node.ts';
import { Books } from './books.ts';
import type { Transaction } from './chain/transaction.ts';
import type { Draws } from './digest.ts';
import type { Forward, HtlcRecord, Invoice, Offer, SendPay } from './payments/records.ts';
import { Table } from './table.ts';
import { Wallet } from './wallet.ts';

/** What a node is made of. */
export interface LabNodeSpec {
  /** 32 bytes; gives the node its id. See {@link nodeSecretKey}. */
  readonly secretKey: Uint8Array;
  readonly alias: string;
  /** `<lightning-dir>/<network>`, as `getinfo` shows it. */
  readonly lightningDir: string;
  /** Where the node says it listens; nothing listens there. */
  readonly address: { readonly host: string; readonly port: number };
}

/** A peer that a node has met. */
export interface Peer {
  readonly id: NodeId;
  /** Connected, with all `peer_connected` hooks answered; or on the way there. */
  readonly state: 'connected' | 'connecting' | 'disconnected';
  readonly direction: 'in' | 'out';
  readonly host: string;
  readonly port: number;
  /** Unix seconds since the connection stands. */
  readonly since: number;
}

/** All that one node remembers: it outlives the process that shows it. */
export class LabNode {
  readonly id: NodeId;
  readonly spec: LabNodeSpec;
  readonly network: string;
  readonly draws: Draws;
  readonly peers = new Map<string, Peer>();
  readonly books = new Books();
  readonly invoices = new Table<Invoice>();
  readonly sendpays = new Table<SendPay>();
  readonly forwards = new Table<Forward>();
  readonly htlcs = new Table<HtlcRecord>();
  readonly offers: Offer[] = [];
  /** Transactions of `txprepare` that were neither sent nor discarded, by id. */
  readonly drafts = new Map<string, Transaction>();
  /** Number of the last invoice that was paid. */
  payIndex = 0;
  readonly wallet: Wallet;
  /** The running lightningd of this node, if any. */
  shell: NodeShell | undefined;
  /** Routing fees earned. */
  feesCollectedMsat = 0n;
  /** Height of the last block that the running node was told of. */
  seenHeight: number;

  constructor(id: NodeId, spec: LabNodeSpec, network: string, draws: Draws, height: number) {
    this.id = id;
    this.spec = spec;
    this.network = network;
    this.draws = draws;
    this.wallet = new Wallet(spec.secretKey);
    this.seenHeight = height;
  }

  /** Tells the node's plugins something. Does nothing while it is down. */
  notify(topic: string, payload: JsonObject): void {
    this.shell?.notify(topic, payload);
  }

  /** Asks the node's plugins; a node that is down continues. */
  async hook(name: string, payload: JsonObject): Promise<JsonObject> {
    return this.shell === undefined ? { result: 'continue' } : this.shell.hook(name, payload);
  }

  log(level: 'debug' | 'info' | 'unusual' | 'broken', source: string, text: string): void {
    this.shell?.log(level, source, text);
  }
}
