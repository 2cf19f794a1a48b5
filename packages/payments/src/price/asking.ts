import {
  amountMsat,
  array,
  boolean,
  CodedError,
  DecodeError,
  type Decoder,
  integer,
  type JsonObject,
  type Msat,
  object,
  oneOf,
  type Ppm,
  record,
} from '@cl-hive/core';
import { PAYMENT_LIMITS } from '../limits.ts';
import {
  type PriceList,
  priceSatCeil,
  REPUTATIONS,
  type Reputation,
  SUGGESTED_PRICES,
} from './price.ts';

/** What this node asks of those who want something done. */
export interface Asking {
  readonly on: boolean;
  readonly list: PriceList;
  /** Whether actions that only read cost something too. */
  readonly reads: boolean;
  /** Uses that one payment buys. */
  readonly uses: number;
  /** Seconds that what was bought is good for. */
  readonly seconds: number;
  /** How well senders are known, by their id; who is not in it is a newcomer. */
  readonly known: ReadonlyMap<string, Reputation>;
}

/** Nothing is asked; once it is, the suggested prices, for one use each, within a day. */
export const ASKING_NOTHING: Asking = {
  on: false,
  list: SUGGESTED_PRICES,
  reads: false,
  uses: 1,
  seconds: 86_400,
  known: new Map(),
};

/** A change by the operator. */
export type AskingChange =
  | { readonly kind: 'on' }
  | { readonly kind: 'off' }
  /** Prices and shares as suggested. */
  | { readonly kind: 'suggested' }
  | { readonly kind: 'price'; readonly danger: number; readonly amountMsat: Msat }
  | { readonly kind: 'reads'; readonly reads: boolean }
  | { readonly kind: 'uses'; readonly uses: number }
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'known'; readonly sender: string; readonly reputation: Reputation };

function wanted(holds: boolean, what: string): void {
  if (!holds) {
    throw new CodedError('price_value', `expected ${what}`, { remedy: 'hive-client-price shows' });
  }
}

/** What is asked after a change. Throws CodedError `price_value` where that cannot be. */
export function changeAsking(asking: Asking, change: AskingChange): Asking {
  switch (change.kind) {
    case 'on':
    case 'off':
      return { ...asking, on: change.kind === 'on' };
    case 'suggested':
      return { ...asking, list: SUGGESTED_PRICES };
    case 'price': {
      const { danger, amountMsat: amount } = change;
      const most = PAYMENT_LIMITS.priceMsat;
      wanted(Number.isInteger(danger) && danger >= 1 && danger <= 10, 'a danger from 1 to 10');
      wanted(amount >= 0n && amount <= most, `a price of at most ${most} msat`);
      const byDanger = asking.list.byDanger.with(danger - 1, amount);
      return { ...asking, list: { ...asking.list, byDanger } };
    }
    case 'reads':
      return { ...asking, reads: change.reads };
    case 'uses': {
      const { uses } = change;
      const most = PAYMENT_LIMITS.tokenUses;
      wanted(Number.isInteger(uses) && uses >= 1 && uses <= most, `1 to ${most} uses`);
      return { ...asking, uses };
    }
    case 'seconds': {
      const { seconds } = change;
      const { tokenSecondsMin: least, tokenSecondsMax: most } = PAYMENT_LIMITS;
      const fits = Number.isInteger(seconds) && seconds >= least && seconds <= most;
      wanted(fits, `${least} to ${most} seconds`);
      return { ...asking, seconds };
    }
    case 'known': {
      const { sender, reputation } = change;
      const known = new Map(asking.known);
      known.delete(sender);
      if (reputation !== 'newcomer') {
        known.set(sender, reputation);
      }
      const most = PAYMENT_LIMITS.knownSenders;
      wanted(known.size <= most, `at most ${most} known senders`);
      return { ...asking, known };
    }
  }
}

/** How well a sender is known. */
export function reputationOf({ known }: Asking, sender: string): Reputation {
  return known.get(sender) ?? 'newcomer';
}

/** What a sender is asked for danger 1 to 10, in this order; undefined while nothing is asked. */
export function askedOf(asking: Asking, sender: string): readonly Msat[] | undefined {
  const reputation = reputationOf(asking, sender);
  return asking.on
    ? asking.list.byDanger.map((_, at) => priceSatCeil(asking.list, at + 1, reputation))
    : undefined;
}

const ppm = integer(0, 100_000_000) as Decoder<Ppm>;
const fields = object({
  on: boolean,
  by_danger: array(amountMsat, 10),
  shares: object({ newcomer: ppm, recognized: ppm, trusted: ppm, senior: ppm }),
  reads: boolean,
  uses: integer(1, PAYMENT_LIMITS.tokenUses),
  seconds: integer(PAYMENT_LIMITS.tokenSecondsMin, PAYMENT_LIMITS.tokenSecondsMax),
  known: record(oneOf(...REPUTATIONS), PAYMENT_LIMITS.knownSenders),
});

/** Reads what {@link askingToJson} wrote. Throws DecodeError. */
export const decodeAsking: Decoder<Asking> = (input) => {
  const { by_danger: byDanger, shares, ...rest } = fields(input);
  if (byDanger.length !== 10) {
    throw new DecodeError('ten prices', byDanger);
  }
  return { ...rest, list: { byDanger, shares } };
};

/** What is asked, as it is kept. */
export function askingToJson({ list, known, ...rest }: Asking): JsonObject {
  return {
    ...rest,
    by_danger: [...list.byDanger],
    shares: { ...list.shares },
    known: Object.fromEntries(known),
  };
}
