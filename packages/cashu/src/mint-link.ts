import { type Clock, isCodedError, type JsonObject, stringifyJson } from '@cl-hive/core';
import { guardedRequest, type Resolve } from '@cl-hive/net';
import { cashuError } from './errors.ts';
import { CASHU_LIMITS } from './limits.ts';

/** A mint that the operator chose. */
export interface MintAddress {
  /** Without a slash at the end. */
  readonly url: string;
  /** Whether it may be in the operator's own network. */
  readonly private: boolean;
}

/** One request to a mint; `path` begins with `/v1/`. */
export interface MintRequest {
  readonly mint: MintAddress;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
}

/**
 * Carries requests to mints. Throws `mint_silent` whenever the mint may have got the request and gave no
 * whole answer, `mint_url` when nothing was sent.
 */
export type MintLink = (
  request: MintRequest,
) => Promise<{ readonly status: number; readonly text: string }>;

/** What surely happens before anything is sent. */
const UNSENT: ReadonlySet<string> = new Set(['address_private', 'address_unknown', 'request_url']);

/** Requests over HTTP, to addresses that are checked and pinned. */
export function httpMintLink(parts: {
  readonly clock: Pick<Clock, 'after'>;
  readonly resolve?: Resolve;
}): MintLink {
  return async ({ mint, method, path, body }) => {
    try {
      const { status, body: bytes } = await guardedRequest(
        {
          url: new URL(`${mint.url}${path}`),
          method,
          ...(body === undefined
            ? {}
            : {
                headers: { 'content-type': 'application/json' },
                body: new TextEncoder().encode(stringifyJson(body)),
              }),
          bytesMax: CASHU_LIMITS.answerBytes,
          totalMs: CASHU_LIMITS.requestMs,
          allowPrivate: mint.private,
        },
        parts,
      );
      return { status, text: new TextDecoder().decode(bytes) };
    } catch (error) {
      if (isCodedError(error) && UNSENT.has(error.code)) {
        throw cashuError(
          'mint_url',
          `${mint.url}: ${error.message}`,
          error.code === 'address_private'
            ? 'list a mint of your own network with private=true'
            : 'check the address of the mint',
          { cause: error },
        );
      }
      throw cashuError(
        'mint_silent',
        `${mint.url} gave no whole answer`,
        'wait: what is open is asked for again by itself',
        { cause: error },
      );
    }
  };
}

/**
 * The address of a mint as the operator writes it. Throws `mint_url` on anything but https, or http in
 * the operator's own network, and on credentials, queries and fragments.
 */
export function readMintUrl(text: string, isPrivate: boolean): MintAddress {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Refused below with all others.
  }
  const scheme = url?.protocol === 'https:' || (isPrivate && url?.protocol === 'http:');
  if (
    url === undefined ||
    !scheme ||
    text.length > CASHU_LIMITS.urlChars ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  ) {
    throw cashuError(
      'mint_url',
      'a mint is named by https://host/path, without user, query or fragment',
      'http is for a mint in your own network, with private=true',
    );
  }
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), private: isPrivate };
}
