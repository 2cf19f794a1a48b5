// Inserts per second through the store against bare better-sqlite3 with the same durability, in one run.
// `node bench/store.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const { default: Sqlite } = await import(
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3'
);
const ROUNDS = 5;
const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  symlinkSync(path.resolve(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'store.mjs');
  await build({
    entryPoints: [path.join(here, '../src/index.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    external: ['better-sqlite3', 'better-sqlite3-napi', 'pg'],
    logLevel: 'error',
  });
  const { openStore } = await import(pathToFileURL(outfile).href);
  const store = await openStore({
    location: path.join(folder, 'store.sqlite3'),
    owner: 'cl-hive',
    migrations: [
      {
        id: 1,
        name: 'rows',
        sql: (ddl) => [
          ddl.table('hive_rows', `id ${ddl.serialKey}`, `name ${ddl.text}`, `at ${ddl.integer}`),
        ],
      },
    ],
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      after: (ms, task) => {
        const timer = setTimeout(() => task(), ms);
        return () => clearTimeout(timer);
      },
    },
    log: () => {},
  });
  const bare = new Sqlite(path.join(folder, 'bare.sqlite3'));
  bare.pragma('journal_mode = WAL');
  bare.pragma('synchronous = FULL');
  bare.exec(
    'create table rows (id integer primary key autoincrement, name text, at integer) strict',
  );
  const statement = bare.prepare('insert into rows (name, at) values (?, ?)');
  const insertBare = bare.transaction((count) => {
    for (let n = 0; n < count; n += 1) {
      statement.run(`name ${n}`, n);
    }
  });
  const insertStore = (count) =>
    store.transact(async (tx) => {
      for (let n = 0; n < count; n += 1) {
        await tx
          .insertInto('hive_rows')
          .values({ name: `name ${n}`, at: n })
          .execute();
      }
    });

  for (const [rows, transactions] of [
    [1, 600],
    [100, 40],
  ]) {
    const total = rows * transactions;
    const through = [];
    const against = [];
    // Warm code on both sides, then alternating, so that a disk that is busy for a while is so for both.
    await rate(total, transactions, () => insertStore(rows));
    await rate(total, transactions, async () => insertBare(rows));
    for (let round = 0; round < ROUNDS; round += 1) {
      through.push(await rate(total, transactions, () => insertStore(rows)));
      against.push(await rate(total, transactions, async () => insertBare(rows)));
    }
    report(`store_insert_${rows}_per_transaction`, median(through), median(against));
  }
  await store.close();
  bare.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function rate(total, transactions, once) {
  const start = performance.now();
  for (let n = 0; n < transactions; n += 1) {
    await once();
  }
  return (total * 1000) / (performance.now() - start);
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function report(name, value, against) {
  const figure = {
    name,
    value: Math.round(value),
    unit: 'inserts/s',
    against: Math.round(against),
  };
  process.stdout.write(
    `${JSON.stringify({ ...figure, ratio: Number((value / against).toFixed(3)) })}\n`,
  );
}
