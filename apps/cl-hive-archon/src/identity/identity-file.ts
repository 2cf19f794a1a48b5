import { open } from 'node:fs/promises';
import {
  CHAIN_OPERATIONS_MAX,
  type Did,
  type DidEvent,
  didDecoder,
  fromBase64url,
  jwkToKey,
  readEvent,
} from '@cl-hive/archon';
import { array, CodedError, describeError, object, parseJson, text } from '@cl-hive/core';

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

const fields = object({
  did: didDecoder,
  events: array(readEvent, CHAIN_OPERATIONS_MAX),
  privateJwk: object({ kty: text(8), crv: text(16), x: text(64), y: text(64), d: text(64) }),
});

/**
 * Reads a file with `did`, `events` and `privateJwk`. Throws CodedError `identity_file_open` when others
 * may read it, `identity_file` for anything else; neither repeats what is in it.
 */
export async function readIdentityFile(file: string): Promise<ForeignIdentity> {
  const content = await readPrivate(file);
  try {
    const { did, events, privateJwk } = fields(parseJson(content));
    const publicKey = jwkToKey(privateJwk);
    const secret = fromBase64url(privateJwk.d);
    if (secret?.length !== 32) {
      throw new RangeError('privateJwk.d is not 32 bytes');
    }
    return { did, events, secret, publicKey };
  } catch {
    // A message may repeat a part of the key.
    throw new CodedError<IdentityFileErrorCode>(
      'identity_file',
      'file: it does not hold did, events and privateJwk of a did:cid agent',
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
