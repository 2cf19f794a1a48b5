// What the fleet's state costs, one JSON line each: {"name","value","unit","against","ratio"}. Gossip
// from signing to merging against its bare signatures; reconciliation against a full sync and
// against the least that could name the differences.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hive-bench-'));
const SIZES = [50, 500, 5000];
const DIFFERENCES = [0, 1, 10, 100];
const NOW = 1_795_000_000;

function report(name, value, unit, against, base) {
  const ratio = base === 0 ? null : Number((value / base).toFixed(3));
  process.stdout.write(
    `${JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, against: `${against}: ${Number(base.toPrecision(4))} ${unit}`, ratio })}\n`,
  );
}

async function load(entry, name) {
  const outfile = join(folder, name);
  await build({
    stdin: { contents: entry, resolveDir: here, loader: 'js' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

function took(action) {
  const began = performance.now();
  action();
  return performance.now() - began;
}

function gossips(p, h, size) {
  const members = Array.from({ length: size }, (_, index) => {
    const secret = new Uint8Array(32);
    new DataView(secret.buffer).setUint32(0, index + 1);
    return { secret, id: Buffer.from(p.nobleCurve.publicKey(secret)).toString('hex') };
  });
  const base = ({ id }) => ({
    peer_id: id,
    sender_id: id,
    capacity_sats: 50_000_000,
    available_sats: 20_000_000,
    fee_policy: { base_fee: 0, fee_rate: 100 },
    topology: members.slice(0, 20).map((one) => one.id),
    version: 7,
    timestamp: NOW,
    state_hash: 'a'.repeat(64),
    signature: 'y'.repeat(104),
  });
  const text = (member) =>
    p.escapedText(p.signingString('GOSSIP', p.encodePayload('GOSSIP', base(member))));
  const texts = members.map(text);
  let bare = 0;
  let whole = 0;
  let state = h.newFleetState(`02${'f'.repeat(64)}`);
  members.forEach((member, index) => {
    bare += took(() => {
      const { zbase } = p.signMessage(texts[index], member.secret);
      p.verifyMessage(texts[index], zbase, member.id);
    });
    whole += took(() => {
      const { zbase } = p.signMessage(text(member), member.secret);
      const raw = p.encodePayload('GOSSIP', { ...base(member), signature: zbase });
      const read = p.decodeHiveMessage(p.encodeHiveMessage('GOSSIP', raw));
      if (!read.ok || p.verifySignatures(read.value).status !== 'valid') {
        throw new Error('a gossip of the bench does not verify');
      }
      const { payload } = read.value;
      const word = {
        peer: payload.peer_id,
        version: payload.version,
        lastUpdate: payload.timestamp,
        capacitySat: BigInt(payload.capacity_sats),
        availableSat: BigInt(payload.available_sats),
        dataHash: p.gossipDataHash(read.value.raw),
        topology: payload.topology,
        raw: read.value.raw,
      };
      const facts = { isMember: true, publicCapacitySat: 50_000_000n, nowSeconds: NOW };
      state = h.mergeState(state, word, facts).state;
    });
  });
  if (state.signed.size !== size) {
    throw new Error(`${state.signed.size} of ${size} gossips were merged`);
  }
  report(
    `gossip of ${size} members, sign to merge`,
    whole / size,
    'ms each',
    'bare signing and verifying',
    bare / size,
  );
}

function exchange(h, a, b) {
  let bytes = 0;
  const send = (ranges) => {
    const sent = h.encodeRanges(ranges);
    bytes += sent.length;
    return h.decodeRanges(sent);
  };
  const found = new Set();
  for (let ranges = h.beginReconcile(a); ranges.length > 0; ) {
    const step = h.reconcile(a, send(h.reconcile(b, send(ranges), false).ranges), true);
    for (const id of [...step.have, ...step.need]) {
      found.add(id);
    }
    ranges = step.ranges;
  }
  return { bytes, found: found.size };
}

function reconciliation(p, h, size, percent) {
  const id = (text) => p.sha256Hex(text).slice(0, 32);
  const differing = Math.ceil((size * percent) / 100);
  const shared = Array.from({ length: size - differing }, (_, index) => id(`shared ${index}`));
  const own = (side) => Array.from({ length: differing }, (_, index) => id(`${side} ${index}`));
  const { bytes, found } = exchange(
    h,
    h.itemSet([...shared, ...own('a')]),
    h.itemSet([...shared, ...own('b')]),
  );
  if (found !== 2 * differing) {
    throw new Error(`${found} of ${2 * differing} differences were found`);
  }
  const state = {
    peer_id: `02${'f'.repeat(64)}`,
    capacity_sats: 50_000_000,
    available_sats: 20_000_000,
    fee_policy: { base_fee: 0, fee_rate: 100 },
    topology: Array.from({ length: 20 }, () => `02${'f'.repeat(64)}`),
    version: 7,
    last_update: NOW,
  };
  const one = p.pythonJson(state, { sortKeys: false }).length;
  const name = `sync of ${size} states, ${percent} % differ`;
  // Both ways: the exchange, then each side's differing states to the other, with their ids asked for.
  const total = bytes + differing * h.ITEM_ID_BYTES + 2 * differing * one;
  report(name, total, 'bytes', 'full sync both ways', 2 * size * one);
  report(name, total, 'bytes', 'the differing states alone', 2 * differing * one);
  report(
    `${name}: finding them`,
    bytes,
    'bytes',
    'their ids alone',
    2 * differing * h.ITEM_ID_BYTES,
  );
}

try {
  const { p, h } = await load(
    "import * as p from '@cl-hive/protocol'; import * as h from '../src/index.ts'; export { p, h };",
    'bench.mjs',
  );
  for (const size of SIZES) {
    gossips(p, h, size);
  }
  for (const size of SIZES) {
    for (const percent of DIFFERENCES) {
      reconciliation(p, h, size, percent);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
