import { canonicalJson, compareBy } from '../canonical.ts';
import {
  compareObserved,
  isEnding,
  type Observation,
  type ObservedChannel,
  type OrderFacts,
} from './observation.ts';

/** Everything that was seen of one order. Each member only ever grows, by a rule that has no sequence. */
interface OrderRecord {
  readonly facts: OrderFacts | null;
  readonly submittedAt: number | null;
  readonly done: { readonly txid: string | null; readonly channelId: string | null } | null;
  readonly failed: string | null;
  readonly cancelled: boolean;
}

interface ChannelRecord {
  readonly at: number;
  readonly channel: ObservedChannel;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/**
 * What was seen, merged so that order and repetition of observations make no difference. It holds
 * facts; {@link truthOf} says what follows from them.
 */
export interface Ledger {
  readonly orders: ReadonlyMap<string, OrderRecord>;
  /** By member and channel id. */
  readonly channels: ReadonlyMap<string, ChannelRecord>;
  /** By member, the latest complete list of channels. */
  readonly listedAt: ReadonlyMap<string, number>;
  readonly funds: ReadonlyMap<string, { readonly at: number; readonly confirmedSat: number }>;
}

/** Nothing was seen yet. */
export const EMPTY_LEDGER: Ledger = {
  orders: new Map(),
  channels: new Map(),
  listedAt: new Map(),
  funds: new Map(),
};

const NOTHING_KNOWN: OrderRecord = {
  facts: null,
  submittedAt: null,
  done: null,
  failed: null,
  cancelled: false,
};

/** Adds observations: the one place where snapshots and notifications become one truth. */
export function observe(ledger: Ledger, observations: readonly Observation[]): Ledger {
  const orders = new Map(ledger.orders);
  const channels = new Map(ledger.channels);
  const listedAt = new Map(ledger.listedAt);
  const funds = new Map(ledger.funds);
  for (const seen of observations) {
    switch (seen.kind) {
      case 'submitted':
      case 'done':
      case 'failed':
      case 'cancelled': {
        const record = orders.get(seen.clientOrderId) ?? NOTHING_KNOWN;
        orders.set(seen.clientOrderId, withOrder(record, seen));
        break;
      }
      case 'channels':
        listedAt.set(seen.member, Math.max(listedAt.get(seen.member) ?? 0, seen.at));
        for (const channel of seen.channels) {
          addChannel(channels, seen.member, seen.at, channel);
        }
        break;
      case 'channel':
        addChannel(channels, seen.member, seen.at, seen.channel);
        break;
      case 'funds':
        addFunds(funds, seen);
        break;
      default:
        seen satisfies never;
    }
  }
  return { orders, channels, listedAt, funds };
}

type OrderObservation = Extract<Observation, { clientOrderId: string }>;

function withOrder(record: OrderRecord, seen: OrderObservation): OrderRecord {
  switch (seen.kind) {
    case 'submitted':
      return {
        ...record,
        facts: greaterFacts(record.facts, seen.order),
        submittedAt: Math.min(record.submittedAt ?? seen.at, seen.at),
      };
    case 'done':
      return {
        ...record,
        done: {
          txid: greater(record.done?.txid ?? null, seen.txid),
          channelId: greater(record.done?.channelId ?? null, seen.channelId),
        },
      };
    case 'failed':
      return { ...record, failed: greater(record.failed, seen.error) };
    case 'cancelled':
      return { ...record, cancelled: true };
  }
}

/** Of two accounts of the same thing the same one is kept, whichever came first; any rather than none. */
function greater(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && a < b) ? b : a;
}

/** An order's id is a hash of its content; should two contents share it all the same, one is kept. */
function greaterFacts(a: OrderFacts | null, order: OrderFacts): OrderFacts {
  const { member, target, side, quantitySat, channelId } = order;
  const b: OrderFacts = { member, target, side, quantitySat, channelId };
  return a !== null && canonicalJson(a) > canonicalJson(b) ? a : b;
}

function addChannel(
  channels: Map<string, ChannelRecord>,
  member: string,
  at: number,
  channel: ObservedChannel,
): void {
  const key = `${member} ${channel.channelId}`;
  const known = channels.get(key);
  const latest =
    known !== undefined && compareObserved(known, { at, channel }) >= 0 ? known : { at, channel };
  channels.set(key, {
    at: latest.at,
    channel: latest.channel,
    firstSeenAt: Math.min(known?.firstSeenAt ?? at, at),
    lastSeenAt: Math.max(known?.lastSeenAt ?? at, at),
  });
}

function addFunds(
  funds: Map<string, { readonly at: number; readonly confirmedSat: number }>,
  seen: Extract<Observation, { kind: 'funds' }>,
): void {
  const known = funds.get(seen.member);
  // Two readings at one count: the lesser, so that no money is spent that may not be there.
  const older =
    known !== undefined &&
    (known.at > seen.at || (known.at === seen.at && known.confirmedSat <= seen.confirmedSat));
  if (!older) {
    funds.set(seen.member, { at: seen.at, confirmedSat: seen.confirmedSat });
  }
}

/** A channel and whether it still exists. */
export interface TrueChannel extends ObservedChannel {
  readonly member: string;
  /** Absent from a complete list that is later than its last sight. */
  readonly gone: boolean;
}

/** What became of an order. */
export interface TrueOrder {
  readonly clientOrderId: string;
  readonly facts: OrderFacts | null;
  /** `unknown` was handed out, and nothing says how it ended: it blocks and is never retried. */
  readonly status: 'unknown' | 'done' | 'failed' | 'cancelled';
  /** The channel that it made or changed, where it is known. */
  readonly channelId: string | null;
  /** What was seen contradicts itself, such as done and failed; the costlier reading is taken. */
  readonly conflict: boolean;
}

/** The one truth that follows from what was seen. */
export interface Truth {
  /** By client order id. */
  readonly orders: readonly TrueOrder[];
  /** By member and channel id. */
  readonly channels: readonly TrueChannel[];
  /** By member, sat. */
  readonly funds: readonly { readonly member: string; readonly confirmedSat: number }[];
}

/** Says what follows from a ledger; the same for every ledger with the same facts. */
export function truthOf(ledger: Ledger): Truth {
  const channels = [...ledger.channels]
    .map(([key, record]): TrueChannel & { readonly firstSeenAt: number } => {
      const member = key.slice(0, key.indexOf(' '));
      return {
        ...record.channel,
        member,
        gone: record.lastSeenAt < (ledger.listedAt.get(member) ?? 0),
        firstSeenAt: record.firstSeenAt,
      };
    })
    .sort(
      compareBy(
        (c) => c.member,
        (c) => c.channelId,
      ),
    );
  return {
    orders: ordersOf(ledger, channels),
    channels: channels.map(undated),
    funds: [...ledger.funds]
      .map(([member, { confirmedSat }]) => ({ member, confirmedSat }))
      .sort(compareBy((f) => f.member)),
  };
}

type DatedChannel = TrueChannel & { readonly firstSeenAt: number };

function undated(dated: DatedChannel): TrueChannel {
  const { firstSeenAt: _, ...channel } = dated;
  return channel;
}

function ordersOf(ledger: Ledger, channels: readonly DatedChannel[]): TrueOrder[] {
  const taken = new Set<string>();
  for (const { done } of ledger.orders.values()) {
    for (const channel of done === null ? [] : channels) {
      if (channel.channelId === done?.channelId || channel.fundingTxid === done?.txid) {
        taken.add(`${channel.member} ${channel.channelId}`);
      }
    }
  }
  // Earlier orders get earlier channels, so that two unknown ones never claim the same.
  const bySubmission = [...ledger.orders]
    .map(([clientOrderId, record]) => ({ clientOrderId, record }))
    .sort(
      compareBy(
        (o) => o.record.submittedAt ?? 0,
        (o) => o.clientOrderId,
      ),
    );
  return bySubmission
    .map(({ clientOrderId, record }) => judge(clientOrderId, record, channels, taken))
    .sort(compareBy((o) => o.clientOrderId));
}

function judge(
  clientOrderId: string,
  record: OrderRecord,
  channels: readonly DatedChannel[],
  taken: Set<string>,
): TrueOrder {
  const { facts, done, failed, cancelled } = record;
  if (done !== null) {
    const channel = channels.find(
      (c) =>
        (facts === null || c.member === facts.member) &&
        (c.channelId === done.channelId || c.fundingTxid === done.txid),
    );
    return {
      clientOrderId,
      facts,
      status: 'done',
      channelId: done.channelId ?? channel?.channelId ?? null,
      conflict: failed !== null || cancelled,
    };
  }
  if (failed !== null || (cancelled && record.submittedAt === null)) {
    return {
      clientOrderId,
      facts,
      status: failed === null ? 'cancelled' : 'failed',
      channelId: null,
      conflict: failed !== null && cancelled,
    };
  }
  const effect =
    facts === null ? undefined : effectOf(facts, record.submittedAt ?? 0, channels, taken);
  if (effect !== undefined) {
    taken.add(`${effect.member} ${effect.channelId}`);
  }
  return {
    clientOrderId,
    facts,
    status: effect === undefined ? 'unknown' : 'done',
    channelId: effect?.channelId ?? null,
    conflict: cancelled,
  };
}

/** The channel that shows that an order without an answer was carried out. */
function effectOf(
  facts: OrderFacts,
  submittedAt: number,
  channels: readonly DatedChannel[],
  taken: ReadonlySet<string>,
): DatedChannel | undefined {
  const own = channels.filter((c) => c.member === facts.member && c.peer === facts.target);
  if (facts.side === 'open') {
    return own
      .filter(
        (c) =>
          c.opener === 'local' &&
          c.firstSeenAt >= submittedAt &&
          c.totalSat >= facts.quantitySat &&
          !taken.has(`${c.member} ${c.channelId}`),
      )
      .sort(
        compareBy(
          (c) => c.firstSeenAt,
          (c) => c.channelId,
        ),
      )[0];
  }
  return facts.side === 'close'
    ? own.find((c) => c.channelId === facts.channelId && (c.gone || isEnding(c.state)))
    : undefined;
}
