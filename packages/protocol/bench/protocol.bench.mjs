// What reading, checking and writing messages costs beside the bare curve operation, one JSON line
// each: {"name","value","unit","against","ratio"}; value and against in microseconds of the same run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'protocol-bench-'));
const ROUNDS = 9;

/** Median microseconds of `left` and of `right`, taken in turns. */
function compare(times, left, right) {
  const took = (action) => {
    const began = performance.now();
    for (let i = 0; i < times; i += 1) {
      action();
    }
    return ((performance.now() - began) * 1000) / times;
  };
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  took(left);
  took(right);
  const pairs = Array.from({ length: ROUNDS }, () => [took(left), took(right)]);
  return [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
}

function report(name, against, [value, base]) {
  process.stdout.write(
    `${JSON.stringify({ name, value: Number(value.toPrecision(4)), unit: 'us', against: `${against}: ${base.toPrecision(4)} us`, ratio: Number((value / base).toFixed(3)) })}\n`,
  );
}

try {
  const bundle = join(folder, 'protocol.mjs');
  await build({
    entryPoints: [join(here, '../src/index.ts')],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    logLevel: 'error',
  });
  const p = await import(pathToFileURL(bundle).href);
  const vectors = JSON.parse(
    readFileSync(join(here, '../fixtures/hive-wire-vectors.json'), 'utf8'),
  );
  const bytesOf = (name) =>
    Uint8Array.from(Buffer.from(vectors.find((vector) => vector.name === name).hex, 'hex'));
  const read = (bytes) => {
    const result = p.decodeHiveMessage(bytes);
    if (!result.ok) {
      throw new Error(result.error.message);
    }
    return result.value;
  };

  const gossipBytes = bytesOf('GOSSIP');
  const gossip = read(gossipBytes);
  const [claim] = p.signatureClaims(gossip);
  const framed = p.decodeZbase32(claim.signature);
  const digest = p.messageDigest(p.escapedText(claim.texts[0]));
  const recover = () => p.nobleCurve.ecdsaRecover(digest, framed.subarray(1), framed[0] - 31);
  const key = new Uint8Array(32).fill(7);

  report(
    'gossip: decode and verify',
    'bare signature recovery',
    compare(60, () => p.verifySignatures(read(gossipBytes)), recover),
  );
  report(
    'gossip: decode',
    'bare signature recovery',
    compare(60, () => read(gossipBytes), recover),
  );
  report(
    'gossip: sign and encode',
    'bare signature',
    compare(
      60,
      () => {
        const text = p.escapedText(p.signingString('GOSSIP', gossip.raw));
        const signature = p.signMessage(text, key).zbase;
        p.encodeHiveMessage('GOSSIP', p.encodePayload('GOSSIP', { ...gossip.payload, signature }));
      },
      () => p.nobleCurve.ecdsaSignRecoverable(digest, key),
    ),
  );

  const sync = read(bytesOf('FULL_SYNC'));
  const [state] = sync.raw.states;
  const states = Array.from({ length: 100 }, () => state);
  const syncBytes = p.encodeHiveMessage('FULL_SYNC', { ...sync.raw, states });
  const syncText = Buffer.from(syncBytes).toString().slice(4);
  report(
    `full sync of ${syncBytes.length} bytes: decode`,
    'JSON.parse of the same text',
    compare(
      100,
      () => read(syncBytes),
      () => JSON.parse(syncText),
    ),
  );
  const entries = Array.from({ length: 5000 }, (_, index) => ({
    peer_id: `02${String(index).padStart(64, '0')}`,
    version: index,
    last_update: 1_795_250_000,
  }));
  report(
    'fleet hash of 5,000 members',
    'JSON.stringify of the same members',
    compare(
      10,
      () => p.fleetHash(entries),
      () => JSON.stringify(entries),
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
