import { type Clock, isCodedError, type JsonObject } from '@cl-hive/core';
import { type GuardedAnswer, guardedRequest, leadsInside, type Resolve } from '@cl-hive/net';
import {
  type L402Response,
  type L402Token,
  readChallenge,
  writeAuthorization,
} from '@cl-hive/payments';

/** Bytes of an answer that are read. */
const ANSWER_BYTES_MAX = 1_048_576;

/** Characters of an answer that are shown and kept with the payment. */
const SHOWN_CHARS_MAX = 16_384;

/** Time for one request, ms. */
const REQUEST_MS = 30_000;

/** What requests work with. */
export interface WebParts {
  readonly clock: Pick<Clock, 'after'>;
  readonly resolve?: Resolve;
}

/** An answer, judged, with what is shown of it. */
export interface WebAnswer {
  readonly response: L402Response;
  /** Status, type and body; undefined where nothing came. */
  readonly shown: JsonObject | undefined;
}

/** Why a URL is not asked; undefined for one that can be. */
export function urlFault(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'it is no URL';
  }
  if (url.username !== '' || url.password !== '') {
    return 'a name or password in a URL would be kept in receipts';
  }
  // Who reads a token on its way can use it.
  return url.protocol === 'https:' || (url.protocol === 'http:' && leadsInside(url))
    ? undefined
    : 'https:// is asked, and http:// only at an address of the own network, as a number';
}

/** What a token opens: the origin and path of a URL. */
export function resourceOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Asks for a resource once. Never throws for what the other side does. */
export async function askFor(
  url: string,
  token: L402Token | undefined,
  { clock, resolve }: WebParts,
): Promise<WebAnswer> {
  const target = new URL(url);
  try {
    const answer = await guardedRequest(
      {
        url: target,
        method: 'GET',
        ...(token === undefined ? {} : { headers: { authorization: writeAuthorization(token) } }),
        bytesMax: ANSWER_BYTES_MAX,
        totalMs: REQUEST_MS,
        allowPrivate: leadsInside(target),
      },
      { clock, ...(resolve === undefined ? {} : { resolve }) },
    );
    return { response: judged(answer), shown: shownOf(answer) };
  } catch (error) {
    if (isCodedError(error)) {
      return { response: { kind: 'failed', why: error.message }, shown: undefined };
    }
    throw error;
  }
}

function judged({ status, headers }: GuardedAnswer): L402Response {
  if (status === 402) {
    const challenge = readChallenge(headers['www-authenticate'] ?? []);
    return { kind: 'payment_required', challenge };
  }
  return status >= 200 && status < 300
    ? { kind: 'given' }
    : { kind: 'failed', why: `it answers ${status}` };
}

function shownOf({ status, headers, body }: GuardedAnswer): JsonObject {
  const [type = ''] = headers['content-type'] ?? [];
  const text = readText(body);
  return {
    status,
    content_type: type.slice(0, 128),
    bytes: body.length,
    ...(text === undefined
      ? { body_base64: Buffer.from(body).toString('base64').slice(0, SHOWN_CHARS_MAX) }
      : { body: text.slice(0, SHOWN_CHARS_MAX).replace(/\p{Surrogate}/gu, '\ufffd') }),
  };
}

function readText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
