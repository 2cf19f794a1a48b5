import { nobleCurve } from '@cl-hive/protocol';
import {
  type Chain,
  createAgent,
  createAsset,
  type Did,
  extendChain,
  localEvent,
  type Operation,
  type SigningKey,
  verifyChain,
} from '../src/index.ts';

/** 32 bytes of one value. */
export const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

export const publicKeyOf = (byte: number): Uint8Array => nobleCurve.publicKey(secretOf(byte));

/** Begin of all times in tests, Unix ms. */
export const START_MS = 1_767_225_600_000;

/** ISO time, seconds after {@link START_MS}. */
export const at = (seconds: number): string => new Date(START_MS + seconds * 1000).toISOString();

/** An agent made from a secret. */
export interface MadeAgent {
  readonly did: Did;
  readonly chain: Chain;
  readonly key: SigningKey;
}

export function agent(byte: number): MadeAgent {
  const operation = createAgent(secretOf(byte), publicKeyOf(byte), at(0));
  const did: Did = `did:cid:${operation.id}`;
  const chain = verified(did, [operation], () => undefined);
  return { did, chain, key: { secret: secretOf(byte), verificationMethod: `${did}#key-1` } };
}

/** A chain that has to verify. */
export function verified(
  did: Did,
  operations: readonly Operation[],
  controllers: (did: Did) => Chain | undefined,
): Chain {
  const result = verifyChain(did, operations.map(localEvent), controllers);
  if (!result.ok) {
    throw new Error(result.error.message);
  }
  return result.value;
}

/** `chain` with one more operation, which has to verify. */
export function extended(
  chain: Chain,
  operation: Operation,
  controllers: (did: Did) => Chain | undefined = () => undefined,
): Chain {
  const result = extendChain(chain, localEvent(operation), controllers);
  if (!result.ok) {
    throw new Error(result.error.message);
  }
  return result.value;
}

/** An asset of an agent. */
export function asset({ did, chain, key }: MadeAgent, data: object, seconds: number): Chain {
  const operation = createAsset(did, { ...data }, key, at(seconds));
  return verified(`did:cid:${operation.id}`, [operation], () => chain);
}
