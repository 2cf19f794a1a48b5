import { describe, expect, it } from 'vitest';
import { namedTables } from './sql-scan.ts';

describe('namedTables', () => {
  it.each([
    ['create table if not exists a (x text)', ['a']],
    ['create table a (x text references b (y) on update cascade on delete set null)', ['a', 'b']],
    ['create unique index i on a (x)', ['a']],
    ['alter table a rename to b', ['a']],
    ['drop table if exists "A"', ['a']],
    [
      'insert or replace into a (x) select y from b, c as d, "e" join [f] on f.x = c.x',
      ['a', 'b', 'c', 'e', 'f'],
    ],
    ['insert into a (x) values (1) on conflict (x) do update set x = 2', ['a']],
    ['update or ignore a set x = (select 1 from b)', ['a', 'b']],
    ['delete from main.a', ['main.a']],
    [
      'with t (n) as (select x from a), u as (select 1) insert into b select n from t, u',
      ['a', 'b'],
    ],
    ["insert into a values ('from b') -- from c\n /* join d */", ['a']],
    [
      'create trigger t after update on a begin delete from b; update c set x = 1; end',
      ['a', 'b', 'c'],
    ],
    ['create trigger t after update of x on a begin select 1; end', ['a']],
    ['create view v as select * from a left join b on a.x is distinct from b.x', ['v', 'a', 'b']],
    ['insert into a select value from json_each(?)', ['a']],
    ['select trim(x) from (select y from a)', ['a']],
  ])('%s', (sql, tables) => {
    expect([...namedTables(sql)].sort()).toEqual([...tables].sort());
  });
});
