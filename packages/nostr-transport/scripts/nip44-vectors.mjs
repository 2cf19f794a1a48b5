// Holds this package's NIP-44 to a file of published vectors: `node scripts/nip44-vectors.mjs FILE`, where
// FILE is the `nip44.vectors.json` that NIP-44 names by its SHA-256. Exit 0 only if every vector passes.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const PUBLISHED = '269ed0f69e4c192512cc779e78c555090cebc7c785b609e338a62afc3ce25040';
const file = process.argv[2];
if (file === undefined) {
  console.error('usage: node scripts/nip44-vectors.mjs FILE');
  process.exit(3);
}
const bytes = readFileSync(file);
const { v2 } = JSON.parse(bytes.toString('utf8'));
const digest = createHash('sha256').update(bytes).digest('hex');
console.log(
  `${file}: ${digest === PUBLISHED ? 'the file that NIP-44 names' : `SHA-256 ${digest}`}`,
);

const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'nip44-vectors-'));
const hex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const text = (value) => Buffer.from(value).toString('hex');
const sha256 = (value) => createHash('sha256').update(value).digest('hex');
let passed = 0;
let failed = 0;

function check(what, ok) {
  passed += ok ? 1 : 0;
  failed += ok ? 0 : 1;
  if (!ok) {
    console.log(`failed: ${what}`);
  }
}

function refuses(work) {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

try {
  symlinkSync(path.resolve(here, '../../../node_modules'), path.join(folder, 'node_modules'));
  const outfile = path.join(folder, 'signer.mjs');
  await build({
    entryPoints: [path.join(here, '../src/signer.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    conditions: ['@cl-hive/source'],
    alias: { '@cl-hive/core': path.resolve(here, '../../core/src/index.ts') },
  });
  const { conversationKey, decryptNip44, encryptNip44 } = await import(pathToFileURL(outfile));
  const { valid, invalid } = v2;
  for (const { sec1, pub2, conversation_key } of valid.get_conversation_key) {
    check(`conversation key ${pub2}`, text(conversationKey(hex(sec1), pub2)) === conversation_key);
  }
  for (const [chars, padded] of valid.calc_padded_len) {
    if (chars > 65_535) {
      const work = () => encryptNip44(new Uint8Array(32), 'a'.repeat(chars), new Uint8Array(32));
      check(`refuses ${chars} bytes, which only have a padded length`, refuses(work));
      continue;
    }
    const payload = encryptNip44(new Uint8Array(32), 'a'.repeat(chars), new Uint8Array(32));
    const around = 1 + 32 + 2 + 32; // version, nonce, length of the text, MAC
    check(`padded length of ${chars}`, Buffer.from(payload, 'base64').length === around + padded);
  }
  for (const one of valid.encrypt_decrypt) {
    const key = hex(one.conversation_key);
    check(`encrypt ${one.nonce}`, encryptNip44(key, one.plaintext, hex(one.nonce)) === one.payload);
    check(`decrypt ${one.nonce}`, decryptNip44(key, one.payload) === one.plaintext);
  }
  for (const one of valid.encrypt_decrypt_long_msg.filter(({ pattern }) => pattern !== undefined)) {
    const plaintext = one.pattern.repeat(one.repeat);
    const payload = encryptNip44(hex(one.conversation_key), plaintext, hex(one.nonce));
    check(`long text ${one.nonce}`, sha256(plaintext) === one.plaintext_sha256);
    check(`long payload ${one.nonce}`, sha256(payload) === one.payload_sha256);
  }
  for (const { sec1, pub2, note } of invalid.get_conversation_key) {
    check(
      `refuses a key: ${note}`,
      refuses(() => conversationKey(hex(sec1), pub2)),
    );
  }
  for (const { conversation_key, payload, note } of invalid.decrypt) {
    check(
      `refuses a text: ${note}`,
      refuses(() => decryptNip44(hex(conversation_key), payload)),
    );
  }
  for (const length of invalid.encrypt_msg_lengths) {
    const work = () => encryptNip44(new Uint8Array(32), 'a'.repeat(length), new Uint8Array(32));
    check(`refuses ${length} bytes`, refuses(work));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
