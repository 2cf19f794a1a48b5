import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Clock, CodedError, describeError } from '@cl-hive/core';
import { checkedAddresses, pinnedLookup, type Resolve, systemResolve } from './addresses.ts';

/** Why a request was refused or failed, beyond `AddressErrorCode`. */
export type RequestErrorCode =
  | 'request_url'
  | 'request_redirect'
  | 'request_encoding'
  | 'request_size'
  | 'request_time'
  | 'request_failed';

/** One request. */
export interface GuardedRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Most bytes of the answer's body. */
  readonly bytesMax: number;
  /** Time for all of it, from the look-up to the last byte, ms. */
  readonly totalMs: number;
  /** Whether the operator listed this very host, so that it may be in a private network. */
  readonly allowPrivate: boolean;
}

/** What came back. */
export interface GuardedAnswer {
  readonly status: number;
  /** By name in lower case; each value as often as it was sent. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** What a request works with. */
export interface RequestParts {
  readonly clock: Pick<Clock, 'after'>;
  readonly resolve?: Resolve;
}

function refuse(code: RequestErrorCode, message: string, cause?: unknown): CodedError {
  return new CodedError<RequestErrorCode>(code, message, cause === undefined ? {} : { cause });
}

/**
 * Sends one HTTP request: the host is looked up once, checked, and the socket gets what was checked. A
 * redirect is an error, so that no header follows it; compressed answers are refused, since a small one
 * unpacks to any size. Throws CodedError with a {@link RequestErrorCode} or `AddressErrorCode`.
 */
export async function guardedRequest(
  request: GuardedRequest,
  { clock, resolve = systemResolve }: RequestParts,
): Promise<GuardedAnswer> {
  const { url, allowPrivate, totalMs } = request;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refuse('request_url', 'only http and https are requested');
  }
  const abort = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(totalMs, () => {
      reject(refuse('request_time', `no whole answer within ${totalMs} ms`));
      abort.abort();
    });
  });
  const work = (async () => {
    const addresses = await checkedAddresses(url.hostname, { allowPrivate, resolve });
    abort.signal.throwIfAborted();
    return send(request, { lookup: pinnedLookup(addresses), signal: abort.signal });
  })();
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
    abort.abort();
    // Whichever lost the race has nothing more to say.
    work.catch(() => undefined);
    late.catch(() => undefined);
  }
}

function send(
  { url, method, headers, body, bytesMax }: GuardedRequest,
  options: RequestOptions,
): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = start(url, {
      ...options,
      method,
      agent: false,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-length': String(body.length) }),
      },
    });
    outgoing.on('error', (error) =>
      reject(refuse('request_failed', `the host does not answer: ${codeOf(error)}`, error)),
    );
    outgoing.on('response', (incoming) => {
      readAnswer(incoming, bytesMax).then(resolve, (error: unknown) => {
        outgoing.destroy();
        reject(error instanceof Error ? error : refuse('request_failed', describeError(error)));
      });
    });
    outgoing.end(body);
  });
}

/** The system's word for it; a message may name the URL. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

async function readAnswer(incoming: IncomingMessage, bytesMax: number): Promise<GuardedAnswer> {
  const { statusCode: status = 0, headers } = incoming;
  if (status >= 300 && status < 400) {
    throw refuse('request_redirect', `it answers with a redirect (${status})`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw refuse('request_encoding', 'it answers compressed, though not asked to');
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of incoming as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > bytesMax) {
        throw refuse('request_size', `the answer is larger than ${bytesMax} bytes`);
      }
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof CodedError
      ? error
      : refuse('request_failed', 'the answer broke off', error);
  }
  return { status, headers: present(incoming.headersDistinct), body: Buffer.concat(parts) };
}

function present(headers: NodeJS.Dict<string[]>): GuardedAnswer['headers'] {
  const entries = Object.entries(headers).map(([name, values]) => [name, values ?? []] as const);
  return Object.fromEntries(entries);
}
