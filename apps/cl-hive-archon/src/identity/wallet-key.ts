import { createDecipheriv, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { nobleCurve } from '@cl-hive/protocol';
import type { KeyPair } from './own-keys.ts';

const derive = promisify(pbkdf2);

/** Order of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HARDENED = 0x80_00_00_00;
const TAG_BYTES = 16;

/** An encrypted mnemonic as Archon's wallets (version 2) hold it: base64 each. */
export interface SealedMnemonic {
  readonly salt: string;
  readonly iv: string;
  readonly data: string;
}

/** Opens a wallet's mnemonic: PBKDF2 (SHA-512, 100,000 rounds), AES-256-GCM. Throws on another passphrase. */
export async function openMnemonic(sealed: SealedMnemonic, passphrase: string): Promise<string> {
  const [salt, iv, data] = [sealed.salt, sealed.iv, sealed.data].map((text) =>
    Buffer.from(text, 'base64'),
  ) as [Buffer, Buffer, Buffer];
  const key = await derive(passphrase, salt, 100_000, 32, 'sha512');
  const cut = data.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(data.subarray(cut));
  return Buffer.concat([decipher.update(data.subarray(0, cut)), decipher.final()]).toString('utf8');
}

interface Node {
  readonly secret: bigint;
  readonly code: Buffer;
}

function split(digest: Buffer, parent: bigint): Node {
  const left = BigInt(`0x${digest.subarray(0, 32).toString('hex')}`);
  const secret = (left + parent) % ORDER;
  // Of all seeds one in 2^127 leads here (BIP 32).
  if (left >= ORDER || secret === 0n) {
    throw new RangeError('the path leads to no key');
  }
  return { secret, code: digest.subarray(32) };
}

function bytesOf(secret: bigint): Buffer {
  return Buffer.from(secret.toString(16).padStart(64, '0'), 'hex');
}

function child({ secret, code }: Node, index: number): Node {
  const own =
    index >= HARDENED
      ? Buffer.concat([Buffer.of(0), bytesOf(secret)])
      : nobleCurve.publicKey(bytesOf(secret));
  const number = Buffer.alloc(4);
  number.writeUInt32BE(index);
  const digest = createHmac('sha512', code).update(own).update(number).digest();
  return split(digest, secret);
}

/** The key m/44'/0'/account'/0/index of a mnemonic (BIP 39, BIP 32), which Archon gives its identities. */
export async function walletKey(
  mnemonic: string,
  account: number,
  index: number,
): Promise<KeyPair> {
  const words = mnemonic.normalize('NFKD').trim().split(/\s+/).join(' ');
  const seed = await derive(words, 'mnemonic', 2048, 64, 'sha512');
  let node = split(createHmac('sha512', 'Bitcoin seed').update(seed).digest(), 0n);
  for (const step of [44 + HARDENED, HARDENED, account + HARDENED, 0, index]) {
    node = child(node, step);
  }
  const secret = Uint8Array.from(bytesOf(node.secret));
  return { secret, publicKey: nobleCurve.publicKey(secret) };
}
