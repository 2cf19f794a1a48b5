import { checkrune, type RpcClient, RpcError, showrunes } from '@cl-hive/cln-rpc';
import {
  type AdvisorBook,
  type AdvisorKey,
  type Authentication,
  authenticateSigned,
  type Inbound,
  type Received,
} from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';

/** The method that a rune must allow. */
export const RUNE_METHOD = 'hive-comms-rpc';

/** What an {@link Authenticator} works with. */
export interface AuthenticatorParts {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly book: () => Promise<AdvisorBook>;
  /** The secret of an HMAC key. */
  readonly tokenOf: (key: AdvisorKey) => Uint8Array | undefined;
}

type Proof =
  | { readonly ok: true; readonly key: AdvisorKey }
  | { readonly ok: false; readonly message: string };

const TRANSPORT_SCHEMES = ['schnorr', 'lightning', 'did'] as const;

/**
 * Says whose key is behind a request. In this order, and never two: the request's own signature, the
 * rune that came with it, the key that the transport verified. Being able to reach the node's RPC
 * proves nobody.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts;

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  async authenticate(input: {
    readonly inbound: Inbound;
    readonly received: Received;
  }): Promise<Authentication> {
    const advisors = await this.#parts.book();
    const proof = await this.#prove(input.inbound, input.received, advisors);
    return proof.ok ? { ...proof, advisors } : proof;
  }

  async #prove(inbound: Inbound, received: Received, advisors: AdvisorBook): Promise<Proof> {
    const { envelope } = received;
    const { rune } = inbound.evidence;
    if (envelope.signature !== undefined) {
      if (rune !== undefined) {
        return { ok: false, message: 'the request has a signature and a rune: one proof counts' };
      }
      const key = authenticateSigned(envelope, advisors, this.#parts.tokenOf);
      return key === undefined
        ? { ok: false, message: 'the signature is not one of the advisor that is named' }
        : { ok: true, key };
    }
    if (typeof rune === 'string') {
      return this.#proveByRune(rune, received);
    }
    const { scheme: claimed, key } = inbound.evidence;
    const scheme = TRANSPORT_SCHEMES.find((one) => one === claimed);
    return scheme !== undefined && typeof key === 'string'
      ? { ok: true, key: { scheme, key } }
      : { ok: false, message: 'the request carries no signature and no rune' };
  }

  /**
   * Has lightningd check a rune, once: each check uses up a rune's rate. The rune is asked for
   * {@link RUNE_METHOD} with the schema, the action and its checked parameters, so that restrictions
   * such as `pnameschema=hive:fee-policy/v1` bind.
   */
  async #proveByRune(rune: string, received: Received): Promise<Proof> {
    const { envelope, command } = received;
    const given: JsonObject = command.ok ? command.value.params : {};
    const { schema, action } = envelope;
    try {
      const params = { ...given, schema, action };
      await this.#parts.rpc.call(checkrune, { rune, method: RUNE_METHOD, params });
      const { runes } = await this.#parts.rpc.call(showrunes, { rune });
      const id = runes[0]?.unique_id;
      return id === undefined || !/^\d{1,20}$/.test(id)
        ? { ok: false, message: 'the rune has no number, so that it names nobody' }
        : { ok: true, key: { scheme: 'rune', key: id } };
    } catch (error) {
      if (error instanceof RpcError) {
        return { ok: false, message: `the rune does not allow it: ${error.rpcMessage}` };
      }
      throw error;
    }
  }
}
