import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { type Clock, isJsonObject, isNodeId, type NodeId } from '@cl-hive/core';

/** How long an answer about members and channels is used, ms. */
const FRESH_MS = 10_000;
const CALL_MS = 10_000;

/** Whom this node has to do with: members of its hive, and peers that it has channels with. */
export class Neighbours {
  readonly #rpc: Pick<RpcClient, 'raw'>;
  readonly #clock: Clock;
  #known: { readonly at: number; readonly ids: ReadonlySet<NodeId> } | undefined;

  constructor(rpc: Pick<RpcClient, 'raw'>, clock: Clock) {
    this.#rpc = rpc;
    this.#clock = clock;
  }

  /** The full members of the hive, by cl-hive; undefined without it. */
  async members(): Promise<readonly NodeId[] | undefined> {
    try {
      const answer = await this.#rpc.raw('hive-members', {}, { timeoutMs: CALL_MS });
      const members = isJsonObject(answer) ? answer['members'] : undefined;
      return Array.isArray(members)
        ? members.flatMap((one: unknown) => {
            const { peer_id: id, tier } = isJsonObject(one) ? one : {};
            return isNodeId(id) && tier !== 'neophyte' ? [id] : [];
          })
        : undefined;
    } catch (error) {
      if (error instanceof RpcError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Whether a node is a member or has a channel with this one. */
  async knows(id: NodeId): Promise<boolean> {
    const now = this.#clock.monotonic();
    if (this.#known === undefined || now - this.#known.at > FRESH_MS) {
      const members = (await this.members()) ?? [];
      this.#known = { at: now, ids: new Set([...members, ...(await this.#peers())]) };
    }
    return this.#known.ids.has(id);
  }

  /** The answer of `listpeerchannels`. */
  channels(): Promise<unknown> {
    return this.#rpc.raw('listpeerchannels', {}, { timeoutMs: CALL_MS });
  }

  async #peers(): Promise<readonly NodeId[]> {
    const answer = await this.channels();
    const channels = isJsonObject(answer) ? answer['channels'] : undefined;
    return Array.isArray(channels)
      ? channels.flatMap((one: unknown) => {
          const { peer_id: id, state } = isJsonObject(one) ? one : {};
          return isNodeId(id) && state === 'CHANNELD_NORMAL' ? [id] : [];
        })
      : [];
  }
}
