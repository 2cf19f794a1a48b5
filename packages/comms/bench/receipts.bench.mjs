// Receipts appended per second against bare SQLite inserts of the same rows with the same durability,
// and the verification of 100,000 receipts against bare hashing and parsing of the same bytes, in one
// run. `node bench/receipts.bench.mjs` prints one JSON line per figure.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { clock, figure, load, median, timed } from './load.mjs';

const TRANSACTIONS = 1200;
const CHAIN = 100_000;
/** Receipts between two checkpoints of the long chain. */
const SEALED = 64;
const FILES = [
  'packages/comms/src/index.ts',
  'packages/core/src/index.ts',
  'packages/protocol/src/index.ts',
  'packages/store/src/index.ts',
];

/** Reads a file line by line with `take`, then prints time and the memory that it took at most. */
async function readWith(file, take) {
  const ms = await timed(async () => {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      take(line);
    }
  });
  process.stdout.write(JSON.stringify({ ms, peakKiB: process.resourceUsage().maxRSS }));
}

const [mode, file, bundle] = process.argv.slice(2);
if (mode === 'verify') {
  const c = await import(bundle);
  let verifier;
  await readWith(file, (line) => {
    verifier ??= new c.ReceiptVerifier(
      {
        node: c.readBody(c.readExportLine(line).body).node,
        signatures: 'seals',
        faultsMax: 5,
        unsignedTailMax: 100,
      },
      undefined,
      (bytes) => createHash('sha256').update(bytes).digest(),
    );
    verifier.line(line);
  });
  const report = verifier.report();
  if (!report.ok || report.receipts !== CHAIN) {
    throw new Error(JSON.stringify(report.faults));
  }
  process.exit(0);
}
if (mode === 'bare') {
  await readWith(file, (line) => {
    createHash('sha256').update(line).digest();
    JSON.parse(line);
  });
  process.exit(0);
}

const { default: Sqlite } = await import(
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3'
);
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  const c = await load(folder, FILES);
  const secret = new Uint8Array(32).fill(7);
  const node = c.nodeId(c.bytesToHex(c.nobleCurve.publicKey(secret)));
  const draft = (n) => ({
    kind: n % 2 === 0 ? 'intent' : 'outcome',
    at: 1_800_000_000_000 + n,
    data: {
      intent: (n >> 1) + 1,
      principal: '1',
      schema: 'hive:fee-policy/v1',
      action: 'set_single',
      danger: 3,
      amount_msat: '0',
      fee_msat: '0',
      closes_msat: '0',
      request_digest: 'ab'.repeat(32),
      proof: { scheme: 'schnorr', key: 'cd'.repeat(32) },
      state_before: 'ef'.repeat(32),
    },
  });
  await appending(c, node, draft);
  await verifying(c, node, secret, draft);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function appending(c, node, draft) {
  const meta = (ddl) => [
    ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`),
  ];
  const store = await c.openStore({
    location: path.join(folder, 'comms.sqlite3'),
    owner: 'cl-hive-comms',
    migrations: [{ id: 1, name: 'plugin', sql: meta }, ...c.commsMigrations],
    clock,
    log: () => {},
  });
  const bare = new Sqlite(path.join(folder, 'bare.sqlite3'));
  bare.pragma('journal_mode = WAL');
  bare.pragma('synchronous = FULL');
  bare.exec(
    `create table receipts (seq integer primary key, kind text not null, at_ms integer not null,
       prev text not null unique, digest text not null unique, body text not null, signature text) strict`,
  );
  const statement = bare.prepare('insert into receipts values (?, ?, ?, ?, ?, ?, null)');
  let head = c.EMPTY_HEAD;
  let made = 0;
  /** The next rows of the very same chain, made beforehand. */
  const rows = (count) =>
    Array.from({ length: count }, () => {
      const { prev, at, kind } = { prev: head.digest, ...draft(made) };
      const next = c.appendReceipt(head, draft(made), node);
      head = next.head;
      made += 1;
      return [head.seq, kind, at, prev, head.digest, next.receipt.body];
    });
  const insertBare = bare.transaction((ready) => {
    for (const row of ready) {
      statement.run(...row);
    }
  });
  let appended = 0;
  const append = (count) =>
    store.transact(async (tx) => {
      for (let n = 0; n < count; n += 1) {
        await c.addReceipt(tx, draft(appended), node);
        appended += 1;
      }
    });
  for (const each of [1, 10]) {
    // In turns, so that a disk that is busy for a while is so for both.
    const pairs = [];
    for (let n = 0; n < TRANSACTIONS; n += 1) {
      const ready = rows(each);
      pairs.push([await timed(() => append(each)), await timed(async () => insertBare(ready))]);
    }
    const warm = pairs.slice(300);
    const [ours, base] = [median(warm.map(([a]) => a)), median(warm.map(([, b]) => b))];
    const name = `receipts appended, ${each} a transaction, at least 0.5 x`;
    figure(
      name,
      (each * 1000) / ours,
      '1/s',
      'bare inserts of the same rows, as durable',
      base / ours,
    );
  }
  await store.close();
  bare.close();
}

async function verifying(c, node, secret, draft) {
  const chain = path.join(folder, 'chain.jsonl');
  const out = createWriteStream(chain);
  let head = c.EMPTY_HEAD;
  let from = 1;
  let digests = [];
  for (let seq = 1; seq <= CHAIN; seq += 1) {
    const seal = seq % SEALED === 0;
    const next = seal
      ? c.checkpointDraft('hour', { from, to: seq - 1 }, digests, 1_800_000_000_000 + seq)
      : draft(seq - 1 - Math.floor(seq / SEALED));
    const { receipt, head: then } = c.appendReceipt(head, next, node);
    head = then;
    if (seal) {
      [from, digests] = [seq, []];
    }
    digests.push(receipt.digest);
    const text = c.receiptSigningText(node, seq, receipt.digest);
    const signature = seal || seq === CHAIN ? c.signMessage(text, secret).zbase : undefined;
    if (!out.write(`${c.exportLine({ ...receipt, signature })}\n`)) {
      await once(out, 'drain');
    }
  }
  out.end();
  await once(out, 'finish');
  const run = (how) => {
    const bundled = path.join(folder, 'bundle.mjs');
    const args = [import.meta.filename, how, chain, bundled];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(stderr);
    }
    return JSON.parse(stdout);
  };
  const [ours, bare] = [run('verify'), run('bare')];
  const against = 'hashing and parsing the same lines alone';
  const name = `${CHAIN} receipts verified, signatures of ${Math.floor(CHAIN / SEALED)} seals`;
  figure(`${name}: time`, ours.ms, 'ms', against, ours.ms / bare.ms);
  const ratio = ours.peakKiB / bare.peakKiB;
  figure(
    `${name}: memory`,
    ours.peakKiB / 1024,
    'MiB',
    `${against}, processes at their peak`,
    ratio,
  );
}
