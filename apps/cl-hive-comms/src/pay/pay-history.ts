import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  type AdvisorBook,
  capUses,
  effectiveRules,
  findIntent,
  grantHolds,
  grantUses,
  listStops,
  loadGrants,
  loadPolicy,
  type Moment,
  OPERATOR,
  policyCaps,
} from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import { explain } from '@cl-hive/runtime/node';
import { decodeMsat, decodeMsatSum, type MsatText, type Reader, sumMsat } from '@cl-hive/store';
import { loadChannels, sumOf } from '../actions/channel-view.ts';
import { seconds } from '../pipeline/advisor-view.ts';
import { advisorName } from '../pipeline/client-views.ts';
import type { CommsDatabase } from '../store/database.ts';
import { capView, payGrantView } from './pay-views.ts';

/** A page of the history, newest first. */
export interface HistoryPage {
  /** Entries, 1 to 1000. */
  readonly limit: number;
  /** Only requests below this number; undefined for the newest. */
  readonly before: number | undefined;
  /** Only entries in this state. */
  readonly state: 'reserved' | 'settled' | 'released' | 'unknown' | undefined;
}

/** What a {@link PayHistory} reads. */
export interface PayHistoryParts {
  readonly rpc: RpcClient;
  readonly reader: Reader<CommsDatabase>;
  readonly moment: () => Moment;
  readonly book: () => Promise<AdvisorBook>;
  readonly methods: () => readonly string[];
}

/** Entries whose outcome is open that one answer explains; more are a fault that alerts tell. */
const OPEN_MAX = 100;

/** What was paid, what may be paid yet, and what is not known, as the operator sees it. */
export class PayHistory {
  readonly #parts: PayHistoryParts;

  constructor(parts: PayHistoryParts) {
    this.#parts = parts;
  }

  async view(page: HistoryPage): Promise<JsonObject> {
    const { reader, methods } = this.#parts;
    const { now, guardMs } = this.#parts.moment();
    const rules = effectiveRules(await loadPolicy(reader), now);
    const uses = await capUses(reader, policyCaps(rules), guardMs);
    const grants = (await loadGrants(reader, OPERATOR)).filter((grant) => grantHolds(grant, now));
    const used = await grantUses(
      reader,
      grants.map(({ id }) => id),
    );
    const stops = await listStops(reader);
    const book = await this.#parts.book();
    return {
      paying: grants.length === 0 ? 'off: grant an amount with action=grant' : 'on',
      methods: [...methods()],
      balances: await this.#balances(),
      limits: uses.map(capView),
      grants: grants.map((grant) => payGrantView(grant, used.get(grant.id))),
      stopped: stops.map(({ payer, intent, reason, since }) => ({
        payer: payer.startsWith(OPERATOR) ? payer : advisorName(book, payer),
        request: intent,
        reason,
        since: seconds(since),
      })),
      unknown: await this.#unknown(book),
      ...(await this.#history(page, book)),
    };
  }

  /** What left by method, what may leave yet, and what the channels can send. */
  async #balances(): Promise<JsonObject> {
    const rows = await this.#parts.reader
      .selectFrom('comms_ledger')
      .select((eb) => ['method', 'state', sumMsat(eb.ref('amount_msat')).as('total')] as const)
      .where('power', '=', 'spend')
      .where('state', '!=', 'released')
      .groupBy(['method', 'state'])
      .execute();
    const spent: Record<string, bigint> = {};
    let [reserved, unknown] = [0n, 0n];
    for (const { method, state, total } of rows) {
      const amount = decodeMsatSum(total);
      if (state === 'settled') {
        spent[method ?? 'other'] = (spent[method ?? 'other'] ?? 0n) + amount;
      } else if (state === 'reserved') {
        reserved += amount;
      } else {
        unknown += amount;
      }
    }
    return {
      spent_msat: spent,
      reserved_msat: reserved,
      unknown_msat: unknown,
      lightning: await this.#lightning(),
    };
  }

  async #lightning(): Promise<JsonObject> {
    try {
      const { live } = await loadChannels(this.#parts.rpc);
      return {
        can_send_msat: sumOf(live, ({ row }) => row.spendable_msat ?? 0n),
        can_receive_msat: sumOf(live, ({ row }) => row.receivable_msat ?? 0n),
      };
    } catch (error) {
      return { problem: explain(error) };
    }
  }

  /** What may have left, and what was seen of it last. */
  async #unknown(book: AdvisorBook): Promise<readonly JsonObject[]> {
    const rows = await this.#rows({ limit: OPEN_MAX, before: undefined, state: 'unknown' });
    const entries: JsonObject[] = [];
    for (const row of rows) {
      const intent = await findIntent(this.#parts.reader, row.intent);
      entries.push({
        ...entryView(row, book),
        why: intent?.outcome?.message ?? 'its outcome was not seen yet',
      });
    }
    return entries;
  }

  async #history(page: HistoryPage, book: AdvisorBook): Promise<JsonObject> {
    const rows = await this.#rows(page);
    const last = rows.at(-1);
    return {
      history: rows.map((row) => entryView(row, book)),
      ...(last !== undefined && rows.length === page.limit ? { next_before: last.intent } : {}),
    };
  }

  #rows({ limit, before, state }: HistoryPage): Promise<readonly Row[]> {
    let query = this.#parts.reader
      .selectFrom('comms_ledger')
      .innerJoin('comms_intents', 'comms_intents.id', 'comms_ledger.intent')
      .select([
        'comms_ledger.intent as intent',
        'comms_ledger.power as power',
        'comms_ledger.principal as principal',
        'comms_ledger.amount_msat as amount',
        'comms_ledger.state as state',
        'comms_ledger.method as method',
        'comms_ledger.purpose as purpose',
        'comms_ledger.payee as payee',
        'comms_ledger.reference as reference',
        'comms_intents.created_at as created',
      ]);
    if (before !== undefined) {
      query = query.where('comms_ledger.intent', '<', before);
    }
    if (state !== undefined) {
      query = query.where('comms_ledger.state', '=', state);
    }
    return query.orderBy('comms_ledger.intent', 'desc').limit(limit).execute();
  }
}

interface Row {
  readonly intent: number;
  readonly power: string;
  readonly principal: string;
  readonly amount: MsatText;
  readonly state: string;
  readonly method: string | null;
  readonly purpose: string | null;
  readonly payee: string | null;
  readonly reference: string | null;
  readonly created: number;
}

function entryView(row: Row, book: AdvisorBook): JsonObject {
  const { intent, power, principal, amount, state, method, purpose, payee, reference } = row;
  return {
    request: intent,
    advisor: advisorName(book, principal),
    power,
    ...(method === null ? {} : { method }),
    ...(purpose === null ? {} : { purpose }),
    ...(payee === null ? {} : { payee }),
    ...(reference === null ? {} : { reference }),
    amount_msat: decodeMsat(amount),
    state,
    at: Math.floor(row.created / 1000),
  };
}
