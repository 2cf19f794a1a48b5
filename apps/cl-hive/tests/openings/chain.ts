import { RpcError } from '@cl-hive/cln-rpc';
import { CodedError, type NodeId } from '@cl-hive/core';
import type { Funding } from '@cl-hive/runtime/node';
import type { Lightning, Look, Opened, SeenChannel } from '../../src/openings/lightning-port.ts';
import type { OpenPlan, Order } from '../../src/openings/order.ts';

/** How the next call of `fundchannel` goes. */
export type Mood =
  | 'well'
  /** lightningd opens, but its answer never arrives. */
  | 'answer_lost'
  /** The same, and it opens only later, when {@link Chain.finish} is called. */
  | 'late'
  /** lightningd says no. */
  | 'refused'
  /** The call never reached lightningd. */
  | 'not_sent';

/** A channel that was opened, and the window its height was in. */
export interface ChainChannel {
  readonly opener: NodeId;
  readonly target: NodeId;
  readonly amountSat: bigint;
  readonly window: number;
  readonly outpoint: string;
}

/** The one chain that the lightningd of all nodes stand on. */
export class Chain {
  readonly channels: ChainChannel[] = [];
  readonly calls: { readonly opener: NodeId; readonly target: NodeId }[] = [];
  height = 700_000;

  /** Opens what lightningd had been asked for and was still at. */
  finish(): void {
    for (const node of this.nodes) {
      node.finish();
    }
  }

  readonly nodes: ChainNode[] = [];
}

const COIN_SAT = 20_000_000n;

/** Blocks for which lightningd sets coins aside. */
const RESERVE_BLOCKS = 72;
const SPENT = Number.POSITIVE_INFINITY;

/** One node's lightningd: it lives on when the plugin dies. */
export class ChainNode implements Lightning {
  readonly id: NodeId;
  moods: Mood[] = [];
  estimate = true;
  silent = false;
  readonly #chain: Chain;
  /** A coin is set aside up to a height, exclusive; for ever once it is spent. */
  readonly #coins = new Map<string, number>();
  #late: { readonly target: NodeId; readonly amountSat: bigint; readonly plan: OpenPlan }[] = [];
  #fences = 0;

  constructor(chain: Chain, id: NodeId, coins: number) {
    this.#chain = chain;
    this.id = id;
    chain.nodes.push(this);
    for (let index = 0; index < coins; index += 1) {
      this.#coins.set(`${id.slice(0, 6)}${index}:0`, 0);
    }
  }

  finish(): void {
    for (const { target, amountSat, plan } of this.#late.splice(0)) {
      if (plan.utxos.every((utxo) => this.#isFree(utxo))) {
        this.#fund(target, amountSat, plan);
      }
    }
  }

  /** lightningd starts anew: what it was at is gone. */
  restart(): void {
    this.#late = [];
  }

  async channelsWith(target: NodeId): Promise<readonly SeenChannel[]> {
    this.#answer();
    return this.#chain.channels
      .filter((one) => one.opener === this.id && one.target === target)
      .map(({ outpoint, amountSat }) => ({
        channelId: outpoint,
        outpoint,
        state: 'CHANNELD_NORMAL',
        byUs: true,
        capacitySat: amountSat,
      }));
  }

  async ownTargets(): Promise<readonly NodeId[]> {
    return this.targetsOf(this.id);
  }

  async targetsOf(source: NodeId): Promise<readonly NodeId[]> {
    this.#answer();
    return this.#chain.channels
      .filter(({ opener }) => opener === source)
      .map(({ target }) => target);
  }

  async freeSat(): Promise<bigint> {
    this.#answer();
    return BigInt(this.#free().length) * COIN_SAT;
  }

  async feeSat(): Promise<bigint | undefined> {
    return this.estimate ? 1000n : undefined;
  }

  async fund({ amountSat }: Order): Promise<Funding | string> {
    const need = Number((amountSat + 1000n + COIN_SAT - 1n) / COIN_SAT);
    const utxos = this.#free().slice(0, need);
    return utxos.length < need
      ? 'no coins'
      : { utxos, inputsSat: BigInt(need) * COIN_SAT, perKw: 253, feeSat: 1000n };
  }

  async knownChannels(target: NodeId): Promise<readonly string[]> {
    return (await this.channelsWith(target)).flatMap(({ channelId }) => channelId ?? []);
  }

  async open(target: NodeId, amountSat: bigint, plan: OpenPlan): Promise<Opened> {
    const mood = this.moods.shift() ?? 'well';
    if (mood === 'not_sent') {
      throw new CodedError('rpc_unreachable', 'no socket', { data: { sent: false } });
    }
    this.#chain.calls.push({ opener: this.id, target });
    if (mood === 'refused') {
      throw new RpcError('fundchannel', 305, 'They sent ERROR');
    }
    if (mood === 'late') {
      this.#late.push({ target, amountSat, plan });
      throw new CodedError('rpc_timeout', 'no answer', { data: { sent: true } });
    }
    const outpoint = this.#fund(target, amountSat, plan);
    if (mood === 'answer_lost') {
      throw new CodedError('rpc_closed', 'the connection closed', { data: { sent: true } });
    }
    return { outpoint, channelId: outpoint };
  }

  async look(target: NodeId, amountSat: bigint, plan: OpenPlan): Promise<Look> {
    const found = (await this.channelsWith(target)).find(
      ({ channelId, capacitySat }) =>
        !plan.before.includes(channelId ?? '') && capacitySat === amountSat,
    );
    return found === undefined
      ? { kind: 'absent' }
      : { kind: 'there', outpoint: found.outpoint ?? '', channelId: found.channelId ?? '' };
  }

  async fence({ utxos }: OpenPlan): Promise<string | undefined> {
    this.#answer();
    if (!utxos.every((utxo) => this.#isFree(utxo))) {
      return undefined;
    }
    for (const utxo of utxos) {
      this.#coins.set(utxo, this.#chain.height + RESERVE_BLOCKS);
    }
    this.#fences += 1;
    return `fence${this.#fences}`;
  }

  async unfence(): Promise<void> {
    for (const [coin, until] of this.#coins) {
      this.#coins.set(coin, until === SPENT ? SPENT : 0);
    }
  }

  #fund(target: NodeId, amountSat: bigint, plan: OpenPlan): string {
    for (const utxo of plan.utxos) {
      this.#coins.set(utxo, SPENT);
    }
    const outpoint = `${String(this.#chain.channels.length).padStart(64, '0')}:0`;
    const window = Math.floor(this.#chain.height / 7);
    this.#chain.channels.push({ opener: this.id, target, amountSat, window, outpoint });
    return outpoint;
  }

  #free(): readonly string[] {
    return [...this.#coins.keys()].filter((coin) => this.#isFree(coin));
  }

  #isFree(coin: string): boolean {
    return (this.#coins.get(coin) ?? SPENT) <= this.#chain.height;
  }

  #answer(): void {
    if (this.silent) {
      throw new CodedError('rpc_unreachable', 'lightningd is not there', { data: { sent: false } });
    }
  }
}
