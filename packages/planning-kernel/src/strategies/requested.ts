import { isJsonObject } from '@cl-hive/core';
import { canonicalJson } from '../canonical.ts';
import type { RawIntent } from '../intents/order-intent.ts';
import { TEXT_MAX } from '../limits.ts';
import type { Strategy } from '../stages/stage.ts';

/**
 * Passes on the orders that an operator or another runner asks for: splices, closes, leases and
 * openings by name. They meet the same capital, duplicates and gates; only whether to ask is theirs.
 */
export const requestedStrategy: Strategy = {
  name: 'requested',
  propose({ snapshot }) {
    const intents = snapshot.requests
      .map((request) => asIntent(request))
      .map((intent) => ({ intent, order: canonicalJson(intent) }))
      .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
    return { intents: intents.map(({ intent }) => intent) };
  },
};

function asIntent(request: unknown): RawIntent {
  const fields: Readonly<Record<string, unknown>> = isJsonObject(request) ? request : {};
  const rationale = fields['rationale'];
  return {
    member: scalar(fields['member']),
    target: scalar(fields['target']),
    side: scalar(fields['side']),
    type: scalar(fields['type']),
    quantitySat: scalar(fields['quantitySat']),
    pricePpm: scalar(fields['pricePpm']),
    minSat: scalar(fields['minSat']),
    stepSat: scalar(fields['stepSat']),
    channelId: scalar(fields['channelId']),
    strategy: requestedStrategy.name,
    rationale: typeof rationale === 'string' ? rationale.slice(0, TEXT_MAX) : '',
  };
}

/** What was sent, as far as a plan can name it; anything else becomes a text that no field accepts. */
function scalar(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') {
    return value;
  }
  if (typeof value === 'string') {
    return value.length > TEXT_MAX ? '(not readable)' : value;
  }
  return Number.isSafeInteger(value) ? value : '(not readable)';
}
