import {
  assertTagged,
  type BoundKind,
  chooseVersion,
  type Did,
  didSignature,
  type KeyProof,
  nostrEventDecoder,
  REVOCATION_CACHE_MS,
  resolutionOf,
  signText,
  type VersionChoice,
} from '@cl-hive/archon';
import { CodedError, type JsonObject, type JsonValue, type NodeId } from '@cl-hive/core';
import type { BindingDesk } from '../bindings/binding-desk.ts';
import type { Directory } from '../dids/directory.ts';
import { type ForeignIdentity, readIdentityFile } from '../identity/identity-file.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';

/** What {@link IdentityCommands} work with. */
export interface IdentityCommandParts {
  readonly self: IdentityKeeper;
  readonly directory: Directory;
  readonly bindings: BindingDesk;
  readonly node: NodeId;
  readonly take: (foreign: ForeignIdentity) => Promise<JsonObject>;
}

/** What a key gives to prove itself. */
export interface ProofParams {
  readonly created?: string | undefined;
  readonly signature?: string | undefined;
  readonly event?: JsonValue | undefined;
}

/** What the commands about identities do and answer. */
export class IdentityCommands {
  readonly #parts: IdentityCommandParts;

  constructor(parts: IdentityCommandParts) {
    this.#parts = parts;
  }

  /** The verified document of a DID. Throws `did_unknown`. */
  async resolve(did: Did, choice: VersionChoice): Promise<JsonObject> {
    const found = await this.#parts.directory.resolve(did, REVOCATION_CACHE_MS);
    if (found === undefined) {
      throw new CodedError('did_unknown', `${did} is not known`, {
        remedy: 'meet its node (hive-archon-verify-contact) or name a Gatekeeper',
      });
    }
    const { chain, source, ageMs } = found;
    return {
      ...resolutionOf(chain, chooseVersion(chain, choice)),
      source,
      age_seconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    };
  }

  /** Signs a sibling's text. Throws `text_untagged`, `text_form`. */
  signMessage(message: string): JsonObject {
    assertTagged(message);
    const { did, keyNumber, key } = this.#parts.self.current;
    const keyId = `#key-${keyNumber}`;
    const signature = signText(message, key.secret);
    return { did, key: keyId, signature, request_signature: didSignature(keyId, signature) };
  }

  /** Takes over a DID from a file. */
  async importFrom(file: string): Promise<JsonObject> {
    return this.#parts.take(await readIdentityFile(file));
  }

  /** Binds the node's own key of a kind, or, in two steps, another one that proves itself. */
  async bind(kind: BoundKind, key: string | undefined, proof: ProofParams): Promise<JsonObject> {
    const { bindings, node } = this.#parts;
    if (key === undefined || key === node) {
      const claim = kind === 'node' ? await bindings.bindNode() : await bindings.bindNostr();
      return { bound: true, ...claim };
    }
    const half = proofOf(proof);
    if (proof.created === undefined || half === undefined) {
      return { bound: false, kind, key, ...bindings.request(kind, key) };
    }
    return { bound: true, ...(await bindings.bindProven(kind, key, proof.created, half)) };
  }
}

function proofOf({ signature, event }: ProofParams): KeyProof | undefined {
  if (event !== undefined) {
    return { event: nostrEventDecoder(event) };
  }
  return signature === undefined ? undefined : { signature };
}
