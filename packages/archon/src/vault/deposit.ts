import {
  array,
  type Decoded,
  DecodeError,
  hex,
  integer,
  object,
  oneOf,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';
import { readFile } from './archive.ts';
import { ByteSource, damaged } from './bytes.ts';
import { vaultError } from './errors.ts';
import { DEPOSIT_BYTES_MAX, DEPOSIT_PIECE_BYTES, DEPOSIT_PIECES_MAX } from './limits.ts';

/** What an archive at a Gatekeeper is found by: the content id of its index, and the SHA-256 of all its bytes. */
export interface DepositReference {
  readonly index: string;
  readonly sha256: string;
}

const START = 'gatekeeper:';
const CID = /^[a-zA-Z0-9]{20,120}$/;
const REFERENCE = /^gatekeeper:([a-zA-Z0-9]{20,120}):([0-9a-f]{64})$/;

/** Whether a text names an archive at a Gatekeeper, rather than a file. */
export function isDepositReference(name: string): boolean {
  return name.startsWith(START);
}

/** A reference as a person writes it down: `gatekeeper:<content id>:<sha256>`. */
export function depositReference({ index, sha256 }: DepositReference): string {
  return `${START}${index}:${sha256}`;
}

/** Reads a reference. Throws `vault_name`. */
export function readDepositReference(name: string): DepositReference {
  const [, index, sha256] = REFERENCE.exec(name) ?? [];
  if (index === undefined || sha256 === undefined) {
    throw vaultError(
      'vault_name',
      'this is no reference of an archive at a Gatekeeper (gatekeeper:<content id>:<sha256>)',
      'take the whole reference that hive-archon-backup-status showed',
    );
  }
  return { index, sha256 };
}

const decodePiece = object({
  cid: text(120),
  sha256: hex(32),
  length: integer(1, DEPOSIT_PIECE_BYTES),
});

const decodeIndex = object({
  type: oneOf('cl-hive-vault-deposit'),
  format: integer(1, 1),
  sha256: hex(32),
  bytes: integer(1, DEPOSIT_BYTES_MAX),
  pieces: array(decodePiece, DEPOSIT_PIECES_MAX),
});

/** Of what pieces an archive is put together, in their order. */
export type DepositIndex = Decoded<typeof decodeIndex>;

/** One piece of an archive. */
export type DepositPiece = DepositIndex['pieces'][number];

/** An index as it is given to a Gatekeeper. */
export function depositIndex(of: Pick<DepositIndex, 'sha256' | 'bytes' | 'pieces'>): Uint8Array {
  const { sha256, bytes, pieces } = of;
  const body = { type: 'cl-hive-vault-deposit', format: 1, sha256, bytes };
  return utf8ToBytes(
    stringifyJson({
      ...body,
      pieces: pieces.map(({ cid, sha256: digest, length }) => ({ cid, sha256: digest, length })),
    }),
  );
}

/** Reads what a Gatekeeper served as the index of an archive. Throws `vault_damaged`. */
export function readDepositIndex(served: Uint8Array, wanted: DepositReference): DepositIndex {
  try {
    const index = decodeIndex(parseJson(bytesToUtf8(served) ?? ''));
    const total = index.pieces.reduce((sum, { length }) => sum + length, 0);
    if (total !== index.bytes || !index.pieces.every(({ cid }) => CID.test(cid))) {
      throw new DecodeError('pieces that give the archive', total);
    }
    if (index.sha256 !== wanted.sha256) {
      throw new DecodeError('the index of the wanted archive', index.sha256);
    }
    return index;
  } catch (cause) {
    throw damaged('its index is none', cause);
  }
}

/** Cuts an archive into its pieces. Throws `vault_missing`, `vault_place`, and faults of the disk. */
export async function* archivePieces(file: string): AsyncGenerator<Buffer> {
  const source = new ByteSource(readFile(file));
  try {
    for (;;) {
      const piece = await source.take(DEPOSIT_PIECE_BYTES);
      if (piece.length === 0) {
        return;
      }
      yield piece;
    }
  } finally {
    await source.close();
  }
}

/** A deposit in the making, as far as the choice of the next one needs it. */
export interface WaitingDeposit {
  readonly sequence: number;
  /** Pieces that are with a Gatekeeper already. */
  readonly pieces: number;
}

/**
 * Which deposit goes next and which are given up: what was begun is ended, of the others only the newest
 * counts, since each archive holds all.
 */
export function nextDeposit(waiting: readonly WaitingDeposit[]): {
  readonly next: number | undefined;
  readonly superseded: readonly number[];
} {
  const order = [...waiting].sort((a, b) => b.sequence - a.sequence);
  const newest = order[0]?.sequence;
  const begun = order.find(({ pieces }) => pieces > 0)?.sequence;
  const superseded = order
    .map(({ sequence }) => sequence)
    .filter((sequence) => sequence !== newest && sequence !== begun);
  return { next: begun ?? newest, superseded };
}
