import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HookMember, orderHooks } from './hook-order.ts';

interface Named extends HookMember {
  readonly name: string;
}

function member(
  index: number,
  before: readonly string[] = [],
  after: readonly string[] = [],
): Named {
  return { index, name: `p${index}`, before, after };
}

const order = (members: readonly Named[]) =>
  orderHooks(members, (candidate, name) => candidate.name === name);

function names(members: readonly Named[]): readonly string[] {
  return members.map(({ name }) => name);
}

describe('orderHooks', () => {
  it('keeps the order in which plugins became known', () => {
    const result = order([member(2), member(0), member(1)]);
    expect(result.kind === 'ordered' && names(result.chain)).toEqual(['p0', 'p1', 'p2']);
  });

  it('heeds before and after', () => {
    const result = order([member(0, [], ['p2']), member(1), member(2, ['p1'])]);
    expect(result.kind === 'ordered' && names(result.chain)).toEqual(['p2', 'p0', 'p1']);
  });

  it('ignores names that nobody bears, and tells', () => {
    const result = order([member(0, ['foo'], ['bar.py'])]);
    expect(result).toMatchObject({ kind: 'ordered', unknown: ['foo', 'bar.py'] });
  });

  it('names all members of a cycle and those behind it', () => {
    const result = order([member(0, ['p1']), member(1, ['p0']), member(2), member(3, [], ['p1'])]);
    expect(result.kind === 'cycle' && names(result.members)).toEqual(['p0', 'p1', 'p3']);
  });

  it('always satisfies every wish or reports a cycle', () => {
    const wishes = fc.array(
      fc.record({
        before: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
        after: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(wishes, (all) => {
        const members = all.map(({ before, after }, i) =>
          member(
            i,
            before.map((n) => `p${n}`),
            after.map((n) => `p${n}`),
          ),
        );
        const result = order(members);
        if (result.kind === 'cycle') {
          expect(result.members.length).toBeGreaterThan(0);
          return;
        }
        const at = new Map(result.chain.map(({ name }, i) => [name, i]));
        for (const { name, before, after } of result.chain) {
          const own = at.get(name) ?? 0;
          for (const later of before.filter((other) => at.has(other))) {
            expect(at.get(later)).toBeGreaterThan(own);
          }
          for (const earlier of after.filter((other) => at.has(other))) {
            expect(at.get(earlier)).toBeLessThan(own);
          }
        }
      }),
    );
  });
});
