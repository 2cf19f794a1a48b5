// Messages unwrapped and verified per second against the bare cost of their cryptography (two signature
// checks and two key agreements each), in one run. `node bench/nostr.bench.mjs` prints one JSON line per figure.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { build } from 'esbuild';

const MESSAGES = 15;
const ROUNDS = 30;
const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'hive-bench-'));

try {
  symlinkSync(path.resolve(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'transport.mjs');
  const source = (file) => JSON.stringify(path.join(here, '../src', file));
  await build({
    stdin: {
      contents: [
        'event',
        'gift-wrap',
        'open-message',
        'signer',
        'inbox',
        'seen-ids',
        'coverage',
        'memory-storage',
      ]
        .map((name) => `export * from ${source(`${name}.ts`)};`)
        .join('\n'),
      resolveDir: here,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@cl-hive/source'],
    external: ['nostr-tools', 'nostr-tools/*', 'ws'],
    logLevel: 'error',
  });
  const { Coverage, Inbox, SeenIds, eventDecoder, giftWrap, localSigner, memoryStorage, rumor } =
    await import(pathToFileURL(outfile).href);
  const random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
  const clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: () => () => {},
  };
  const secret = random.bytes(32);
  const node = localSigner(secret, random);
  const now = Math.floor(Date.now() / 1_000);
  const content = JSON.stringify({
    schema: 'hive:fee-policy/v1',
    action: 'set',
    text: 'x'.repeat(600),
  });
  const frames = Array.from({ length: MESSAGES }, () => {
    const advisor = localSigner(random.bytes(32), random);
    const text = rumor({
      kind: 14,
      created_at: now,
      tags: [['p', node.pubkey]],
      content,
      pubkey: advisor.pubkey,
    });
    return JSON.stringify(giftWrap(text, node.pubkey, advisor, now, random));
  });

  /** Everything between the text of a frame and the handler, for writers never seen before. */
  async function unwrapAll() {
    let handled = 0;
    const inbox = new Inbox({
      signer: localSigner(secret, random),
      seen: new SeenIds(clock, memoryStorage()),
      coverage: new Coverage(),
      log: () => {},
      settle: () => false,
      handle: async () => {
        handled += 1;
      },
      hint: () => {},
    });
    for (const frame of frames) {
      await inbox.receive(eventDecoder(JSON.parse(frame)), 'wss://relay.example');
    }
    await inbox.idle();
    if (handled !== MESSAGES) {
      throw new Error(`${handled} of ${MESSAGES} messages were handled`);
    }
  }

  const wraps = frames.map((frame) => JSON.parse(frame));
  const bytes = wraps.map(({ id, sig, pubkey }) => [sig, id, pubkey].map(hexToBytes));
  const points = wraps.map(({ pubkey }) => hexToBytes(`02${pubkey}`));
  function bare() {
    for (let n = 0; n < MESSAGES; n += 1) {
      for (let twice = 0; twice < 2; twice += 1) {
        if (!schnorr.verify(...bytes[n])) {
          throw new Error('a signature is wrong');
        }
        secp256k1.getSharedSecret(secret, points[n]);
      }
    }
  }

  const timed = async (work) => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  const rounds = [];
  await unwrapAll();
  bare();
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ whole: await timed(unwrapAll), bare: await timed(bare) });
  }
  const best = (name) => Math.min(...rounds.map((round) => round[name]));
  const figure = (name, value, unit, against, ratio) =>
    process.stdout.write(`${JSON.stringify({ name, value, unit, against, ratio })}\n`);
  figure(
    'NIP-17 message, frame to handler',
    best('whole') / MESSAGES,
    'ms',
    'its 2 signature checks and 2 key agreements alone',
    best('whole') / best('bare'),
  );
  figure('NIP-17 messages, frame to handler', (1_000 * MESSAGES) / best('whole'), '1/s');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
