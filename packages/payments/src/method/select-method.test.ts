import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Method, type MethodWish, selectMethod } from './select-method.ts';

const ALL: readonly Method[] = ['bolt11', 'bolt12', 'l402', 'cashu'];

const choose = (
  kind: MethodWish['kind'],
  offered: readonly Method[],
  more: Partial<MethodWish> = {},
) =>
  selectMethod({
    kind,
    offered: new Set(offered),
    available: new Set(ALL),
    preference: undefined,
    ...more,
  });

describe('the method of a payment', () => {
  it.each([
    ['conditional', ALL, 'cashu'],
    ['series', ALL, 'bolt12'],
    ['series', ['bolt11', 'cashu'], 'bolt11'],
    ['once', ALL, 'bolt11'],
    ['once', ['l402'], 'l402'],
    ['once', ['bolt12'], 'bolt12'],
  ] as const)('%s, offered %j: %s', (kind, offered, method) => {
    const choice = choose(kind, offered);
    expect(choice.method).toBe(method);
    expect(choice.why).toContain(method);
  });

  it('follows the operator, who may also rule a method out', () => {
    expect(choose('once', ALL, { preference: ['l402', 'bolt11'] }).method).toBe('l402');
    const none = choose('conditional', ALL, { preference: ['bolt11'] });
    expect(none).toMatchObject({
      method: undefined,
      passed: ['cashu: the operator does not pay by it'],
    });
  });

  it('says why nothing is left', () => {
    expect(choose('series', ['l402'], { available: new Set(['l402']) })).toEqual({
      method: undefined,
      why: 'a subscription is paid by an offer, else by an invoice each time; none of them is left',
      passed: ['bolt12: the payee does not take it', 'bolt11: the payee does not take it'],
    });
    expect(choose('once', ['bolt11'], { available: new Set() }).passed).toContain(
      'bolt11: this node cannot pay by it now',
    );
  });

  it('is one that is offered, available and allowed, whenever there is such a one', () => {
    const some = fc.uniqueArray(fc.constantFrom(...ALL));
    fc.assert(
      fc.property(
        fc.constantFrom<MethodWish['kind']>('once', 'series', 'conditional'),
        some,
        some,
        fc.option(some, { nil: undefined }),
        (kind, offered, available, preference) => {
          const { method } = choose(kind, offered, { available: new Set(available), preference });
          const fits = { once: ALL, series: ['bolt12', 'bolt11'], conditional: ['cashu'] }[kind];
          const left = fits.filter((one) => {
            const name = one as Method;
            const liked = preference === undefined || preference.includes(name);
            return offered.includes(name) && available.includes(name) && liked;
          });
          expect(method === undefined).toBe(left.length === 0);
          expect(method === undefined || left.includes(method)).toBe(true);
        },
      ),
    );
  });
});
