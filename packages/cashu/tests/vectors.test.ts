import { pbkdf2Sync } from 'node:crypto';
import { hash_e, hashToCurve, pointFromHex, verifyDLEQProof } from '@cashu/cashu-ts';
import { bytesToHex, hexToBytes, type Msat, satToMsat } from '@cl-hive/core';
import { proveEqual } from '@cl-hive/test-mint';
import { describe, expect, it } from 'vitest';
import type { Keyset } from '../src/keyset.ts';
import { isProven, seededOutputs } from '../src/outputs.ts';

/** Published test vectors of the NUTs, by number; those of NUT-11 and NUT-14 are the test mint's. */
describe('the published vectors', () => {
  it('NUT-00: hash to curve', () => {
    const point = (last: number) =>
      hashToCurve(Uint8Array.from([...Array<number>(31).fill(0), last])).toHex(true);
    expect([point(0), point(1), point(2)]).toEqual([
      '024cce997d3b518f739663b757deaec95bcd9473c30a14ac2fd04023a739d1a725',
      '022e7158e11c9506f1aa4248bf531298daa7febd6194f003edcd9b93ade6253acf',
      '026cdbe15362df59cd1dd3c9c11de8aedac2106eca69236ecd9fbe117af897be4f',
    ]);
  });

  it('NUT-12: the hash of points', () => {
    const one = pointFromHex(`02${'00'.repeat(31)}01`);
    const signed = '02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2';
    expect(bytesToHex(hash_e([one, one, one, pointFromHex(signed)]))).toBe(
      'a4dc034b74338c28c6bc3ea49731f2a24440fc7c4affc08b31a93fc9fbe6401e',
    );
  });

  const BASE = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
  const keyset: Keyset = {
    id: '00882760bfa2eb41',
    unit: 'sat',
    keys: { '1': BASE },
    feePpk: 0,
    finalExpiryS: undefined,
    active: true,
  };
  const proof = {
    keyset: keyset.id,
    amountMsat: satToMsat(1),
    secret: 'daf4dd00a2b68a0858a80450f52c8a7d2ccf87d375e43e216e0c571f089f63e9',
    signature: '024369d2d22a80ecf78f3937da9d5f30c1b9f74f0c32684d583cca0fa6a61cdcfc',
    dleq: {
      e: 'b31e58ac6527f34975ffab13e70a48b6d2b0d35abc4b03f0151f09ee1a9763d4',
      s: '8fbae004c59e754d71df67e392b6ae4e29293113ddc2ec86592a0431d16306d8',
      r: 'a6d13fcd7a18442e6076f5e1e7c887ad5de40a019824bdfa9fe740d302e8d861',
    },
  };

  it('NUT-12: a proof that shows its signature, and none that was changed', () => {
    expect(isProven(proof, keyset)).toBe(true);
    const wrong = [
      { ...proof, secret: proof.secret.replace('d', 'e') },
      { ...proof, signature: BASE },
      { ...proof, amountMsat: satToMsat(2) },
      { ...proof, dleq: { ...proof.dleq, r: proof.dleq.s } },
    ];
    expect(wrong.map((one) => isProven(one, keyset))).toEqual([false, false, false, false]);
    const { dleq: _none, ...bare } = proof;
    expect(isProven(bare, keyset)).toBe(false);
  });

  it('NUT-12: a blind signature, and those of the test mint', () => {
    const blinded = '02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2';
    const holds = (e: string, s: string) =>
      verifyDLEQProof(
        { e: hexToBytes(e), s: hexToBytes(s) },
        pointFromHex(blinded),
        pointFromHex(blinded),
        pointFromHex(BASE),
      );
    const e = '9818e061ee51d5c8edc3342369a554998ff7b4381c8652d724cdf46429be73d9';
    const s = '9818e061ee51d5c8edc3342369a554998ff7b4381c8652d724cdf46429be73da';
    const made = proveEqual(blinded, 1n);
    expect([holds(e, s), holds(made.e, made.s), holds(e, made.s)]).toEqual([true, true, false]);
  });

  it('NUT-13: secrets and blinding factors of counters', () => {
    const mnemonic =
      'half depart obvious quality work element tank gorilla view sugar picture humble';
    const seed = pbkdf2Sync(mnemonic, 'mnemonic', 2048, 64, 'sha512');
    const none = Array<Msat>(3).fill(0n as Msat);
    const outputs = seededOutputs('keep', none, { seed, keyset: '009a1f293253e41e', counter: 0 });
    expect(outputs.map(({ secret }) => secret)).toEqual([
      '485875df74771877439ac06339e284c3acfcd9be7abf3bc20b516faeadfe77ae',
      '8f2b39e8e594a4056eb1e6dbb4b0c38ef13b1b2c751f64f810ec04ee35b77270',
      'bc628c79accd2364fd31511216a0fab62afd4a18ff77a20deded7b858c9860c8',
    ]);
    expect(outputs.map(({ factor }) => BigInt(factor).toString(16))).toEqual([
      'ad00d431add9c673e843d4c2bf9a778a5f402b985b8da2d5550bf39cda41d679',
      '967d5232515e10b81ff226ecf5a9e2e2aff92d66ebc3edf0987eb56357fd6248',
      'b20f47bb6ae083659f3aa986bfa0435c55c6d93f687d51a01f26862d9b9a4899',
    ]);
  });
});
