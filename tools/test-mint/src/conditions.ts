import { bytesToHex, hexToBytes, isHex } from '@cl-hive/core';
import { digest, isSignedBy } from './curve.ts';
import { Refusal } from './refusal.ts';

/** A proof as wallets send it (NUT-00). */
export interface WireProof {
  readonly id: string;
  readonly amount: number;
  readonly secret: string;
  readonly C: string;
  readonly witness?: unknown;
}

interface Condition {
  readonly kind: 'P2PK' | 'HTLC';
  readonly data: string;
  readonly tags: ReadonlyMap<string, readonly string[]>;
}

const INVALID = 10_001;
const KNOWN = ['sigflag', 'pubkeys', 'n_sigs', 'locktime', 'refund', 'n_sigs_refund'];

/** The condition that a secret carries (NUT-10); undefined for plain ones and kinds no mint enforces. */
function conditionOf(secret: string): Condition | undefined {
  let read: unknown;
  try {
    read = JSON.parse(secret);
  } catch {
    return undefined;
  }
  if (!Array.isArray(read) || (read[0] !== 'P2PK' && read[0] !== 'HTLC')) {
    return undefined;
  }
  const body = read[1] as { data?: unknown; tags?: unknown } | undefined;
  const list = Array.isArray(body?.tags) ? (body.tags as unknown[]) : [];
  const tags = new Map<string, readonly string[]>();
  for (const tag of list) {
    if (!Array.isArray(tag) || !tag.every((one) => typeof one === 'string')) {
      throw new Refusal(INVALID, 'malformed tag');
    }
    const [name = '', ...values] = tag;
    if (KNOWN.includes(name) && tags.has(name)) {
      throw new Refusal(INVALID, `tag ${name} appears twice`);
    }
    tags.set(name, values);
  }
  if (typeof body?.data !== 'string') {
    throw new Refusal(INVALID, 'a condition without data');
  }
  return { kind: read[0], data: body.data, tags };
}

function threshold(condition: Condition, tag: string, keys: readonly string[]): number {
  const [text] = condition.tags.get(tag) ?? [];
  if (text === undefined) {
    return 1;
  }
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > keys.length) {
    throw new Refusal(INVALID, `${tag} cannot be met`);
  }
  return count;
}

function witnessOf(proof: WireProof): { signatures: readonly string[]; preimage?: string } {
  let { witness } = proof;
  if (typeof witness === 'string') {
    try {
      witness = JSON.parse(witness);
    } catch {
      throw new Refusal(INVALID, 'malformed witness');
    }
  }
  const read = (witness ?? {}) as { signatures?: unknown; preimage?: unknown };
  const signatures = Array.isArray(read.signatures) ? (read.signatures as string[]) : [];
  return typeof read.preimage === 'string'
    ? { signatures, preimage: read.preimage }
    : { signatures };
}

function signers(keys: readonly string[], signatures: readonly string[], message: string): number {
  return keys.filter((key) => signatures.some((one) => isSignedBy(one, message, key))).length;
}

function preimageFits(preimage: string | undefined, hash: string): boolean {
  return (
    preimage !== undefined &&
    isHex(preimage) &&
    preimage.length === 64 &&
    bytesToHex(digest(hexToBytes(preimage))) === hash
  );
}

/** Throws a {@link Refusal} unless the proof's condition is met at `nowS`. */
function checkCondition(
  condition: Condition,
  proof: WireProof,
  { message, nowS }: { readonly message: string; readonly nowS: number },
): void {
  const { signatures, preimage } = witnessOf(proof);
  const extra = condition.tags.get('pubkeys') ?? [];
  const keys = condition.kind === 'P2PK' ? [condition.data, ...extra] : extra;
  const refund = condition.tags.get('refund') ?? [];
  const needed = keys.length === 0 ? 0 : threshold(condition, 'n_sigs', keys);
  const hashed = condition.kind === 'P2PK' || preimageFits(preimage, condition.data);
  if (hashed && signers(keys, signatures, message) >= needed) {
    return;
  }
  const locktime = Number(condition.tags.get('locktime')?.[0] ?? Number.NaN);
  if (!Number.isNaN(locktime) && nowS > locktime) {
    const least = threshold(condition, 'n_sigs_refund', refund);
    if (refund.length === 0 || signers(refund, signatures, message) >= least) {
      return;
    }
  }
  throw new Refusal(INVALID, 'the spending condition is not met');
}

/**
 * Checks the conditions of all inputs of one transaction (NUT-10, NUT-11, NUT-14); `outputs` are their
 * amounts and points, with the quote of a melt at the end. Throws a {@link Refusal}.
 */
export function checkConditions(
  inputs: readonly WireProof[],
  outputs: readonly string[],
  nowS: number,
): void {
  const conditions = inputs.map(({ secret }) => conditionOf(secret));
  const flags = conditions.map((condition) => condition?.tags.get('sigflag')?.[0] ?? 'SIG_INPUTS');
  if (flags.some((flag) => flag !== 'SIG_INPUTS' && flag !== 'SIG_ALL')) {
    throw new Refusal(INVALID, 'an unknown sigflag');
  }
  if (flags.includes('SIG_ALL')) {
    checkAll(inputs, conditions, outputs, nowS);
    return;
  }
  for (const [index, condition] of conditions.entries()) {
    const proof = inputs[index];
    if (condition !== undefined && proof !== undefined) {
      checkCondition(condition, proof, { message: proof.secret, nowS });
    }
  }
}

function checkAll(
  inputs: readonly WireProof[],
  conditions: readonly (Condition | undefined)[],
  outputs: readonly string[],
  nowS: number,
): void {
  const [condition] = conditions;
  const [first] = inputs;
  const same = (one: Condition | undefined): string =>
    JSON.stringify([one?.kind, one?.data, [...(one?.tags ?? [])]]);
  if (
    condition === undefined ||
    first === undefined ||
    conditions.some((one) => same(one) !== same(condition))
  ) {
    throw new Refusal(INVALID, 'SIG_ALL needs the same condition on all inputs');
  }
  const message = [...inputs.flatMap(({ secret, C }) => [secret, C]), ...outputs].join('');
  checkCondition(condition, first, { message, nowS });
}
