import {
  attestationJson,
  type BindingClaim,
  type BoundKind,
  bindingText,
  type KeyProof,
  keyProofHolds,
  makeBinding,
  verifyBinding,
} from '@cl-hive/archon';
import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import {
  CodedError,
  describeError,
  hex,
  isJsonObject,
  type JsonObject,
  type NodeId,
  object,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { ArchonDatabase } from '../store/database.ts';

/** Why a key is not bound. */
export type BindingErrorCode = 'binding_unproven' | 'binding_time';

/** How long a text to be signed elsewhere stands, ms: a person may need a while. */
const SIGNING_MS = 3_600_000;

/** cl-hive-comms signs within this time, ms. */
const COMMS_TIMEOUT_MS = 10_000;

/** What a {@link BindingDesk} works with. */
export interface BindingParts {
  readonly rpc: RpcClient;
  readonly store: Store<ArchonDatabase>;
  readonly self: IdentityKeeper;
  readonly node: NodeId;
  readonly clock: { now(): number };
  readonly warn: (message: string) => void;
}

const decodeAttest = object({ public_key: hex(32), signature: hex(64) });

/** The bindings of the node's DID to its node key and its Nostr keys. */
export class BindingDesk {
  readonly #parts: BindingParts;

  constructor(parts: BindingParts) {
    this.#parts = parts;
  }

  /** Binds the node's own keys to its DID where that is missing. `comms`: whether Nostr can be asked for. */
  async ensure(comms: boolean): Promise<void> {
    const bound = await this.bindings();
    if (!bound.some(({ claim }) => claim.kind === 'node' && claim.key === this.#parts.node)) {
      await this.bindNode();
    }
    if (comms) {
      try {
        await this.bindNostr();
      } catch (error) {
        this.#parts.warn(`the Nostr key is not bound to the DID: ${describeError(error)}`);
      }
    }
  }

  /** Binds the node's own key. */
  async bindNode(): Promise<BindingClaim> {
    const claim = this.#claim('node', this.#parts.node);
    const message = bindingText(claim);
    const { zbase } = await this.#parts.rpc.call(signmessage, { message });
    return this.#store(claim, { signature: zbase });
  }

  /** Binds the Nostr key of cl-hive-comms, unless it is bound already. */
  async bindNostr(): Promise<BindingClaim> {
    const { rpc, self } = this.#parts;
    const options = { timeoutMs: COMMS_TIMEOUT_MS };
    const { did } = self.current;
    const created = this.#now();
    const answer = await rpc.raw('hive-comms-attest', { did, created }, options);
    const { public_key: key, signature } = decodeAttest(answer);
    const known = (await this.bindings()).find(
      ({ claim }) => claim.kind === 'nostr' && claim.key === key,
    );
    return known?.claim ?? this.#store({ did, kind: 'nostr', key, created }, { signature });
  }

  /** The text that another key has to sign to be bound, with the time that it states. */
  request(kind: BoundKind, key: string): { readonly text: string; readonly created: string } {
    const claim = this.#claim(kind, key);
    return { text: bindingText(claim), created: claim.created };
  }

  /** Binds another key that signed the text of {@link request}. Throws `binding_unproven`, `binding_time`. */
  async bindProven(
    kind: BoundKind,
    key: string,
    created: string,
    proof: KeyProof,
  ): Promise<BindingClaim> {
    const { self, clock } = this.#parts;
    const age = clock.now() - Date.parse(created);
    if (!(age >= -60_000 && age <= SIGNING_MS)) {
      throw new CodedError<BindingErrorCode>('binding_time', 'the text was made too long ago', {
        remedy: 'ask for a new text and sign it within the hour',
      });
    }
    return this.#store({ did: self.current.did, kind, key, created }, proof);
  }

  /** The bindings of the DID in use that hold. */
  async bindings(): Promise<
    readonly { readonly claim: BindingClaim; readonly binding: JsonObject }[]
  > {
    const { store, self } = this.#parts;
    const { did, chain } = self.current;
    const rows = await store.reader
      .selectFrom('archon_bindings')
      .selectAll()
      .where('did', '=', did)
      .orderBy('created_ms')
      .orderBy('key')
      .execute();
    return rows.flatMap(({ binding }) => {
      const json = parseJson(binding);
      const verified = verifyBinding(json, chain);
      return verified.ok && isJsonObject(json) ? [{ claim: verified.value, binding: json }] : [];
    });
  }

  /** All that a third party needs to check offline who this node is. */
  async attestation(): Promise<JsonObject> {
    const bound = await this.bindings();
    return attestationJson(
      this.#parts.self.current.chain,
      bound.map(({ binding }) => binding),
    );
  }

  async view(): Promise<readonly JsonObject[]> {
    return (await this.bindings()).map(({ claim: { kind, key, created } }) => ({
      kind,
      key,
      created,
    }));
  }

  async #store(claim: BindingClaim, proof: KeyProof): Promise<BindingClaim> {
    if (!keyProofHolds(claim, proof)) {
      throw new CodedError<BindingErrorCode>(
        'binding_unproven',
        `the ${claim.kind} key did not sign the text`,
        { remedy: 'have the key itself sign exactly the text that was answered' },
      );
    }
    const { store, self, clock } = this.#parts;
    const binding = makeBinding(claim, proof, self.signingKey);
    const { did, kind, key } = claim;
    await store.transact(async (tx) => {
      await tx
        .deleteFrom('archon_bindings')
        .where('did', '=', did)
        .where('kind', '=', kind)
        .where('key', '=', key)
        .execute();
      await tx
        .insertInto('archon_bindings')
        .values({ did, kind, key, binding: stringifyJson(binding), created_ms: clock.now() })
        .execute();
    });
    return claim;
  }

  #claim(kind: BoundKind, key: string): BindingClaim {
    return { did: this.#parts.self.current.did, kind, key, created: this.#now() };
  }

  #now(): string {
    return this.#parts.self.nextTime();
  }
}
