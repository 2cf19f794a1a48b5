import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import {
  type Clock,
  describeError,
  isJsonObject,
  type JsonValue,
  type NodeId,
} from '@cl-hive/core';
import { verifyEitherForm } from '@cl-hive/protocol';
import type { Sibling } from '@cl-hive/runtime';
import { BREAKER_FAILURES, BREAKER_REST_MS, CALL_MS } from '../limits.ts';
import type { SignerPort } from './ports.ts';

/** What a cl-hive-archon advertises that signs the hive's texts with the node's key. */
const SIGNING_FEATURE = 'hive-signatures';

/**
 * Whether a sibling signs the hive's texts. One that signs as its DID alone is never asked: other members
 * verify the node's key, and bytes that a peer chose, as the nonce of a join, get no signature there.
 */
export function signsForTheHive(archon: Sibling | undefined): boolean {
  return archon?.kind === 'ready' && archon.answer.features.includes(SIGNING_FEATURE);
}

/** What the signer works with. */
export interface SignerParts {
  readonly rpc: Pick<RpcClient, 'raw' | 'call'>;
  readonly clock: Clock;
  readonly self: NodeId;
  /** Whether cl-hive-archon is ready on this node and signs for the hive: {@link signsForTheHive}. */
  readonly archonReady: () => boolean;
  readonly log: (level: 'unusual', message: string) => void;
}

/**
 * Signs through a cl-hive-archon that says it does so, else through lightningd. What archon answers counts
 * only if it is this node's signature; after {@link BREAKER_FAILURES} failures in a row it is left
 * alone for a while.
 */
export class NodeSigner implements SignerPort {
  readonly #parts: SignerParts;
  #failures = 0;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: SignerParts) {
    this.#parts = parts;
  }

  /** Who signs right now. */
  get by(): 'archon' | 'lightningd' {
    const { archonReady, clock } = this.#parts;
    return archonReady() && clock.monotonic() >= this.#restUntil ? 'archon' : 'lightningd';
  }

  async sign(text: string): Promise<string> {
    const signature = this.by === 'archon' ? await this.#askArchon(text) : undefined;
    if (signature !== undefined) {
      return signature;
    }
    const { rpc } = this.#parts;
    return (await rpc.call(signmessage, { message: text }, { timeoutMs: CALL_MS })).zbase;
  }

  async #askArchon(text: string): Promise<string | undefined> {
    const { rpc, self, clock, log } = this.#parts;
    try {
      const params = { message: text };
      const answer = await rpc.raw('hive-archon-sign-message', params, { timeoutMs: CALL_MS });
      const signature = zbaseIn(answer);
      if (signature !== undefined && verifyEitherForm(text, signature, self)) {
        this.#failures = 0;
        return signature;
      }
      throw new TypeError('its answer is no signature of this node');
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= BREAKER_FAILURES) {
        this.#failures = 0;
        this.#restUntil = clock.monotonic() + BREAKER_REST_MS;
        log('unusual', `cl-hive-archon does not sign, lightningd does: ${describeError(error)}`);
      }
      return undefined;
    }
  }
}

function zbaseIn(answer: JsonValue): string | undefined {
  if (!isJsonObject(answer)) {
    return undefined;
  }
  const { zbase, signature } = answer;
  return typeof zbase === 'string' ? zbase : typeof signature === 'string' ? signature : undefined;
}
