// Figures of the client against raw socket writes and against JSON.parse, one JSON line each:
// {"name","value","unit","against","ratio"}. Run with node, after npm install.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { listchannelsText } from './listchannels.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cln-rpc-bench-'));
const PER_RUN = 4_000;
const RUNS = 5;

const report = (name, value, unit, against, ratio) =>
  process.stdout.write(
    `${JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, against: Number(against.toPrecision(4)), ratio: Number(ratio.toFixed(2)) })}\n`,
  );
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs a file of this folder; resolves with its first message. */
function child(file, args, execArgv = []) {
  const process_ = fork(join(here, file), args, { execArgv });
  const first = new Promise((done, fail) => {
    process_.once('message', done);
    process_.once('exit', (code) => fail(new Error(`${file} ended with ${code}`)));
  });
  return { process: process_, first };
}

/** `total` exchanges with `width` in flight; microseconds of each. */
async function drive(width, total, exchange) {
  const times = [];
  let begun = 0;
  const began = performance.now();
  const lane = async () => {
    while (begun < total) {
      begun += 1;
      const start = performance.now();
      await exchange();
      times.push((performance.now() - start) * 1000);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return { perSecond: (total / (performance.now() - began)) * 1000, p50: median(times) };
}

/** The least a client can do: the same bytes, answers counted by their blank line, in order. */
function rawExchange(path, request) {
  const socket = connect(path);
  const waiting = [];
  let last = 0;
  socket.on('data', (chunk) => {
    for (const byte of chunk) {
      if (byte === 10 && last === 10) {
        waiting.shift()();
        last = 0;
      } else {
        last = byte;
      }
    }
  });
  const exchange = () =>
    new Promise((done) => {
      waiting.push(done);
      socket.write(request);
    });
  return { exchange, close: () => socket.destroy() };
}

async function calls({ connectRpc, getinfo }) {
  const path = join(folder, 'lightning-rpc');
  const server = child('echo-server.mjs', [path]);
  await server.first;
  const request = '{"jsonrpc":"2.0","id":"bench:getinfo#12345","method":"getinfo","params":{}}\n\n';
  for (const width of [1, 16, 256]) {
    const results = { client: [], raw: [] };
    for (let run = 0; run <= RUNS; run += 1) {
      const raw = rawExchange(path, request);
      const theirs = await drive(width, PER_RUN, raw.exchange);
      raw.close();
      const client = connectRpc({ path, caller: 'bench', maxConnections: 1 });
      const ours = await drive(width, PER_RUN, () => client.call(getinfo, {}));
      await client.close();
      if (run > 0) {
        results.raw.push(theirs);
        results.client.push(ours);
      }
    }
    const of = (side, key) => median(results[side].map((one) => one[key]));
    const rate = [of('client', 'perSecond'), of('raw', 'perSecond')];
    report(`rpc calls, ${width} in flight`, rate[0], 'calls/s', rate[1], rate[1] / rate[0]);
    const p50 = [of('client', 'p50'), of('raw', 'p50')];
    report(`rpc latency p50, ${width} in flight`, p50[0], 'us', p50[1], p50[0] / p50[1]);
  }
  server.process.kill();
}

async function parse(bundle) {
  const file = join(folder, 'listchannels.json');
  writeFileSync(file, listchannelsText(90_000));
  const size = readFileSync(file).length / 1e6;
  const results = { ours: [], theirs: [], decoded: [] };
  const modes = { theirs: 'json-parse', ours: 'client', decoded: 'client-decode' };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [side, mode] of Object.entries(modes)) {
      results[side].push(await child('parse-child.mjs', [mode, file, bundle]).first);
    }
  }
  // The best of the runs: what else the machine does only ever adds.
  const of = (side, key) => Math.min(...results[side].map((one) => one[key]));
  const name = `listchannels of ${size.toFixed(0)} MB`;
  report(
    `${name}: frame and parse`,
    of('ours', 'ms'),
    'ms',
    of('theirs', 'ms'),
    of('ours', 'ms') / of('theirs', 'ms'),
  );
  report(
    `${name}: frame and parse, peak memory`,
    of('ours', 'mb'),
    'MB',
    of('theirs', 'mb'),
    of('ours', 'mb') / of('theirs', 'mb'),
  );
  report(
    `${name}: frame, parse and decode`,
    of('decoded', 'ms'),
    'ms',
    of('theirs', 'ms'),
    of('decoded', 'ms') / of('theirs', 'ms'),
  );
  report(
    `${name}: frame, parse and decode, peak memory`,
    of('decoded', 'mb'),
    'MB',
    of('theirs', 'mb'),
    of('decoded', 'mb') / of('theirs', 'mb'),
  );
}

/** Every channel holds a 2^64 - 1, which only the lossless parser reads right. */
function inexact({ JsonFramer, parseFrame, parseJson }) {
  const text = readFileSync(
    join(here, '../fixtures/transcripts/rpc/listpeerchannels.json'),
    'utf8',
  );
  const rows = parseJson(text).response.result.channels;
  const row = text.slice(text.indexOf('"channels"')).match(/\[([\s\S]*)\]\s*\}\s*\}\s*\}\s*$/)[1];
  const copies = Math.ceil(1000 / rows.length);
  const bytes = Buffer.from(`{"result":{"channels":[${Array(copies).fill(row).join(',')}]}}`);
  const times = { ours: [], theirs: [] };
  for (let run = 0; run < 15; run += 1) {
    const start = performance.now();
    JSON.parse(bytes.toString());
    const middle = performance.now();
    const [frame] = new JsonFramer().push(bytes);
    parseFrame(frame);
    times.theirs.push(middle - start);
    times.ours.push(performance.now() - middle);
  }
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  const name = `listpeerchannels of 1,000 channels, ${(bytes.length / 1e6).toFixed(1)} MB, with u64`;
  report(`${name}: frame and parse without loss`, ours, 'ms', theirs, ours / theirs);
}

try {
  const bundle = join(folder, 'cln-rpc.mjs');
  await build({
    stdin: {
      contents: "export * from '../src/index.ts'; export { parseJson } from '@cl-hive/core';",
      resolveDir: here,
    },
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  const client = await import(bundle);
  await calls(client);
  inexact(client);
  await parse(bundle);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
