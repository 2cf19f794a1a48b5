import { bytesToHex, type NodeId, nodeId } from '@cl-hive/core';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { witnessScript } from './chain/address.ts';
import { hash160, sha256 } from './digest.ts';

/** Known points: parsing one costs a square root. */
const POINTS_KEPT = 10_000;
const points = new Map<string, boolean>();

/** A secret key that follows from a seed and a label; the chance of an invalid one is 2^-128. */
export function secretFrom(seed: Uint8Array, label: string): Uint8Array {
  return sha256('hive-lab secret', seed, label);
}

/** The id of the node that holds a secret key. */
export function idOf(secretKey: Uint8Array): NodeId {
  return nodeId(bytesToHex(secp256k1.getPublicKey(secretKey, true)));
}

/** Whether a compressed point lies on secp256k1. */
export function isPoint(hex: string): boolean {
  let known = points.get(hex);
  if (known === undefined) {
    try {
      secp256k1.Point.fromHex(hex);
      known = true;
    } catch {
      known = false;
    }
    if (points.size < POINTS_KEPT) {
      points.set(hex, known);
    }
  }
  return known;
}

/** The locking script that pays to a key: version 0 by key hash, or version 1 (taproot, BIP 86). */
export function scriptOf(secretKey: Uint8Array, kind: 'p2wpkh' | 'p2tr'): string {
  const publicKey = secp256k1.getPublicKey(secretKey, true);
  if (kind === 'p2wpkh') {
    return witnessScript(0, hash160(publicKey));
  }
  const internal = schnorr.utils.lift_x(BigInt(`0x${bytesToHex(publicKey.subarray(1))}`));
  const tweak = BigInt(
    `0x${bytesToHex(schnorr.utils.taggedHash('TapTweak', publicKey.subarray(1)))}`,
  );
  const order = secp256k1.Point.Fn.ORDER;
  const output = internal.add(secp256k1.Point.BASE.multiply(tweak % order));
  return witnessScript(1, output.toBytes(true).subarray(1));
}
