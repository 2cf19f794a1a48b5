import { RECEIPT_LINE_MAX } from '../limits.ts';
import type { SignedReceipt } from './receipt.ts';

/** One line of an exported chain, taken apart but not yet checked. */
export interface ExportLine {
  readonly body: string;
  readonly digest: string;
  readonly signature: string | undefined;
}

/** A receipt as one line of JSON; the body stands in it exactly as it was hashed. */
export function exportLine(receipt: SignedReceipt): string {
  const { body, digest, signature } = receipt;
  const end = signature === undefined ? '' : `,"signature":"${signature}"`;
  return `{"body":${body},"digest":"${digest}"${end}}`;
}

const TAIL = /,"digest":"([0-9a-f]{64})"(?:,"signature":"([a-z0-9]{104})")?\}$/;
const HEAD = '{"body":';
const TAIL_MAX = 256;

/** Takes a line apart; undefined when it has not that form. */
export function readExportLine(line: string): ExportLine | undefined {
  if (line.length > RECEIPT_LINE_MAX || !line.startsWith(HEAD)) {
    return undefined;
  }
  const from = Math.max(line.length - TAIL_MAX, 0);
  const match = TAIL.exec(line.slice(from));
  if (match?.[1] === undefined) {
    return undefined;
  }
  const body = line.slice(HEAD.length, from + match.index);
  return { body, digest: match[1], signature: match[2] };
}
