import {
  type CommsTables,
  capUses,
  commsMigrations,
  FINAL_STATES,
  findIntent,
  grantUses,
  HISTORY_KEEP_MS_MIN,
  historyMigration,
  type Intent,
  type IntentState,
  type LedgerEntry,
  type LedgerPower,
  payingMigration,
  pricesMigration,
  pruneHistory,
  shortenKept,
} from '@cl-hive/comms';
import type { Msat } from '@cl-hive/core';
import { type Migration, openStore, type Reader } from '@cl-hive/store';
import { DATABASE_KINDS, TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { findByKey, nextIntent, putIntent } from '../src/store/intent-rows.ts';
import { putEntry } from '../src/store/ledger-rows.ts';
import { COMMANDS } from './arbitraries.ts';
import { START } from './memory-desk.ts';

const FIRST: Migration = {
  id: 1,
  name: 'plugin',
  sql: (ddl) => [ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`)],
};
const DAY = 86_400_000;
const NOW = 400 * DAY;
const POWERS: readonly LedgerPower[] = ['spend', 'close', 'force_close'];
const GRANTS = [1, 2, 3];

interface Past {
  readonly state: IntentState;
  readonly age: number;
  readonly keyed: boolean;
  readonly answer: boolean;
  readonly grant: number | undefined;
  readonly amount: bigint;
  readonly power: LedgerPower;
  readonly left: number;
}

const past: fc.Arbitrary<Past> = fc.record({
  state: fc.constantFrom<IntentState>('executed', 'executed', 'failed', 'expired', 'unknown'),
  age: fc.integer({ min: 0, max: 399 * DAY }),
  keyed: fc.boolean(),
  answer: fc.nat(9).map((n) => n === 0),
  grant: fc.constantFrom(undefined, ...GRANTS),
  amount: fc.bigInt({ min: 0n, max: 10_000n }),
  power: fc.constantFrom(...POWERS),
  left: fc.integer({ min: 0, max: 10 * DAY }),
});

function intentOf({ state, age, keyed }: Past, id: number): Intent {
  const [command] = COMMANDS;
  if (command === undefined) {
    throw new Error('there is no command');
  }
  return {
    id,
    principal: 'a',
    nonce: id,
    requestDigest: `r${id}`,
    commandDigest: `c${id}`,
    idempotencyKey: keyed ? `k${id}` : undefined,
    command,
    request: {},
    proof: { scheme: 'schnorr', key: 'k' },
    route: {},
    danger: 5,
    facts: { amountMsat: 1n as Msat, feeMsat: 0n as Msat, closesMsat: 0n as Msat },
    state,
    createdAt: START,
    guardMs: NOW - age,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
}

function entryOf({ state, age, grant, amount, power, left }: Past, id: number): LedgerEntry {
  return {
    intent: id,
    power,
    principal: 'a',
    grant,
    payment: undefined,
    amountMsat: amount as Msat,
    state: state === 'executed' ? 'settled' : state === 'unknown' ? 'unknown' : 'released',
    // What an unknown action left may be settled long after it was asked for.
    atGuardMs: Math.min(NOW, NOW - age + left),
  };
}

/** All that a decision may ask of the past. */
async function uses(reader: Reader<CommsTables>) {
  const caps = POWERS.flatMap((power) =>
    [DAY, 31 * DAY].map((windowMs) => ({
      setting: 'cap',
      principal: undefined,
      power,
      windowMs,
      capMsat: 1n as Msat,
    })),
  );
  const byCap = await capUses(reader, caps, NOW);
  const byGrant = await grantUses(reader, GRANTS);
  return {
    caps: byCap.map(({ usedMsat }) => usedMsat),
    grants: GRANTS.map((grant) => byGrant.get(grant) ?? { spend: 0n, close: 0n, forceClose: 0n }),
    next: await nextIntent(reader),
  };
}

describe.each(DATABASE_KINDS)('a prune of the history on %s', (kind) => {
  const databases = new TestDatabases(kind);
  afterAll(() => databases.remove());

  it('changes no cap, no use of a grant and no number, and forgets no key of what was done', async () => {
    const migrations = [
      FIRST,
      ...commsMigrations,
      historyMigration(4),
      payingMigration(5),
      pricesMigration(6),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(past, { minLength: 1, maxLength: 25 }),
        fc.array(fc.integer({ min: HISTORY_KEEP_MS_MIN, max: 399 * DAY }), { maxLength: 3 }),
        async (all, keeps) => {
          const store = await openStore<CommsTables>({
            location: await databases.location(),
            owner: 'cl-hive-comms',
            migrations,
            clock: new VirtualClock(START),
            log: () => undefined,
          });
          await store.transact(async (tx) => {
            for (const [index, one] of all.entries()) {
              await putIntent(tx, intentOf(one, index + 1));
              await putEntry(tx, entryOf(one, index + 1));
              if (one.answer) {
                await tx
                  .insertInto('comms_answers')
                  .values({ intent: index + 1 })
                  .execute();
              }
            }
          });
          const before = await uses(store.reader);
          for (const keep of [...keeps, HISTORY_KEEP_MS_MIN]) {
            await store.transact((tx) => pruneHistory(tx, NOW - keep));
          }
          expect(await uses(store.reader)).toEqual(before);
          for (const [index, one] of all.entries()) {
            const id = index + 1;
            const over = FINAL_STATES.has(one.state) && one.age > HISTORY_KEEP_MS_MIN;
            const left = entryOf(one, id).atGuardMs >= NOW - HISTORY_KEEP_MS_MIN;
            const stays = !over || left || one.answer || id === all.length;
            const done = one.keyed && one.state === 'executed';
            const found = await findIntent(store.reader, id);
            expect(found !== undefined, JSON.stringify({ id, ...one, amount: '' })).toBe(
              stays || done,
            );
            if (done) {
              expect((await findByKey(store.reader, 'a', `k${id}`))?.id).toBe(id);
            }
          }
          await store.close();
        },
      ),
      { numRuns: kind === 'sqlite' ? 40 : 4 },
    );
  });

  it('shortens what stays for its key alone: that it was executed is never forgotten', async () => {
    const store = await openStore<CommsTables>({
      location: await databases.location(),
      owner: 'cl-hive-comms',
      migrations: [
        FIRST,
        ...commsMigrations,
        historyMigration(4),
        payingMigration(5),
        pricesMigration(6),
      ],
      clock: new VirtualClock(START),
      log: () => undefined,
    });
    const base = { answer: false, grant: undefined, amount: 0n, power: 'spend', left: 0 } as const;
    const old: Past = { ...base, state: 'executed', age: 300 * DAY, keyed: true };
    const receipt = { seq: 7, digest: 'ab' };
    const long = { outcome: 'executed' as const, result: 'x'.repeat(30_000), receipt };
    const cases = [old, { ...old, age: DAY }, { ...old, keyed: false }, { ...old, answer: true }];
    await store.transact(async (tx) => {
      for (const [index, one] of cases.entries()) {
        await putIntent(tx, { ...intentOf(one, index + 1), outcome: long });
      }
      const short = { ...long, result: 'x' };
      await putIntent(tx, { ...intentOf(old, 5), outcome: short });
      await tx.insertInto('comms_answers').values({ intent: 4 }).execute();
    });
    const before = NOW - HISTORY_KEEP_MS_MIN;
    expect(await store.transact((tx) => shortenKept(tx, before))).toBe(1);
    expect(await store.transact((tx) => shortenKept(tx, before))).toBe(0);
    expect((await findByKey(store.reader, 'a', 'k1'))?.outcome).toEqual({
      outcome: 'executed',
      receipt,
      result: { cut: true, characters: expect.any(Number) },
    });
    for (const id of [2, 3, 4]) {
      expect((await findIntent(store.reader, id))?.outcome).toEqual(long);
    }
    expect((await findIntent(store.reader, 5))?.outcome?.result).toBe('x');
    await store.close();
  });
});
