import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { connectRpc } from '@cl-hive/cln-rpc';
import { CodedError, nodeIdDecoder, object, text } from '@cl-hive/core';
import {
  type Signature,
  type SignedPurpose,
  signedText,
  type VerifyEd25519,
} from '@cl-hive/readiness';
import { readText } from './files.ts';
import { YAML_BYTES_MAX } from './limits.ts';

/** Signs digests, as a node or with a key file. */
export type Signer = (purpose: SignedPurpose, digest: string) => Promise<Signature>;

/** Why a key was refused. */
export type KeyErrorCode = 'key_unreadable' | 'key_open' | 'key_exists';

/** Bytes before the 32 of an Ed25519 public key in its DER form (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export const verifyEd25519: VerifyEd25519 = (message, publicKey, signature) => {
  const der = Buffer.concat([SPKI, Buffer.from(publicKey, 'hex')]);
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, Buffer.from(message), key, Buffer.from(signature, 'hex'));
  } catch {
    return false;
  }
};

/** Makes a new key file, for this user alone; gives the name by which gates.yaml knows its key. */
export function makeKeyFile(file: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), {
      mode: 0o600,
      flag: 'wx',
    });
  } catch (cause) {
    throw new CodedError<KeyErrorCode>('key_exists', `${file} exists or cannot be written`, {
      cause,
    });
  }
  return `ed25519:${publicKeyOf(file)}`;
}

function publicKeyOf(file: string): string {
  const der = createPublicKey(readText(file, YAML_BYTES_MAX)).export({
    format: 'der',
    type: 'spki',
  });
  return der.subarray(SPKI.length).toString('hex');
}

/** Signs with a PEM file (PKCS #8, Ed25519) that nobody else can read. */
export function keySigner(file: string): Signer {
  if ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) {
    throw new CodedError<KeyErrorCode>('key_open', `others can read ${file}`, {
      remedy: `chmod 600 ${file}, and think of who may have read it`,
    });
  }
  const pem = readText(file, YAML_BYTES_MAX);
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new CodedError<KeyErrorCode>('key_unreadable', `${file} holds no private key`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new CodedError<KeyErrorCode>('key_unreadable', `${file} holds no Ed25519 key`, {
      remedy: 'make one: hive-gate key FILE',
    });
  }
  const publicKey = publicKeyOf(file);
  return async (purpose, digest) => ({
    kind: 'ed25519',
    key: publicKey,
    signature: sign(null, Buffer.from(signedText(purpose, digest)), key).toString('hex'),
  });
}

const decodeInfo = object({ id: nodeIdDecoder });
const decodeSigned = object({ zbase: text(200) });

/** Signs as the node behind this `lightning-rpc` socket (signmessage). */
export function nodeSigner(rpcFile: string): Signer {
  return async (purpose, digest) => {
    const rpc = connectRpc({ path: rpcFile, caller: 'hive-gate' });
    try {
      const { id } = decodeInfo(await rpc.raw('getinfo'));
      const message = signedText(purpose, digest);
      const { zbase } = decodeSigned(await rpc.raw('signmessage', { message }));
      return { kind: 'node', key: id, signature: zbase };
    } finally {
      await rpc.close();
    }
  };
}
