// Throughput of an archive, written and read back whole, against copying the same bytes through Node's own
// ChaCha20-Poly1305, in one run. `node bench/vault.bench.mjs` prints one JSON line per figure.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const BYTES = 128 * 1024 * 1024;
const ROUNDS = 3;
const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

const sync = (file) => {
  const descriptor = openSync(file, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
};
const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  const outfile = path.join(folder, 'archon.mjs');
  await build({
    stdin: {
      contents: `export * from './index.ts'; export { nobleCurve, signMessage } from '@cl-hive/protocol';`,
      resolveDir: path.join(here, '../src'),
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    external: ['better-sqlite3', 'better-sqlite3-napi', 'pg', 'pg-native'],
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
    logLevel: 'error',
  });
  const archon = await import(pathToFileURL(outfile).href);
  const nodeSecret = new Uint8Array(32).fill(7);
  const node = Buffer.from(archon.nobleCurve.publicKey(nodeSecret)).toString('hex');
  const secret = Uint8Array.from(randomBytes(32));
  const source = path.join(folder, 'source');
  writeFileSync(source, randomBytes(BYTES));
  const component = {
    name: 'cl-hive-comms',
    ...(await archon.measureFile(source)),
    database_id: 'bench',
    generation: 0,
    schema_version: 1,
    taken_at: 0,
    tables: [],
  };
  const body = {
    type: 'cl-hive-vault',
    format: 1,
    node,
    network: 'regtest',
    sequence: 1,
    taken_at: 0,
    one_moment: 1,
    version: '0.1.0',
    components: [component],
  };
  const { zbase } = archon.signMessage(archon.statementText('vault', body), nodeSecret);
  const statement = { body, signer: node, signature: zbase };
  const recipients = [archon.publicKeyOf(secret)];
  const owner = { node, network: 'regtest' };

  const times = { write: [], read: [], seal: [], open: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const plain = path.join(folder, `plain-${round}`);
    let tag;
    times.seal.push(
      await seconds(async () => {
        const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
        const read = createReadStream(source, { highWaterMark: 1 << 20 });
        await pipeline(read, cipher, createWriteStream(plain));
        tag = cipher.getAuthTag();
        sync(plain);
      }),
    );
    times.open.push(
      await seconds(async () => {
        const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
        decipher.setAuthTag(tag);
        const read = createReadStream(plain, { highWaterMark: 1 << 20 });
        await pipeline(read, decipher, createWriteStream(`${plain}-open`));
        sync(`${plain}-open`);
      }),
    );
    const file = path.join(folder, `archive-${round}`);
    times.write.push(
      await seconds(() => archon.writeArchive(file, statement, [source], recipients)),
    );
    const into = path.join(folder, `into-${round}`);
    mkdirSync(into);
    times.read.push(
      await seconds(() => archon.openArchive({ file, identities: [secret], owner, into })),
    );
    for (const done of [plain, `${plain}-open`, file, into]) {
      rmSync(done, { recursive: true });
    }
  }
  const rate = (of) => BYTES / 1024 / 1024 / median(of);
  const figures = [
    ['vault archive written', times.write, times.seal, 'the same bytes encrypted and copied'],
    [
      'vault archive read and checked',
      times.read,
      times.open,
      'the same bytes decrypted and copied',
    ],
  ];
  for (const [name, own, bare, against] of figures) {
    const ratio = rate(own) / rate(bare);
    const line = { name, value: rate(own), unit: 'MiB/s', ratio, against };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
