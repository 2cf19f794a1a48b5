import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  archivePieces,
  DEPOSIT_BYTES_MAX,
  DEPOSIT_PIECE_BYTES,
  DEPOSIT_PIECES_MAX,
  depositIndex,
  depositReference,
  GATEKEEPER_ANSWER_BYTES_MAX,
  isDepositReference,
  nextDeposit,
  readDepositIndex,
  readDepositReference,
} from '../src/index.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-deposit-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const digest = 'ab'.repeat(32);
const wanted = { index: cid, sha256: digest };
const piece = { cid, sha256: 'cd'.repeat(32), length: 10 };
const whole = { sha256: digest, bytes: 20, pieces: [piece, { ...piece, length: 10 }] };
const json = (value: unknown) => Buffer.from(stringifyJson(value as never));
const asRead = { type: 'cl-hive-vault-deposit', format: 1, ...whole };

describe('the reference of an archive at a Gatekeeper', () => {
  it('is read as it is written', () => {
    expect(readDepositReference(depositReference(wanted))).toEqual(wanted);
    expect(isDepositReference('vault-02aa-00000001.age')).toBe(false);
  });

  it.each([
    'gatekeeper:',
    `gatekeeper:${cid}`,
    `gatekeeper:${cid}:${digest.slice(1)}`,
    `gatekeeper:${cid}:${digest.toUpperCase()}`,
    `gatekeeper:../../x/${cid}:${digest}`,
    `gatekeeper:${cid}:${digest}\n`,
    `gatekeeper:${'a'.repeat(121)}:${digest}`,
    `Gatekeeper:${cid}:${digest}`,
  ])('VB-01: %j is none', (name) => {
    expect(() => readDepositReference(name)).toThrow(
      expect.objectContaining({ code: 'vault_name' }),
    );
  });
});

describe('the index of an archive at a Gatekeeper', () => {
  it('is read as it is written', () => {
    expect(readDepositIndex(depositIndex(whole), wanted)).toEqual(asRead);
  });

  it.each([
    ['another archive', { ...asRead, sha256: 'ef'.repeat(32) }],
    ['a newer format', { ...asRead, format: 2 }],
    ['pieces that are too few', { ...asRead, bytes: 21 }],
    ['no pieces', { ...asRead, bytes: 0, pieces: [] }],
    ['an empty piece', { ...asRead, bytes: 10, pieces: [piece, { ...piece, length: 0 }] }],
    [
      'a piece that is too long',
      { ...asRead, pieces: [{ ...piece, length: DEPOSIT_PIECE_BYTES + 1 }] },
    ],
    [
      'a path as content id',
      { ...asRead, pieces: [piece, { ...piece, cid: '../../dids/aaaaaaaaaaaaaaa' }] },
    ],
    ['an archive that is too large', { ...asRead, bytes: DEPOSIT_BYTES_MAX + 1 }],
    [
      'too many pieces',
      {
        ...asRead,
        bytes: DEPOSIT_PIECES_MAX + 1,
        pieces: Array.from({ length: DEPOSIT_PIECES_MAX + 1 }, () => ({ ...piece, length: 1 })),
      },
    ],
    ['no object', []],
  ])('VB-03: is refused with %s', (_what, value) => {
    expect(() => readDepositIndex(json(value), wanted)).toThrow(
      expect.objectContaining({ code: 'vault_damaged' }),
    );
  });

  it('VB-03: is refused or the same when any byte of it is changed', () => {
    const bytes = depositIndex(whole);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        try {
          // What is left of it to believe is checked piece by piece.
          expect(readDepositIndex(changed, wanted)).toMatchObject({ sha256: digest, bytes: 20 });
        } catch (error) {
          expect(error).toMatchObject({ code: 'vault_damaged' });
        }
      }),
    );
  });

  it('fits into one answer of a Gatekeeper, however long the archive', () => {
    const longest = { cid: 'z'.repeat(120), sha256: digest, length: DEPOSIT_PIECE_BYTES };
    const pieces = Array.from({ length: DEPOSIT_PIECES_MAX }, () => longest);
    const bytes = depositIndex({ sha256: digest, bytes: DEPOSIT_BYTES_MAX, pieces });
    expect(bytes.length).toBeLessThan(GATEKEEPER_ANSWER_BYTES_MAX / 2);
    expect(readDepositIndex(bytes, wanted).pieces).toHaveLength(DEPOSIT_PIECES_MAX);
  });
});

describe('the pieces of an archive', () => {
  it.each([1, DEPOSIT_PIECE_BYTES, DEPOSIT_PIECE_BYTES + 1, 3 * DEPOSIT_PIECE_BYTES])(
    'of %i bytes give it again',
    async (length) => {
      const content = randomBytes(length);
      const file = path.join(base, `a-${length}`);
      writeFileSync(file, content);
      const pieces: Buffer[] = [];
      for await (const one of archivePieces(file)) {
        pieces.push(Buffer.from(one));
      }
      expect(pieces).toHaveLength(Math.ceil(length / DEPOSIT_PIECE_BYTES));
      expect(Buffer.concat(pieces).equals(content)).toBe(true);
    },
  );

  it('VB-12: are not read through a link', async () => {
    const link = path.join(base, 'link');
    symlinkSync('/etc/hostname', link);
    await expect(archivePieces(link).next()).rejects.toMatchObject({ code: 'vault_place' });
  });
});

describe('which archive goes next', () => {
  it('ends what was begun, then takes the newest, and leaves those between', () => {
    const rows = fc.uniqueArray(
      fc.record({
        sequence: fc.integer({ min: 1, max: 50 }),
        pieces: fc.integer({ min: 0, max: 3 }),
      }),
      { selector: ({ sequence }) => sequence },
    );
    fc.assert(
      fc.property(rows, (waiting) => {
        const { next, superseded } = nextDeposit(waiting);
        const begun = waiting.filter(({ pieces }) => pieces > 0).map(({ sequence }) => sequence);
        const all = waiting.map(({ sequence }) => sequence);
        expect(next).toBe(
          all.length === 0 ? undefined : Math.max(...(begun.length > 0 ? begun : all)),
        );
        const stay = all.filter((one) => !superseded.includes(one));
        expect(stay.length).toBeLessThanOrEqual(2);
        if (all.length > 0) {
          expect(stay).toContain(Math.max(...all));
          expect(stay).toContain(next);
        }
      }),
    );
  });
});
