import { type AdvisorBook, advisorId } from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import {
  type Asking,
  type AskingChange,
  askedOf,
  changeAsking,
  priceSatCeil,
  REPUTATIONS,
} from '@cl-hive/payments';
import { type AdminParts, administer } from '../pipeline/admin.ts';
import type { AdvisorAdmin } from '../pipeline/advisor-admin.ts';
import { advisorName } from '../pipeline/client-views.ts';
import { loadAsking, saveAsking } from './asking-row.ts';

/** A change as the operator asks for it: a sender is an advisor, by any of its names. */
export type PriceChange =
  | Exclude<AskingChange, { kind: 'known' }>
  | (Omit<Extract<AskingChange, { kind: 'known' }>, 'sender'> & { readonly advisor: string });

/** Prices as the operator sees and sets them. */
export class PriceAdmin {
  readonly #parts: AdminParts;
  readonly #advisors: Pick<AdvisorAdmin, 'book' | 'find'>;

  constructor(parts: AdminParts, advisors: Pick<AdvisorAdmin, 'book' | 'find'>) {
    this.#parts = parts;
    this.#advisors = advisors;
  }

  /** What is asked of whom. */
  async view(): Promise<JsonObject> {
    return priceView(await loadAsking(this.#parts.store.reader), await this.#advisors.book());
  }

  /**
   * Carries out changes, all or none, with a receipt. Throws CodedError `price_value`, and
   * `advisor_unknown` for a sender that is no advisor.
   */
  async change(changes: readonly PriceChange[]): Promise<JsonObject> {
    const book = await this.#advisors.book();
    const exact: AskingChange[] = [];
    for (const change of changes) {
      if (change.kind === 'known') {
        const { advisor, ...rest } = change;
        exact.push({ ...rest, sender: advisorId(await this.#advisors.find(advisor)) });
      } else {
        exact.push(change);
      }
    }
    return administer(this.#parts, 'price', async (tx) => {
      const asking = exact.reduce(changeAsking, await loadAsking(tx));
      await saveAsking(tx, asking);
      return { value: priceView(asking, book), receipt: { price: exact.map(changeRecord) } };
    });
  }
}

/** Amounts as texts, as receipts have them. */
function changeRecord(change: AskingChange): JsonObject {
  return change.kind === 'price'
    ? { kind: change.kind, danger: change.danger, amount_msat: String(change.amountMsat) }
    : { ...change };
}

function priceView(asking: Asking, book: AdvisorBook): JsonObject {
  const { on, list, reads, uses, seconds, known } = asking;
  return {
    asking: on,
    reads,
    uses,
    valid_seconds: seconds,
    prices: list.byDanger.map((_, at) => ({
      danger: at + 1,
      ...Object.fromEntries(
        REPUTATIONS.map((reputation) => [
          `${reputation}_msat`,
          priceSatCeil(list, at + 1, reputation),
        ]),
      ),
    })),
    advisors: [...known].map(([sender, reputation]) => ({
      advisor: advisorName(book, sender),
      reputation,
      asked_msat: [...(askedOf({ ...asking, on: true }, sender) ?? [])],
    })),
  };
}
