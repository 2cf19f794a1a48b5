import {
  type ExecutableOrder,
  executableOrders,
  normalizeIntent,
  ORDER_SIDES,
  type PlannedOrder,
  plan,
} from '@cl-hive/planning-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HUBS, MEMBERS, sampleSnapshot } from './sample.ts';

const open = {
  member: MEMBERS[0],
  target: HUBS[2],
  side: 'open',
  type: 'limit',
  quantitySat: 2_000_000,
  pricePpm: 5_000,
  minSat: 0,
  stepSat: 1_000,
};
const named = { strategy: 'requested', rationale: '' };
const requested = (request: unknown, changes: object = {}): readonly PlannedOrder[] =>
  plan(sampleSnapshot({ requests: [request], ...changes })).orders.filter((o) =>
    o.status === 'executable' ? o.strategy === 'requested' : o.intent.strategy === 'requested',
  );

describe('intents', () => {
  it.each([
    ['side', ['OPEN', 'buy', '', undefined, null, 5, ['open'], { open: 1 }, ' open', 'toString']],
    ['type', ['LIMIT', 'stop', undefined, 1, ['limit']]],
    ['member', ['', undefined, 7, `02${'AB'.repeat(32)}`, HUBS[2]]],
    ['target', ['', undefined, {}, MEMBERS[0]]],
    ['quantitySat', [0, -1, 1.5, '2000000', undefined, Number.NaN, 2 ** 53, 999, true]],
    ['pricePpm', [-1, 1_000_001, undefined, null, '5000']],
    ['minSat', [-1, undefined, '0']],
    ['stepSat', [0, undefined, 0.5]],
    ['channelId', ['ab'.repeat(32)]],
  ] as const)('with an invalid %s are never carried out', (field, values) => {
    for (const value of values) {
      const raw = { ...open, ...named, [field]: value };
      const normalized = normalizeIntent(raw);
      expect(normalized.ok, `${field} ${JSON.stringify(value)}`).toBe(false);
      expect(normalized.ok ? [] : normalized.fields).toContain(
        field === 'member' && value === HUBS[2] ? 'target' : field,
      );
    }
  });

  it('in a plan are marked skipped with the fields that are invalid', () => {
    expect(requested({ ...open, side: 'sell', quantitySat: 'all' })).toMatchObject([
      {
        status: 'skipped',
        reason: 'invalid_normalized_fields',
        fields: ['quantitySat', 'side'],
        intent: { member: MEMBERS[0], target: HUBS[2], type: 'limit' },
      },
    ]);
    expect(requested('open the door')).toMatchObject([
      { status: 'skipped', reason: 'invalid_normalized_fields' },
    ]);
    expect(requested(['open'])).toMatchObject([{ status: 'skipped' }]);
  });

  it('never become executable with anything but what was asked', () => {
    const values = fc.oneof(
      fc.anything(),
      fc.constantFrom('open', 'limit', 'market', 1_000_000, HUBS[2], MEMBERS[0]),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(open)), values), (request) => {
        for (const order of requested(request)) {
          if (order.status === 'executable') {
            for (const field of ['target', 'side', 'type', 'minSat', 'stepSat'] as const) {
              expect(order[field]).toBe(request[field]);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are rounded down to whole steps and not below their minimum', () => {
    expect(requested({ ...open, quantitySat: 2_000_999 })).toMatchObject([
      { quantitySat: 2_000_000 },
    ]);
    expect(requested({ ...open, quantitySat: 2_000_999, minSat: 2_000_500 })).toMatchObject([
      { status: 'skipped', fields: ['quantitySat'] },
    ]);
  });

  it('of all sides pass, those on a channel only with its id', () => {
    for (const side of ORDER_SIDES) {
      const bare = { ...open, side, target: HUBS[0] };
      const channelId = 'AB'.repeat(32);
      const onChannel = ['splice_in', 'splice_out', 'close'].includes(side);
      expect(requested(onChannel ? { ...bare, channelId } : bare)).toMatchObject([
        { status: 'executable', side, channelId: onChannel ? channelId.toLowerCase() : null },
      ]);
      expect(requested(onChannel ? bare : { ...bare, channelId })).toMatchObject([
        { status: 'skipped', fields: ['channelId'] },
      ]);
    }
  });

  it('of a limit meet the fee rate, market ones take what there is', () => {
    expect(requested(open, { openingPerkb: 6_000 })).toMatchObject([
      { reason: 'fee_rate_too_high' },
    ]);
    // 800 sat are 400 ppm of 2,000,000.
    expect(requested({ ...open, pricePpm: 399 })).toMatchObject([{ reason: 'uneconomic' }]);
    expect(requested({ ...open, pricePpm: 400 })).toMatchObject([{ status: 'executable' }]);
    expect(
      requested({ ...open, type: 'market', pricePpm: null }, { openingPerkb: undefined }),
    ).toMatchObject([{ status: 'executable', pricePpm: null }]);
  });

  it('do not spend funds or budget that are not there', () => {
    const made = plan(sampleSnapshot({ requests: [{ ...open, quantitySat: 17_000_000 }] }));
    expect(made.diagnostics).toContainEqual(
      expect.objectContaining({
        stage: 'allocation',
        reason: 'capital_short',
        subjects: [HUBS[2]],
      }),
    );
    const two = plan(
      sampleSnapshot({
        requests: [
          { ...open, quantitySat: 9_000_000 },
          { ...open, target: HUBS[3], quantitySat: 9_000_000 },
        ],
      }),
    );
    expect(executableOrders(two).filter((o) => o.member === MEMBERS[0])).toHaveLength(1);
    const budget = plan(
      sampleSnapshot({
        requests: [open],
        budget: { limitSat: 1_999_999, spentSat: 0, reservedSat: 0 },
      }),
    );
    expect(budget.diagnostics).toContainEqual(
      expect.objectContaining({ reason: 'budget_exhausted', subjects: [HUBS[2]] }),
    );
  });

  it('for a stranger are dropped', () => {
    const made = plan(sampleSnapshot({ requests: [{ ...open, member: HUBS[1] }] }));
    expect(made.diagnostics).toContainEqual(expect.objectContaining({ reason: 'not_a_member' }));
  });

  it('without a member get the best opener, and never more than was asked', () => {
    const { member: _, ...nobody } = open;
    expect(requested(nobody)).toMatchObject([
      { status: 'executable', member: MEMBERS[2], quantitySat: 2_000_000 },
    ]);
  });

  it('are never duplicated: not among themselves, not against open orders', () => {
    const twice = plan(
      sampleSnapshot({ requests: [open, open, { ...open, quantitySat: 3_000_000 }] }),
    );
    expect(executableOrders(twice).filter((o) => o.target === HUBS[2])).toHaveLength(1);
    const close: unknown = { ...open, side: 'close', target: HUBS[0], channelId: 'ab'.repeat(32) };
    const [first] = requested(close) as ExecutableOrder[];
    const again = requested(close, { openOrders: [{ ...first, status: 'queued' }] });
    expect(again).toMatchObject([
      { status: 'skipped', reason: 'duplicate_order', clientOrderId: first?.clientOrderId },
    ]);
    expect(requested([close, close][0], { requests: [close, close] })).toHaveLength(1);
  });
});
