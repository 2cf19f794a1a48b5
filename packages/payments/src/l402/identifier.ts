import { bytesToHex, hexToBytes } from '@cl-hive/core';

/** What the identifier of an L402 macaroon says (Aperture, `l402/identifier.go`). */
export interface TokenIdentifier {
  /** Whose preimage must come with the token; 64 hexadecimal digits. */
  readonly paymentHash: string;
  /** 64 hexadecimal digits, drawn by the server. */
  readonly tokenId: string;
}

const BYTES = 66;
const LATEST_VERSION = 0;

/** The 66 bytes of an identifier: version 0 as big-endian u16, payment hash, token id. */
export function encodeIdentifier(identifier: TokenIdentifier): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  bytes[1] = LATEST_VERSION;
  bytes.set(hexToBytes(identifier.paymentHash), 2);
  bytes.set(hexToBytes(identifier.tokenId), 34);
  return bytes;
}

/** Reads an identifier; undefined when it has another length or version. */
export function decodeIdentifier(bytes: Uint8Array): TokenIdentifier | undefined {
  if (bytes.length !== BYTES || bytes[0] !== 0 || bytes[1] !== LATEST_VERSION) {
    return undefined;
  }
  return {
    paymentHash: bytesToHex(bytes.slice(2, 34)),
    tokenId: bytesToHex(bytes.slice(34)),
  };
}
