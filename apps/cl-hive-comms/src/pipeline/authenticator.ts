import { checkrune, type RpcClient, RpcError, showrunes } from '@cl-hive/cln-rpc';
import {
  type AdvisorBook,
  type AdvisorKey,
  type Authentication,
  authenticateSigned,
  findAdvisor,
  type Inbound,
  type Received,
} from '@cl-hive/comms';
import { boolean, type JsonObject, object, optional, text } from '@cl-hive/core';
import { requestSigningText } from '@cl-hive/protocol';

/** What cl-hive-archon says about a request in the name of a DID. */
const decodeVerdict = object({
  ok: boolean,
  code: optional(text(64)),
  message: optional(text(400)),
  remedy: optional(text(400)),
});
type Verdict = ReturnType<typeof decodeVerdict>;

/** The method that a rune must allow. */
export const RUNE_METHOD = 'hive-comms-rpc';

/** What an {@link Authenticator} works with. */
export interface AuthenticatorParts {
  readonly rpc: Pick<RpcClient, 'call' | 'raw'>;
  readonly book: () => Promise<AdvisorBook>;
  /** The secret of an HMAC key. */
  readonly tokenOf: (key: AdvisorKey) => Uint8Array | undefined;
}

type Proof =
  | { readonly ok: true; readonly key: AdvisorKey }
  | Exclude<Authentication, { readonly ok: true }>;

// Not `did`: a DID counts only with what cl-hive-archon says about the very request.
const TRANSPORT_SCHEMES = ['schnorr', 'lightning'] as const;

/** Time for cl-hive-archon to find out about a DID, ms: it may have to ask others. */
const DID_TIMEOUT_MS = 45_000;

/**
 * Says whose key is behind a request. In this order, and never two: the request's own signature (that of
 * a DID as cl-hive-archon finds it), the rune that came with it, the key that the transport verified. Being able to reach the node's RPC
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
      if (envelope.signature.startsWith('did:')) {
        return this.#proveByDid(received, advisors, envelope.signature);
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
   * Asks cl-hive-archon whether the advisor's DID signed, and holds a credential that covers the action.
   * Without an answer it is refused, never waved through.
   */
  async #proveByDid(
    { envelope, command, danger }: Received,
    advisors: AdvisorBook,
    signature: string,
  ): Promise<Proof> {
    const advisor = findAdvisor(advisors, envelope.principal);
    const key = advisor?.keys.find(({ scheme }) => scheme === 'did');
    if (key === undefined) {
      return { ok: false, message: 'no advisor of that name is proven by a DID' };
    }
    const { schema, action } = envelope;
    const asked = {
      did: key.key,
      text: requestSigningText(envelope),
      signature,
      schema,
      action,
      // What is no command does nothing; its sender is told what is wrong with it.
      tier: command.ok ? command.value.tier : 'monitor',
      danger: command.ok ? danger : 1,
    };
    let verdict: Verdict;
    try {
      const options = { timeoutMs: DID_TIMEOUT_MS };
      verdict = decodeVerdict(await this.#parts.rpc.raw('hive-archon-authorize', asked, options));
    } catch {
      const message = 'cl-hive-archon does not answer, so that the DID cannot be checked';
      const remedy = 'ask again once it runs: hive-archon-status';
      return { ok: false, message, refusal: { code: 'did_unavailable', message, remedy } };
    }
    if (verdict.ok) {
      return { ok: true, key };
    }
    const message = `${verdict.message ?? 'it is refused'} (${verdict.code ?? 'unknown'})`;
    const remedy = verdict.remedy ?? 'look at hive-archon-credentials';
    return { ok: false, message, refusal: { code: 'did_refused', message, remedy } };
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
