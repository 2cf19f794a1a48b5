import { open } from 'node:fs/promises';
import {
  CHAIN_OPERATIONS_MAX,
  type Did,
  type DidEvent,
  didDecoder,
  fromBase64url,
  newest,
  readEvent,
  verifyChain,
} from '@cl-hive/archon';
import { array, CodedError, describeError, object, optional, parseJson, text } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import type { KeyPair } from './own-keys.ts';
import { openMnemonic, walletKey } from './wallet-key.ts';

/** Why an identity is not imported. */
export type IdentityFileErrorCode = 'identity_file' | 'identity_file_open';

/** A DID from elsewhere. */
export interface ForeignIdentity {
  readonly did: Did;
  readonly events: readonly DidEvent[];
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Largest file that is read, in bytes. */
const FILE_BYTES_MAX = 1_048_576;

/** Identities of a wallet that are tried; Archon numbers them from 0. */
const ACCOUNTS_MAX = 20;

const fields = object({
  did: didDecoder,
  events: array(readEvent, CHAIN_OPERATIONS_MAX),
  privateJwk: optional(
    object({ kty: text(8), crv: text(16), x: text(64), y: text(64), d: text(64) }),
  ),
  mnemonic: optional(text(400)),
  seed: optional(
    object({ mnemonicEnc: object({ salt: text(100), iv: text(100), data: text(1000) }) }),
  ),
  passphrase: optional(text(1000)),
});

/** The secret that the file holds, in one of its three forms. */
async function keyOf(given: ReturnType<typeof fields>): Promise<KeyPair> {
  const { privateJwk, mnemonic, seed, passphrase = '' } = given;
  if (privateJwk !== undefined) {
    const secret = fromBase64url(privateJwk.d);
    if (secret?.length !== 32) {
      throw new RangeError('privateJwk.d is not 32 bytes');
    }
    return { secret, publicKey: nobleCurve.publicKey(secret) };
  }
  const words = mnemonic ?? (seed && (await openMnemonic(seed.mnemonicEnc, passphrase)));
  if (words === undefined) {
    throw new RangeError('there is no key');
  }
  const chain = verifyChain(given.did, given.events, () => undefined);
  const wanted = chain.ok ? newest(chain.value).key : undefined;
  const index = Number(/\d+$/.exec(wanted?.id ?? '')?.[0] ?? 1) - 1;
  for (let account = 0; account < ACCOUNTS_MAX; account += 1) {
    const key = await walletKey(words, account, index);
    if (wanted !== undefined && Buffer.compare(key.publicKey, wanted.key) === 0) {
      return key;
    }
  }
  throw new RangeError('the wallet has no such key');
}

/**
 * Reads a file with `did`, `events` (as a Gatekeeper exports them) and its secret: `privateJwk`, the
 * `mnemonic` of an Archon wallet, or the `seed` of its file with the `passphrase`. Throws CodedError `identity_file_open` when others
 * may read it, `identity_file` for anything else; neither repeats what is in it.
 */
export async function readIdentityFile(file: string): Promise<ForeignIdentity> {
  const content = await readPrivate(file);
  try {
    const given = fields(parseJson(content));
    const { did, events } = given;
    return { did, events, ...(await keyOf(given)) };
  } catch {
    // A message may repeat a part of the key.
    throw new CodedError<IdentityFileErrorCode>(
      'identity_file',
      'file: it does not hold did, events and the key of a did:cid agent',
      { remedy: 'export the operations from a Gatekeeper and the key from the wallet once more' },
    );
  }
}

async function readPrivate(file: string): Promise<string> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    throw new CodedError<IdentityFileErrorCode>('identity_file', `file: ${describeError(error)}`);
  }
  try {
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0) {
      throw new CodedError<IdentityFileErrorCode>(
        'identity_file_open',
        'file: others may read it',
        { remedy: 'chmod 600 the file' },
      );
    }
    if (size > FILE_BYTES_MAX) {
      throw new CodedError<IdentityFileErrorCode>('identity_file', 'file: it is too large');
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
