import { hexToBytes, isHex } from '@cl-hive/core';
import { base64, base64urlnopad } from '@scure/base';
import { PAYMENT_LIMITS } from '../limits.ts';

/** What a server asks for with status 402 (L402, formerly LSAT). */
export interface L402Challenge {
  /** The binary macaroon. */
  readonly macaroon: Uint8Array;
  /** A BOLT 11 invoice, not read yet. */
  readonly invoice: string;
}

/** Reads base64 with either alphabet, padded or not; undefined for anything else. */
export function readBase64(text: string): Uint8Array | undefined {
  try {
    return base64urlnopad.decode(
      text
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replace(/={1,2}$/, ''),
    );
  } catch {
    return undefined;
  }
}

const SCHEME = /(?:^|,)\s*(?:L402|LSAT)\s+/giu;
const PARAMETER = /\s*([a-z]+)\s*=\s*(?:"([^"\\]*)"|([^\s",]+))\s*(?:,|$)/giuy;

/**
 * Reads the challenge in a `WWW-Authenticate` header, of which there may be several, by scheme `L402` or
 * `LSAT`; others (`Basic`) are passed over. Undefined where there is none with macaroon and invoice.
 */
export function readChallenge(headers: readonly string[]): L402Challenge | undefined {
  for (const header of headers) {
    if (header.length > PAYMENT_LIMITS.challengeChars) {
      continue;
    }
    for (const { index, 0: scheme } of header.matchAll(SCHEME)) {
      const found = parameters(header, index + scheme.length);
      const macaroon = readBase64(found.get('macaroon') ?? found.get('token') ?? '');
      const invoice = found.get('invoice');
      if (macaroon !== undefined && macaroon.length > 0 && invoice !== undefined) {
        return macaroon.length > PAYMENT_LIMITS.macaroonBytes ? undefined : { macaroon, invoice };
      }
    }
  }
  return undefined;
}

function parameters(header: string, from: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = from;
  for (let match = PARAMETER.exec(header); match !== null; match = PARAMETER.exec(header)) {
    const name = (match[1] ?? '').toLowerCase();
    if (!found.has(name)) {
      found.set(name, match[2] ?? match[3] ?? '');
    }
  }
  return found;
}

/** The value of `WWW-Authenticate` that asks for payment, as Aperture writes it. */
export function writeChallenge(challenge: L402Challenge, scheme: 'L402' | 'LSAT' = 'L402'): string {
  return `${scheme} macaroon="${base64.encode(challenge.macaroon)}", invoice="${challenge.invoice}"`;
}

/** A token that was paid for: the macaroon, and the preimage (64 hexadecimal digits) that proves it. */
export interface L402Token {
  readonly macaroon: Uint8Array;
  readonly preimage: string;
}

/** The value of `Authorization` that shows a token. */
export function writeAuthorization(token: L402Token, scheme: 'L402' | 'LSAT' = 'L402'): string {
  return `${scheme} ${base64.encode(token.macaroon)}:${token.preimage}`;
}

/** Reads a value of `Authorization` (or what was given as a token); undefined when it is none. */
export function readAuthorization(value: string): L402Token | undefined {
  if (value.length > PAYMENT_LIMITS.challengeChars) {
    return undefined;
  }
  const match = /^(?:(?:L402|LSAT) +)?([A-Za-z0-9+/_=-]+):([0-9a-fA-F]{64})$/u.exec(value.trim());
  const macaroon = readBase64(match?.[1] ?? '');
  const preimage = (match?.[2] ?? '').toLowerCase();
  if (macaroon === undefined || !isHex(preimage) || hexToBytes(preimage).length !== 32) {
    return undefined;
  }
  return macaroon.length > PAYMENT_LIMITS.macaroonBytes ? undefined : { macaroon, preimage };
}
