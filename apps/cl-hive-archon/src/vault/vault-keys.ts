import { publicKeyOf, readRecipient, recipientText } from '@cl-hive/archon';
import { seal, unseal } from '@cl-hive/runtime/services';

/** 32 bytes of this node's own secret for a purpose. */
export type SecretFor = (purpose: string) => Promise<Uint8Array>;

const PURPOSE = 'vault-key/v1';
const SEAL_PURPOSE = 'vault-seal/v1';
const SHARE = 'vault-share';

/** The keys that archives and shares are encrypted to. */
export class VaultKeys {
  readonly #secret: SecretFor;
  readonly #recovery: () => readonly string[];

  /** `recovery` gives the operator's recovery keys (`age1…`), as the option has them now. */
  constructor(secret: SecretFor, recovery: () => readonly string[]) {
    this.#secret = secret;
    this.#recovery = recovery;
  }

  /** The node's own secret key, the same whenever lightningd's is the same. */
  identity(): Promise<Uint8Array> {
    return this.#secret(PURPOSE);
  }

  /** The node's own public key, as age writes it. */
  async recipient(): Promise<string> {
    return recipientText(publicKeyOf(await this.identity()));
  }

  /** Whom an archive is encrypted to: this node, the shared key, the operator's. Throws `vault_key_invalid`. */
  async recipients(shared: Uint8Array | undefined): Promise<readonly Uint8Array[]> {
    const own = publicKeyOf(await this.identity());
    const more = shared === undefined ? [] : [shared];
    return [own, ...more, ...this.#recovery().map(readRecipient)];
  }

  /** Encrypts what is kept in the database to this node alone. */
  async seal(content: Uint8Array): Promise<Uint8Array> {
    return seal(content, await this.#secret(SEAL_PURPOSE), SHARE);
  }

  /** Opens what {@link seal} made. Throws `seal_broken`. */
  async open(sealed: Uint8Array): Promise<Uint8Array> {
    return unseal(sealed, await this.#secret(SEAL_PURPOSE), SHARE);
  }
}
