import { isShortChannelId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScid, type Scid, ScidTable } from '../src/graph/scid-table.ts';

const fresh = (): Scid => ({ block: 0, transaction: 0, output: 0 });
const someScid: fc.Arbitrary<Scid> = fc.record({
  block: fc.oneof(fc.nat(20), fc.nat(0xffffff)),
  transaction: fc.oneof(fc.nat(20), fc.nat(0xffffff)),
  output: fc.oneof(fc.nat(3), fc.nat(0xffff)),
});
const textOf = ({ block, transaction, output }: Scid): string =>
  `${block}x${transaction}x${output}`;

describe('readScid', () => {
  it('reads every short channel id', () => {
    fc.assert(
      fc.property(someScid, (scid) => {
        const read = fresh();
        expect(readScid(textOf(scid), read)).toBe(true);
        expect(read).toEqual(scid);
      }),
    );
  });

  it('refuses all else', () => {
    for (const text of [
      '',
      'x',
      'xx',
      '1x1',
      '1x1x',
      'x1x1',
      '1x1x1x1',
      '1x1x1x',
      '01x1x1',
      '1x1x01',
      '16777216x1x1',
      '1x16777216x1',
      '1x1x65536',
      '1X1x1',
      '-1x1x1',
      '1 x1x1',
      '1x1x1 ',
      '1.0x1x1',
      '１x1x1',
      `${'9'.repeat(400)}x1x1`,
    ]) {
      expect(readScid(text, fresh()), text).toBe(false);
    }
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9x]{1,20}$/), (text) => {
        const leading = /(?:^|x)0\d/.test(text);
        expect(readScid(text, fresh())).toBe(!leading && isShortChannelId(text));
      }),
    );
  });
});

describe('a table of short channel ids', () => {
  it('answers as a map does, and leaves the one it began with alone', () => {
    fc.assert(
      fc.property(fc.array(someScid, { maxLength: 80 }), fc.nat(80), (scids, cut) => {
        const model = new Map<string, number>();
        let table = new ScidTable();
        const before: { table: ScidTable; model: Map<string, number> }[] = [];
        scids.forEach((scid, at) => {
          if (at === cut) {
            before.push({ table, model: new Map(model) });
            table = new ScidTable(table);
          }
          const row = model.get(textOf(scid));
          expect(table.find(scid)).toBe(row);
          if (row === undefined) {
            model.set(textOf(scid), model.size);
            expect(table.append(scid)).toBe(model.size - 1);
          }
        });
        for (const one of [{ table, model }, ...before]) {
          expect(one.table.size).toBe(one.model.size);
          for (const scid of scids) {
            const row = one.model.get(textOf(scid));
            expect(one.table.find(scid)).toBe(row);
            if (row !== undefined) {
              expect(one.table.textOf(row)).toBe(textOf(scid));
              expect(one.table.holds(row, scid)).toBe(true);
            }
          }
          expect(one.table.holds(one.table.size, fresh())).toBe(false);
        }
      }),
    );
  });
});
