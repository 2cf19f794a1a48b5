import { type CodedError, hexToBytes, isCodedError } from '@cl-hive/core';
import { bech32 } from '@scure/base';
import bolt11 from 'bolt11';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASIC,
  bytesField,
  type Field,
  HASH,
  makeInvoice,
  PAYEE,
  PAYEE_SECRET,
  SECRET,
  sat,
  textField,
} from '../../tests/support.ts';
import { PAYMENT_LIMITS } from '../limits.ts';
import { readAmount } from './amount.ts';
import { readInvoice } from './invoice.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const payeeField = bytesField('n', hexToBytes(PAYEE));

function problemOf(invoice: string): unknown {
  try {
    readInvoice(invoice);
    return undefined;
  } catch (error) {
    expect(isCodedError(error, 'invoice_invalid')).toBe(true);
    expect((error as CodedError).remedy).toBeDefined();
    return (error as CodedError).data['problem'];
  }
}

function highS(signature: Uint8Array): void {
  const s = signature.slice(32, 64).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  signature.set(hexToBytes((ORDER - s).toString(16).padStart(64, '0')), 32);
  signature[64] = (signature[64] ?? 0) ^ 1;
}

describe('readInvoice', () => {
  it('reads what an invoice says, with the defaults of BOLT 11', () => {
    expect(readInvoice(makeInvoice(BASIC))).toMatchObject({
      network: 'regtest',
      amountMsat: sat(1000),
      timestamp: 1_800_000_000,
      expirySeconds: 3600,
      minFinalCltv: 18,
      paymentHash: '01'.repeat(32),
      paymentSecret: '02'.repeat(32),
      description: 'coffee',
      descriptionHash: undefined,
      payee: PAYEE,
      featureBits: [],
      hints: [],
    });
  });

  it('takes capitals and `lightning:`, as QR codes have them', () => {
    const text = makeInvoice(BASIC);
    expect(readInvoice(`LIGHTNING:${text.toUpperCase()}`).text).toBe(text);
  });

  it.each([
    ['bitcoin', 'lnbc'],
    ['testnet', 'lntb'],
    ['signet', 'lntbs'],
    ['regtest', 'lnbcrt'],
  ])('reads invoices of %s, with and without an amount', (network, prefix) => {
    expect(readInvoice(makeInvoice(BASIC, { prefix }))).toMatchObject({
      network,
      amountMsat: undefined,
    });
    expect(readInvoice(makeInvoice(BASIC, { prefix: `${prefix}25m` }))).toMatchObject({
      network,
      amountMsat: 2_500_000_000n,
    });
  });

  it('reads routing hints of several hops, metadata, features, expiry and final delta', () => {
    const hop = (byte: number) =>
      Uint8Array.from([
        ...hexToBytes(PAYEE),
        ...hexToBytes(`0c350${byte}000007000100000001000000140090`),
      ]);
    const invoice = makeInvoice([
      ...BASIC,
      bytesField('r', Uint8Array.from([...hop(1), ...hop(2)])),
      bytesField('m', Uint8Array.from([1, 250, 250, 240])),
      ['x', [1, 0]],
      ['c', [3, 0]],
      ['9', [1, 16, 8, 0]],
    ]);
    const read = readInvoice(invoice);
    expect(read.hints).toEqual([
      [
        {
          node: PAYEE,
          shortChannelId: '800001x7x1',
          feeBaseMsat: 1,
          feePpm: 20,
          cltvDelta: 144,
        },
        expect.objectContaining({ shortChannelId: '800002x7x1' }),
      ],
    ]);
    expect(read).toMatchObject({ metadata: '01fafaf0', expirySeconds: 32, minFinalCltv: 96 });
    expect(read.featureBits).toEqual([8, 14, 15]);
  });

  it('checks the signature against the payee that is named, and demands its low form there', () => {
    const fields = [...BASIC, payeeField];
    expect(readInvoice(makeInvoice(fields)).payee).toBe(PAYEE);
    expect(problemOf(makeInvoice(fields, { change: highS }))).toBe('high_s');
    const other = bytesField(
      'n',
      hexToBytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
    );
    expect(problemOf(makeInvoice([...BASIC, other]))).toBe('bad_signature');
  });

  it('takes a high s where the key is recovered', () => {
    expect(readInvoice(makeInvoice(BASIC, { change: highS })).payee).toBe(PAYEE);
  });

  it('skips fields that it does not know, and fixed ones of another length', () => {
    const short: Field = ['p', [1, 2, 3]];
    const unknown: Field = ['a', [31, 31]];
    expect(readInvoice(makeInvoice([short, ...BASIC, unknown])).paymentHash).toBe('01'.repeat(32));
    expect(problemOf(makeInvoice([short, SECRET, textField('x')]))).toBe('no_payment_hash');
  });

  it.each<[string, string]>([
    ['not_bech32', 'lnbc1qqqqqq'],
    ['not_bech32', ''],
    ['not_bech32', 'lnbс2500u1pvjluez'],
    ['not_bech32', makeInvoice(BASIC).replace('lnbcrt', 'lnBCRT')],
    ['not_bech32', `${makeInvoice(BASIC).slice(0, -1)}q`],
    ['too_long', `lnbc1${'q'.repeat(9000)}`],
    ['unknown_prefix', makeInvoice(BASIC, { prefix: 'lnxx' })],
    [
      'unknown_prefix',
      bech32.encode(
        'bc',
        Array.from({ length: 120 }, () => 0),
        false,
      ),
    ],
    ['invalid_amount', makeInvoice(BASIC, { prefix: 'lnbc2500x' })],
    ['invalid_amount', makeInvoice(BASIC, { prefix: 'lnbc0250u' })],
    ['invalid_amount', makeInvoice(BASIC, { prefix: 'lnbc0' })],
    ['invalid_amount', makeInvoice(BASIC, { prefix: 'lnbc25p' })],
    ['invalid_amount', makeInvoice(BASIC, { prefix: 'lnbc99999999999999' })],
    [
      'too_short',
      bech32.encode(
        'lnbc',
        Array.from({ length: 110 }, () => 0),
        false,
      ),
    ],
    ['no_payment_hash', makeInvoice([SECRET, textField('x')])],
    ['no_payment_secret', makeInvoice([HASH, textField('x')])],
    ['no_description', makeInvoice([HASH, SECRET])],
    ['two_descriptions', makeInvoice([...BASIC, bytesField('h', new Uint8Array(32))])],
    [
      'unknown_feature',
      makeInvoice([...BASIC, ['9', [1, ...Array.from({ length: 20 }, () => 0)]]]),
    ],
    ['field_cut_off', makeInvoice(BASIC, { tail: [1, 0, 9, 1] })],
    ['field_cut_off', makeInvoice(BASIC, { tail: [1] })],
    ['field_not_minimal', makeInvoice([...BASIC, ['x', [0, 1]]])],
    ['field_not_minimal', makeInvoice([...BASIC, ['c', [0, 1]]])],
    ['field_not_minimal', makeInvoice([...BASIC, ['9', [0, 8, 0]]])],
    ['field_length', makeInvoice([...BASIC, ['x', Array.from({ length: 12 }, () => 31)]])],
    ['field_length', makeInvoice([...BASIC, bytesField('r', new Uint8Array(50))])],
    ['field_length', makeInvoice([...BASIC, bytesField('r', new Uint8Array(51))])],
    ['description_not_utf8', makeInvoice([HASH, SECRET, bytesField('d', Uint8Array.of(0xff))])],
    ['bad_signature', makeInvoice(BASIC, { change: (bytes) => bytes.fill(0, 0, 64) })],
    ['bad_signature', makeInvoice(BASIC, { change: (bytes) => bytes.fill(9, 64) })],
  ])('ST-19: refuses %s', (problem, invoice) => {
    expect(problemOf(invoice)).toBe(problem);
  });

  it('reads no more routing hints than it must', () => {
    const hop = Uint8Array.from([...hexToBytes(PAYEE), ...Array.from({ length: 18 }, () => 0)]);
    const hint = bytesField('r', hop);
    const many = (count: number) =>
      makeInvoice([...BASIC, ...Array.from({ length: count }, () => hint)]);
    expect(problemOf(many(PAYMENT_LIMITS.routeHints))).toBeUndefined();
    expect(problemOf(many(PAYMENT_LIMITS.routeHints + 1))).toBe('too_many_hints');
  });

  it('lets no changed word through as one of the payee, whoever made the checksum fit again', () => {
    const { prefix, words } = bech32.decode(
      makeInvoice([...BASIC, payeeField]) as `${string}1${string}`,
      false,
    );
    fc.assert(
      fc.property(fc.nat(words.length - 3), fc.integer({ min: 1, max: 31 }), (at, flip) => {
        const changed = [...words];
        changed[at] = (changed[at] ?? 0) ^ flip;
        const forged = bech32.encode(prefix, changed, false);
        expect(problemOf(forged) ?? readInvoice(forged).payee).not.toBe(PAYEE);
      }),
      { numRuns: 200 },
    );
  });

  it('reads what the bolt11 package writes', () => {
    const made = fc.record({
      amount: fc.option(fc.bigInt({ min: 1n, max: 10n ** 14n }), { nil: undefined }),
      hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      description: fc.string({ unit: 'grapheme', maxLength: 60 }),
      expiry: fc.integer({ min: 1, max: 2 ** 30 }),
      timestamp: fc.integer({ min: 1, max: 2 ** 33 }),
    });
    fc.assert(
      fc.property(made, ({ amount, hash, secret, description, expiry, timestamp }) => {
        const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
        const { paymentRequest } = bolt11.sign(
          bolt11.encode(
            {
              timestamp,
              ...(amount === undefined ? {} : { millisatoshis: amount.toString() }),
              tags: [
                { tagName: 'payment_hash', data: hex(hash) },
                { tagName: 'payment_secret', data: hex(secret) },
                { tagName: 'description', data: description },
                { tagName: 'expire_time', data: expiry },
                {
                  tagName: 'feature_bits',
                  data: {
                    word_length: 3,
                    var_onion_optin: { required: true, supported: false },
                    payment_secret: { required: true, supported: false },
                  },
                },
              ],
            },
            false,
          ),
          hex(PAYEE_SECRET),
        );
        expect(readInvoice(paymentRequest ?? '')).toMatchObject({
          network: 'bitcoin',
          amountMsat: amount,
          timestamp,
          expirySeconds: expiry,
          paymentHash: hex(hash),
          paymentSecret: hex(secret),
          description,
          payee: PAYEE,
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('readAmount', () => {
  it.each([
    ['1', 100_000_000_000n],
    ['1m', 100_000_000n],
    ['1u', 100_000n],
    ['1n', 100n],
    ['10p', 1n],
    ['9678785340p', 967_878_534n],
  ])('%s is %s msat', (text, amount) => {
    expect(readAmount(text)).toBe(amount);
  });

  it.each([
    '',
    '0',
    '01',
    '-1',
    '1.5',
    '1p',
    '15p',
    '1k',
    '1mm',
    'm',
    '1 ',
    '٣',
    '184467441',
    '1e3',
  ])('refuses %j', (text) => {
    expect(readAmount(text)).toBeUndefined();
  });
});
