import { isHex, isNodeId } from '@cl-hive/core';
import { AMOUNT_SAT_MAX, PPM } from '../limits.ts';
import { floorToStep } from '../numbers.ts';
import {
  CHANNEL_SIDES,
  type IntentField,
  ORDER_SIDES,
  ORDER_TYPES,
  type OrderIntent,
  type OrderSide,
  type OrderType,
  type RawIntent,
} from './order-intent.ts';

/** The outcome of reading a raw intent. */
export type Normalized =
  | { readonly ok: true; readonly intent: OrderIntent }
  | {
      readonly ok: false;
      /** Invalid fields, sorted. */
      readonly fields: readonly IntentField[];
      /** The fields that are valid. */
      readonly rest: Partial<OrderIntent>;
    };

/**
 * Checks every field of an intent. Nothing has a default that could make it executable: an absent or
 * invalid field is named, and the intent is not to be carried out. The quantity is rounded down to a
 * whole number of steps.
 */
export function normalizeIntent(raw: RawIntent): Normalized {
  const bad = new Set<IntentField>();
  const keep = <T>(field: IntentField, value: T | undefined): T | undefined => {
    if (value === undefined) {
      bad.add(field);
    }
    return value;
  };
  const side = keep('side', memberOf(ORDER_SIDES, raw.side));
  const type = keep('type', memberOf(ORDER_TYPES, raw.type));
  const member = keep('member', isNodeId(raw.member) ? raw.member : undefined);
  const target = keep(
    'target',
    isNodeId(raw.target) && raw.target !== raw.member ? raw.target : undefined,
  );
  const stepSat = keep('stepSat', amount(raw.stepSat, 1));
  const minSat = keep('minSat', amount(raw.minSat, 0));
  const asked = keep('quantitySat', amount(raw.quantitySat, 1));
  const quantitySat =
    asked === undefined || stepSat === undefined ? asked : floorToStep(asked, stepSat);
  if (
    quantitySat === 0 ||
    (quantitySat !== undefined && minSat !== undefined && quantitySat < minSat)
  ) {
    bad.add('quantitySat');
  }
  // Without a type or side nothing can be said about what depends on it.
  const pricePpm = type === undefined ? undefined : keep('pricePpm', price(raw.pricePpm, type));
  const channelId =
    side === undefined ? undefined : keep('channelId', channel(raw.channelId, side));
  const rest = definedOnly({
    side,
    type,
    member,
    target,
    stepSat,
    minSat,
    quantitySat,
    pricePpm,
    channelId,
  });
  for (const field of bad) {
    delete rest[field];
  }
  return bad.size === 0
    ? {
        ok: true,
        intent: {
          ...(rest as unknown as OrderIntent),
          strategy: raw.strategy,
          rationale: raw.rationale,
        },
      }
    : { ok: false, fields: [...bad].sort(), rest };
}

function memberOf<T extends OrderSide | OrderType>(
  list: readonly T[],
  value: unknown,
): T | undefined {
  return list.find((item) => item === value);
}

function amount(value: unknown, min: number): number | undefined {
  return typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= min &&
    value <= AMOUNT_SAT_MAX
    ? value
    : undefined;
}

/** A limit order has a price, a market order has none. */
function price(value: unknown, type: OrderType): number | null | undefined {
  if (type === 'limit') {
    const read = amount(value, 0);
    return read === undefined || read > PPM ? undefined : read;
  }
  return value === undefined || value === null ? null : undefined;
}

/** Splices and closes name their channel, all others name none. */
function channel(value: unknown, side: OrderSide): string | null | undefined {
  if (CHANNEL_SIDES.includes(side)) {
    return typeof value === 'string' && value.length === 64 && isHex(value)
      ? value.toLowerCase()
      : undefined;
  }
  return value === undefined || value === null ? null : undefined;
}

function definedOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
