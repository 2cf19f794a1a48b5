// Ledger operations per second (a reservation under four caps, then its settlement, a transaction each)
// against bare SQLite transactions of the same statements on the same table with the same durability, in
// turns in one run. `node bench/ledger.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clock, figure, load, median, timed } from './load.mjs';

const PAYMENTS = 1500;
const WARM = 500;
const FILES = [
  'packages/comms/src/index.ts',
  'packages/comms/src/store/ledger-rows.ts',
  'packages/core/src/index.ts',
  'packages/store/src/index.ts',
];

const { default: Sqlite } = await import(
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3'
);
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  const c = await load(folder, FILES);
  const meta = (ddl) => [
    ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`),
  ];
  const store = await c.openStore({
    location: path.join(folder, 'comms.sqlite3'),
    owner: 'cl-hive-comms',
    migrations: [
      { id: 1, name: 'plugin', sql: meta },
      ...c.commsMigrations,
      c.historyMigration(4),
      c.payingMigration(5),
    ],
    clock,
    log: () => {},
  });
  const bare = bareLedger();
  const caps = c.policyCaps({ ...c.PRESETS.aggressive, spendPerActionMsat: 10n ** 9n });
  const pairs = [];
  for (let n = 1; n <= PAYMENTS; n += 1) {
    pairs.push([
      await timed(() => pay(c, store, caps, n)),
      await timed(async () => {
        bare.reserve(n, caps.length - 1);
        bare.settle(n);
      }),
    ]);
  }
  const warm = pairs.slice(WARM);
  const [ours, base] = [median(warm.map(([a]) => a)), median(warm.map(([, b]) => b))];
  figure(
    'ledger operations, reserved and settled, at least 0.5 x',
    2000 / ours,
    '1/s',
    'bare transactions of the same statements, as durable',
    base / ours,
  );
  await store.close();
  bare.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One reservation and its settlement, as the pipeline's transactions make them. */
async function pay(c, store, caps, n) {
  const now = n * 60_000;
  await store.transact(async (tx) => {
    const uses = await c.capUses(tx, caps, now);
    const verdict = c.judgeReserve(1000n, 10n, uses);
    if (!verdict.ok) {
      throw new Error(verdict.setting);
    }
    await c.putEntry(tx, {
      intent: n,
      power: 'spend',
      principal: 'operator',
      grant: 1,
      payment: { method: 'bolt11', purpose: 'service', payee: 'p', reference: `r${n}` },
      amountMsat: 1010n,
      state: 'reserved',
      atGuardMs: now,
    });
  });
  await store.transact(async (tx) => {
    for (const entry of await c.listEntries(tx, n)) {
      await c.putEntry(tx, c.changeEntry(entry, { to: 'settled', leftMsat: 1003n }, now));
    }
  });
}

/** The same table and statements without anything around them. */
function bareLedger() {
  const db = new Sqlite(path.join(folder, 'bare.sqlite3'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`create table ledger (intent integer not null, power text not null, principal text not null,
    grant_id integer, amount_msat text not null, state text not null, at_guard_ms integer not null,
    method text, purpose text, payee text, reference text, primary key (intent, power)) strict;
    create index ledger_use on ledger (power, state, at_guard_ms);
    create index ledger_grant on ledger (grant_id);
    create index ledger_reference on ledger (reference)`);
  const half = (start) => `cast(sum(cast(substr(amount_msat, ${start}, 10) as bigint)) as text)`;
  const used = db.prepare(
    `select (${half(1)} || ':' || ${half(11)}) as total from ledger where power = ? and
     (state in ('reserved', 'unknown') or (state = 'settled' and at_guard_ms > ?))`,
  );
  const put = db.prepare(
    `insert into ledger values (?, 'spend', 'operator', 1, ?, ?, ?, 'bolt11', 'service', 'p', ?)
     on conflict (intent, power) do update set amount_msat = excluded.amount_msat, state = excluded.state,
     at_guard_ms = excluded.at_guard_ms`,
  );
  const find = db.prepare('select * from ledger where intent = ? order by power');
  const windows = [3_600_000, 86_400_000, 7 * 86_400_000];
  return {
    reserve: db.transaction((n, count) => {
      for (const window of windows.slice(0, count)) {
        used.get('spend', n * 60_000 - window);
      }
      put.run(n, '1010'.padStart(20, '0'), 'reserved', n * 60_000, `r${n}`);
    }),
    settle: db.transaction((n) => {
      find.all(n);
      put.run(n, '1003'.padStart(20, '0'), 'settled', n * 60_000, `r${n}`);
    }),
    close: () => db.close(),
  };
}
