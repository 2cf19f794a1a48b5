import {
  fundchannel,
  type ListfundsOutputs,
  listchannels,
  listclosedchannels,
  listfunds,
  listpeerchannels,
  newaddr,
  type RpcClient,
  txdiscard,
  txprepare,
} from '@cl-hive/cln-rpc';
import { CodedError, type NodeId } from '@cl-hive/core';
import { ASK_MS, type Funding, feeBound, fundWithin } from '@cl-hive/runtime/node';
import { PEER_MS } from './limits.ts';
import type { OpenPlan, Order } from './order.ts';

/** A channel with a target, open, opening or ending. */
export interface SeenChannel {
  readonly channelId: string | undefined;
  readonly state: string;
  readonly byUs: boolean;
  readonly capacitySat: bigint | undefined;
  readonly outpoint: string | undefined;
}

/** What became of an opening, as far as lightningd shows. */
export type Look =
  | { readonly kind: 'there'; readonly outpoint?: string; readonly channelId?: string }
  | { readonly kind: 'pending' | 'absent' };

/** What `fundchannel` answered. */
export interface Opened {
  readonly outpoint: string;
  readonly channelId: string;
}

/** Where a channel is agreed with its peer, before its funding is sent. */
const AGREEING: ReadonlySet<string> = new Set([
  'OPENINGD',
  'DUALOPEND_OPEN_INIT',
  'DUALOPEND_OPEN_COMMITTED',
  'DUALOPEND_OPEN_COMMIT_READY',
]);

/** What openings ask of lightningd. Everything throws what the RPC client throws. */
export type Lightning = Pick<LightningPort, keyof LightningPort>;

/** {@link Lightning} over RPC. */
export class LightningPort {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  /** Channels with a peer that are not forgotten yet, whatever their state. */
  async channelsWith(id: NodeId): Promise<readonly SeenChannel[]> {
    const { channels } = await this.#rpc.call(listpeerchannels, { id }, { timeoutMs: ASK_MS });
    return channels.map((row) => ({
      channelId: row.channel_id,
      state: row.state,
      byUs: row.opener === 'local',
      capacitySat: row.total_msat === undefined ? undefined : row.total_msat / 1000n,
      outpoint:
        row.funding_txid === undefined ? undefined : `${row.funding_txid}:${row.funding_outnum}`,
    }));
  }

  /** Everybody this node has or makes a channel with. */
  async ownTargets(): Promise<readonly NodeId[]> {
    const { channels } = await this.#rpc.call(listpeerchannels, {}, { timeoutMs: ASK_MS });
    return channels.map(({ peer_id: peer }) => peer);
  }

  /** Everybody a member has a public channel with. */
  async targetsOf(source: NodeId): Promise<readonly NodeId[]> {
    const { channels } = await this.#rpc.call(listchannels, { source }, { timeoutMs: ASK_MS });
    return channels.map(({ destination }) => destination);
  }

  /** Confirmed and free on chain, sat. */
  async freeSat(): Promise<bigint> {
    return (await this.#coins())
      .filter(({ status, reserved }) => status === 'confirmed' && !reserved)
      .reduce((sum, { amount_msat: amount }) => sum + amount / 1000n, 0n);
  }

  /** Bound of the fee of an opening, sat; undefined without an estimate. */
  async feeSat(amountSat: bigint, feerate: string): Promise<bigint | undefined> {
    const bound = await feeBound(this.#rpc, amountSat, feerate);
    return bound === undefined ? undefined : (bound + 999n) / 1000n;
  }

  /** Coins for an opening within its fee's bound, or why there are none. */
  fund({ amountSat, feerate, feeSat }: Order): Promise<Funding | string> {
    return fundWithin(this.#rpc, amountSat, feerate, feeSat * 1000n);
  }

  /** All channels with a target by id, those that were closed too. */
  async knownChannels(id: NodeId): Promise<readonly string[]> {
    const open = await this.channelsWith(id);
    return [...open, ...(await this.#closed(id))].flatMap(({ channelId }) => channelId ?? []);
  }

  /** Opens. Whatever it throws, the channel may be there. */
  async open(target: NodeId, amountSat: bigint, plan: OpenPlan): Promise<Opened> {
    const { perKw, utxos } = plan;
    const {
      channel_id: channelId,
      txid,
      outnum,
    } = await this.#rpc.call(
      fundchannel,
      { id: target, amount: amountSat, feerate: `${perKw}perkw`, utxos, announce: true },
      { timeoutMs: PEER_MS },
    );
    return { channelId, outpoint: `${txid}:${outnum}` };
  }

  /** Looks for the channel of an opening: ours, new, of its capacity. */
  async look(target: NodeId, amountSat: bigint, plan: OpenPlan): Promise<Look> {
    const before = new Set(plan.before);
    const channels = await this.channelsWith(target);
    const closed = await this.#closed(target);
    const found = [...channels, ...closed].find(
      ({ channelId, byUs, capacitySat, state }) =>
        channelId !== undefined &&
        !before.has(channelId) &&
        byUs &&
        capacitySat === amountSat &&
        !AGREEING.has(state),
    );
    if (found !== undefined) {
      const { outpoint, channelId } = found;
      return {
        kind: 'there',
        ...(outpoint === undefined ? {} : { outpoint }),
        ...(channelId === undefined ? {} : { channelId }),
      };
    }
    return { kind: channels.some(({ state }) => AGREEING.has(state)) ? 'pending' : 'absent' };
  }

  /**
   * Sets the coins of an opening aside, so that lightningd cannot begin it any more: it takes coins
   * before it talks to the peer, and none that are set aside. Undefined where one is not free, which
   * means that it may still be at it, or has spent it.
   */
  async fence({ utxos }: OpenPlan): Promise<string | undefined> {
    const free = new Set(
      (await this.#coins())
        .filter(({ status, reserved }) => status === 'confirmed' && !reserved)
        .map(({ txid, output }) => `${txid}:${output}`),
    );
    if (!utxos.every((utxo) => free.has(utxo))) {
      return undefined;
    }
    const { bech32, p2tr } = await this.#rpc.call(newaddr, {}, { timeoutMs: ASK_MS });
    const address = bech32 ?? p2tr;
    if (address === undefined) {
      throw new CodedError('node_silent', 'lightningd gave no address');
    }
    const outputs = [{ [address]: 'all' }];
    const { txid } = await this.#rpc.call(txprepare, { outputs, utxos }, { timeoutMs: ASK_MS });
    return txid;
  }

  /** Gives coins back that were set aside. */
  async unfence(txid: string): Promise<void> {
    await this.#rpc.call(txdiscard, { txid }, { timeoutMs: ASK_MS });
  }

  async #coins(): Promise<readonly ListfundsOutputs[]> {
    const { outputs } = await this.#rpc.call(listfunds, {}, { timeoutMs: ASK_MS });
    return outputs;
  }

  async #closed(id: NodeId): Promise<readonly SeenChannel[]> {
    const { closedchannels } = await this.#rpc.call(
      listclosedchannels,
      { id },
      { timeoutMs: ASK_MS },
    );
    return closedchannels.map((row) => ({
      channelId: row.channel_id,
      state: 'CLOSED',
      byUs: row.opener === 'local',
      capacitySat: row.total_msat / 1000n,
      outpoint: `${row.funding_txid}:${row.funding_outnum}`,
    }));
  }
}
