import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { publicKeyOf, sharedSecret } from './age-keys.ts';
import { ByteSource, damaged } from './bytes.ts';
import { vaultError } from './errors.ts';
import { CHUNK_BYTES, CHUNKS_PER_TURN, HEADER_LINE_MAX, HEADER_LINES_MAX } from './limits.ts';

// The age format, version 1 (https://age-encryption.org/v1): X25519 recipients, ChaCha20-Poly1305.
const VERSION = 'age-encryption.org/v1';
const X25519_INFO = 'age-encryption.org/v1/X25519';
const CIPHER = 'chacha20-poly1305';
const FILE_KEY_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PAYLOAD_NONCE_BYTES = 16;
const COLUMNS = 64;

function hkdf(key: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, 32));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (base64(bytes) !== text) {
    throw damaged('its header is not canonical');
  }
  return bytes;
}

function sealChunk(key: Uint8Array, nonce: Uint8Array, content: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const body = cipher.update(content);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

function openChunk(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < TAG_BYTES) {
    return undefined;
  }
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return body;
  } catch {
    return undefined;
  }
}

const ZERO_NONCE = Buffer.alloc(NONCE_BYTES);

function wrapKey(secret: Uint8Array, theirs: Uint8Array, share: Uint8Array, recipient: Uint8Array) {
  return hkdf(sharedSecret(secret, theirs), Buffer.concat([share, recipient]), X25519_INFO);
}

function headerMac(fileKey: Uint8Array, header: string): Buffer {
  return createHmac('sha256', hkdf(fileKey, Buffer.alloc(0), 'header'))
    .update(header)
    .digest();
}

/** The nonce of the payload's chunk `index`: eleven bytes that count, one that says whether it is the last. */
function chunkNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(index, 5, 6);
  nonce[NONCE_BYTES - 1] = last ? 1 : 0;
  return nonce;
}

/** A turn of the event loop: hooks and calls are answered between. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * Encrypts a stream to X25519 keys in the age format, so that `age` itself opens it too. Nothing says who
 * made it: what is inside has to be signed.
 */
export async function* encrypt(
  source: AsyncIterable<Uint8Array>,
  recipients: readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  let header = `${VERSION}\n`;
  for (const recipient of recipients) {
    const ephemeral = randomBytes(32);
    const share = publicKeyOf(ephemeral);
    const key = wrapKey(ephemeral, recipient, share, recipient);
    header += `-> X25519 ${base64(share)}\n${base64(sealChunk(key, ZERO_NONCE, fileKey))}\n`;
  }
  header += '---';
  yield Buffer.from(`${header} ${base64(headerMac(fileKey, header))}\n`);
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  yield nonce;
  const key = hkdf(fileKey, nonce, 'payload');
  const bytes = new ByteSource(source);
  try {
    for (let index = 0; ; index += 1) {
      const content = await bytes.take(CHUNK_BYTES);
      const last = await bytes.atEnd();
      yield sealChunk(key, chunkNonce(index, last), content);
      if (last) {
        return;
      }
      if (index % CHUNKS_PER_TURN === 0) {
        await turn();
      }
    }
  } finally {
    await bytes.close();
  }
}

interface Stanza {
  readonly words: readonly string[];
  readonly body: Buffer;
}

interface Header {
  readonly stanzas: readonly Stanza[];
  /** All of it up to and with `---`. */
  readonly text: string;
  readonly mac: Buffer;
}

async function readHeader(bytes: ByteSource): Promise<Header> {
  let lines = 0;
  const next = async (): Promise<string> => {
    lines += 1;
    if (lines > HEADER_LINES_MAX) {
      throw damaged('its header does not end');
    }
    return bytes.line(HEADER_LINE_MAX);
  };
  let text = `${await next()}\n`;
  if (text !== `${VERSION}\n`) {
    throw damaged('it does not begin as one');
  }
  const stanzas: Stanza[] = [];
  for (;;) {
    const line = await next();
    if (line.startsWith('--- ')) {
      return { stanzas, text: `${text}---`, mac: fromBase64(line.slice(4)) };
    }
    if (!line.startsWith('-> ')) {
      throw damaged('its header is none');
    }
    text += `${line}\n`;
    const parts: string[] = [];
    let part: string;
    do {
      part = await next();
      text += `${part}\n`;
      parts.push(part);
    } while (part.length === COLUMNS);
    stanzas.push({ words: line.slice(3).split(' '), body: fromBase64(parts.join('')) });
  }
}

function unwrap({ words, body }: Stanza, identity: Uint8Array): Buffer | undefined {
  const [kind, argument] = words;
  if (kind !== 'X25519' || argument === undefined || body.length !== FILE_KEY_BYTES + TAG_BYTES) {
    return undefined;
  }
  const share = fromBase64(argument);
  try {
    const key = wrapKey(identity, share, share, publicKeyOf(identity));
    return openChunk(key, ZERO_NONCE, body);
  } catch {
    // A share of the wrong length, or of low order: nobody's.
    return undefined;
  }
}

function fileKeyOf({ stanzas, text, mac }: Header, identities: readonly Uint8Array[]): Buffer {
  for (const identity of identities) {
    for (const stanza of stanzas) {
      const fileKey = unwrap(stanza, identity);
      if (fileKey !== undefined) {
        const expected = headerMac(fileKey, text);
        if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
          throw damaged('its header was changed');
        }
        return fileKey;
      }
    }
  }
  throw vaultError(
    'vault_key_wrong',
    'none of the given keys opens the archive',
    'give the key of one of its recipients, or enough shares of the shared key',
  );
}

/**
 * Opens what {@link encrypt} or `age` made. Throws `vault_key_wrong`, and `vault_damaged` as soon as a
 * byte is not as it was: what came before is whole, but only the end of the stream says that it is all.
 */
export async function* decrypt(
  source: AsyncIterable<Uint8Array>,
  identities: readonly Uint8Array[],
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteSource(source);
  try {
    const fileKey = fileKeyOf(await readHeader(bytes), identities);
    const nonce = await bytes.take(PAYLOAD_NONCE_BYTES);
    const key = hkdf(fileKey, nonce, 'payload');
    for (let index = 0; ; index += 1) {
      const sealed = await bytes.take(CHUNK_BYTES + TAG_BYTES);
      const last = await bytes.atEnd();
      const content = openChunk(key, chunkNonce(index, last), sealed);
      if (content === undefined || (content.length === 0 && index > 0)) {
        throw damaged(last ? 'it is cut short or changed' : 'it was changed');
      }
      yield content;
      if (last) {
        return;
      }
      if (index % CHUNKS_PER_TURN === 0) {
        await turn();
      }
    }
  } finally {
    await bytes.close();
  }
}
