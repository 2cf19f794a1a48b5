import { bytesToHex } from '@cl-hive/core';
import { schnorr } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import {
  checkConditions,
  digest,
  hashToPoint,
  Mint,
  MintFront,
  type MintLightning,
  Refusal,
  signBlinded,
  type WireProof,
} from '../src/index.ts';

const NOW = 1_800_000_000;

function fits(proof: Omit<WireProof, 'id' | 'amount'>, outputs: readonly string[] = [], now = NOW) {
  try {
    checkConditions([{ id: '00bfa73302d12ffd', amount: 1, ...proof }], outputs, now);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return false;
  }
}

const C = '02698c4e2b5f9534cd0687d87513c759790cf829aa5739184a3e3735471fbda904';

// From the test vectors of NUT-00 and NUT-11.
const ONE_KEY = JSON.stringify([
  'P2PK',
  {
    nonce: '859d4935c4907062a6297cf4e663e2835d90d97ecdd510745d32f6816323a41f',
    data: '0249098aa8b9d2fbec49ff8598feb17b592b986e62319a4fa488a3dc36387157a7',
    tags: [['sigflag', 'SIG_INPUTS']],
  },
]);
const TWO_OF_THREE = JSON.stringify([
  'P2PK',
  {
    nonce: '0ed3fcb22c649dd7bbbdcca36e0c52d4f0187dd3b6a19efcc2bfbebb5f85b2a1',
    data: '0249098aa8b9d2fbec49ff8598feb17b592b986e62319a4fa488a3dc36387157a7',
    tags: [
      [
        'pubkeys',
        '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
        '02142715675faf8da1ecc4d51e0b9e539fa0d52fdd96ed60dbe99adb15d6b05ad9',
      ],
      ['n_sigs', '2'],
      ['sigflag', 'SIG_INPUTS'],
    ],
  },
]);
const SIGNED_ONE =
  '60f3c9b766770b46caac1d27e1ae6b77c8866ebaeba0b9489fe6a15a837eaa6fcd6eaa825499c72ac342983983fd3ba3a8a41f56677cc99ffd73da68b59e1383';
const SIGNED_TWO = [
  '83564aca48c668f50d022a426ce0ed19d3a9bdcffeeaee0dc1e7ea7e98e9eff1840fcc821724f623468c94f72a8b0a7280fa9ef5a54a1b130ef3055217f467b3',
  '9a72ca2d4d5075be5b511ee48dbc5e45f259bcf4a4e8bf18587f433098a9cd61ff9737dc6e8022de57c76560214c4568377792d4c2c6432886cc7050487a1f22',
];
const ALL = JSON.stringify([
  'P2PK',
  {
    nonce: 'c7f280eb55c1e8564e03db06973e94bc9b666d9e1ca42ad278408fe625950303',
    data: '030d8acedfe072c9fa449a1efe0817157403fbec460d8e79f957966056e5dd76c1',
    tags: [['sigflag', 'SIG_ALL']],
  },
]);
const ALL_C = '02c97ee3d1db41cf0a3ddb601724be8711a032950811bf326f8219c50c4808d3cd';
const ALL_OUT = ['2', '038ec853d65ae1b79b5cdbc2774150b2cb288d6d26e12958a16fb33c32d9a86c39'];
const ALL_SIGNED =
  'ce017ca25b1b97df2f72e4b49f69ac26a240ce14b3690a8fe619d41ccc42d3c1282e073f85acd36dc50011638906f35b56615f24e4d03e8effe8257f6a808538';

const signed = (...signatures: readonly string[]) => JSON.stringify({ signatures });

describe('the published vectors', () => {
  it('NUT-00: hash to curve, blind signature', () => {
    const points = [0, 1, 2].map((last) =>
      hashToPoint(Uint8Array.from([...Array<number>(31).fill(0), last])).toHex(true),
    );
    expect(points).toEqual([
      '024cce997d3b518f739663b757deaec95bcd9473c30a14ac2fd04023a739d1a725',
      '022e7158e11c9506f1aa4248bf531298daa7febd6194f003edcd9b93ade6253acf',
      '026cdbe15362df59cd1dd3c9c11de8aedac2106eca69236ecd9fbe117af897be4f',
    ]);
    const blinded = '02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2';
    expect(signBlinded(blinded, BigInt(`0x${'7f'.repeat(32)}`))).toBe(
      '0398bc70ce8184d27ba89834d19f5199c84443c31131e48d3c1214db24247d005d',
    );
  });

  it('NUT-11: one key, and 2 of 3', () => {
    expect(fits({ secret: ONE_KEY, C, witness: signed(SIGNED_ONE) })).toBe(true);
    expect(fits({ secret: ONE_KEY, C, witness: signed(...SIGNED_TWO) })).toBe(false);
    expect(fits({ secret: ONE_KEY, C })).toBe(false);
    expect(fits({ secret: TWO_OF_THREE, C, witness: signed(...SIGNED_TWO) })).toBe(true);
    expect(fits({ secret: TWO_OF_THREE, C, witness: signed(SIGNED_TWO[0] ?? '') })).toBe(false);
  });

  it('NUT-11: SIG_ALL signs inputs and outputs', () => {
    expect(bytesToHex(digest([ALL, ALL_C, ...ALL_OUT].join('')))).toBe(
      'de7f9e3ca0fcc5ed3258fcf83dbf1be7fa78a5ed6da7bf2aa60d61e9dc6eb09a',
    );
    const proof = { secret: ALL, C: ALL_C, witness: signed(ALL_SIGNED) };
    expect(fits(proof, ALL_OUT)).toBe(true);
    expect(fits(proof, ['1', ALL_OUT[1] ?? ''])).toBe(false);
  });
});

describe('conditions', () => {
  const secrets = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const [mine = '', theirs = ''] = secrets.map(
    (secret) => `02${bytesToHex(schnorr.getPublicKey(secret))}`,
  );
  const preimage = '11'.repeat(32);
  const hash = bytesToHex(digest(Uint8Array.from(Buffer.from(preimage, 'hex'))));
  const secretOf = (kind: string, data: string, ...tags: string[][]) =>
    JSON.stringify([kind, { nonce: '00', data, tags }]);
  const witness = (secret: string, key: number, more: object = {}) => ({
    signatures: [bytesToHex(schnorr.sign(digest(secret), secrets[key] ?? new Uint8Array()))],
    ...more,
  });

  it('NUT-14: the receiver needs hash and key, before and after the locktime', () => {
    const secret = secretOf(
      'HTLC',
      hash,
      ['pubkeys', mine],
      ['locktime', String(NOW)],
      ['refund', theirs],
    );
    for (const now of [NOW - 1, NOW + 1]) {
      expect(fits({ secret, C, witness: witness(secret, 0, { preimage }) }, [], now)).toBe(true);
      expect(fits({ secret, C, witness: witness(secret, 0) }, [], now)).toBe(false);
      expect(fits({ secret, C, witness: { preimage } }, [], now)).toBe(false);
      expect(
        fits({ secret, C, witness: witness(secret, 0, { preimage: '22'.repeat(32) }) }, [], now),
      ).toBe(false);
    }
  });

  it('NUT-11: the refund is open only after the locktime', () => {
    const secret = secretOf(
      'HTLC',
      hash,
      ['pubkeys', mine],
      ['locktime', String(NOW)],
      ['refund', theirs],
    );
    const refund = { secret, C, witness: witness(secret, 1) };
    expect(fits(refund, [], NOW)).toBe(false);
    expect(fits(refund, [], NOW + 1)).toBe(true);
  });

  it.each<[string, ...string[][]]>([
    ['a tag twice', ['locktime', '1'], ['locktime', '2']],
    ['a threshold that cannot be met', ['n_sigs', '2']],
    ['a threshold of 0', ['n_sigs', '0']],
    ['an unknown flag', ['sigflag', 'SIG_NONE']],
  ])('%s is unspendable', (_what, ...tags) => {
    const secret = secretOf('P2PK', mine, ...tags);
    expect(fits({ secret, C, witness: witness(secret, 0) })).toBe(false);
  });
});

describe('the front', () => {
  it('answers what it does not know with a code, and takes no nonsense', async () => {
    const lightning: MintLightning = {
      invoice: async () => ({ request: 'x', hash: 'x' }),
      isPaid: async () => false,
      amountOf: async () => undefined,
      pay: async () => ({ state: 'failed' }),
      look: async () => ({ state: 'failed' }),
    };
    const front = new MintFront(new Mint({ lightning, nowS: () => NOW }));
    const code = async (method: string, path: string, body?: string) => {
      const answer = await front.request(method, path, body);
      return [answer?.status, (JSON.parse(answer?.text ?? '') as { code: number }).code];
    };
    expect(await code('GET', '/v1/keys/00')).toEqual([400, 12_001]);
    expect(await code('POST', '/v1/mint/quote/bolt11', '{"unit":"usd","amount":1}')).toEqual([
      400, 11_013,
    ]);
    expect(await code('POST', '/v1/mint/quote/bolt11', '{"unit":"sat","amount":-1}')).toEqual([
      400, 11_006,
    ]);
    expect(await code('POST', '/v1/mint/bolt11', '{"quote":"quote-9","outputs":[]}')).toEqual([
      400, 20_000,
    ]);
    expect(await code('POST', '/v1/swap', '[]')).toEqual([400, 0]);
    expect(await code('POST', '/v1/swap', '{"inputs":[],"outputs":[]}')).toEqual([400, 11_014]);
    expect(await code('PUT', '/v1/swap')).toEqual([400, 0]);
  });
});
