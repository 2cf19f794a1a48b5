import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import type { Alert } from '@cl-hive/comms';
import {
  bytesToHex,
  type Clock,
  describeError,
  hexToBytes,
  type JsonObject,
  type NodeId,
  type Random,
} from '@cl-hive/core';
import { localSigner } from '@cl-hive/nostr-transport';
import { nobleCurve, sha256Hex } from '@cl-hive/protocol';
import type { Store } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import { isUnannounced, markAnnounced } from '../store/identity-records.ts';
import type { CommsTransports } from '../transports/comms-transports.ts';
import { sqlNostrStorage } from '../transports/nostr/sql-storage.ts';
import type { RelayDesk } from '../transports/relay-desk.ts';
import { handOverEvent, handOverText } from './hand-over.ts';
import {
  type Identity,
  type IdentityKeeper,
  type IdentityView,
  identityView,
  type Overlap,
} from './identity.ts';
import { readKeyFile } from './key-file.ts';
import { writeSecretFile } from './secret-file.ts';

/** What an {@link IdentityDesk} works with. */
export interface IdentityParts {
  readonly rpc: Pick<RpcClient, 'call'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: NodeId;
  readonly store: Store<CommsDatabase>;
  readonly keeper: IdentityKeeper;
  readonly transports: CommsTransports;
  readonly relays: RelayDesk;
  /** Guard time in ms. */
  readonly guardMs: () => number;
  readonly raise: (alert: Alert) => void;
  readonly warn: (message: string) => void;
  /** Told after each change that left a receipt. */
  readonly wrote: () => void;
  /** Folder of exports. */
  readonly folder: string;
}

/** How the identity is to change. */
export type IdentityChange =
  | { readonly kind: 'import'; readonly key: string }
  | { readonly kind: 'import_file'; readonly file: string }
  | { readonly kind: 'derive' }
  | { readonly kind: 'rotate' };

/** The node's Nostr identity at work: its changes, their announcement, and the transport that uses it. */
export class IdentityDesk {
  readonly #parts: IdentityParts;
  #identity: Identity;
  #formers: readonly Identity[] = [];
  #handedOver = true;
  /** One change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: IdentityParts, identity: Identity) {
    this.#parts = parts;
    this.#identity = identity;
  }

  /** The identity in use and those that are still read, without secrets. */
  view(): IdentityView & JsonObject {
    return {
      ...identityView(this.#identity),
      formers: this.#formers.map((former, index) => {
        const { npub, public_key } = identityView(former);
        const { overlap } = index === 0 ? this.#identity.record : this.#successor(index);
        const until = overlap === undefined ? {} : { read_until: Math.floor(overlap.until / 1000) };
        return { npub, public_key, ...until };
      }),
      ...(this.#handedOver ? {} : { hand_over: 'waits for a relay' }),
    };
  }

  /** Opens the Nostr transport with what is stored. */
  start(): Promise<void> {
    return this.#queue(() => this.#open());
  }

  /** Lets go of keys whose time is over, and tells a hand-over that nobody was told of yet. */
  tick(): Promise<void> {
    return this.#queue(async () => {
      const formers = await this.#parts.keeper.formers(this.#parts.guardMs());
      if (formers.length !== this.#formers.length) {
        await this.#open();
      } else {
        await this.#announce();
      }
    });
  }

  /**
   * Changes the identity; messages to the one before are read for `overlapMs` more. Throws
   * `nostr_key_invalid`, `key_file_*`.
   */
  change(change: IdentityChange, overlapMs: number): Promise<JsonObject> {
    return this.#queue(async () => {
      const { clock, guardMs, raise, node } = this.#parts;
      const overlap: Overlap | undefined =
        overlapMs === 0
          ? undefined
          : {
              guardMs: guardMs() + overlapMs,
              until: (clock.now() + overlapMs) as Overlap['until'],
            };
      const before = this.#identity;
      this.#identity = await this.#changed(change, overlap);
      if (this.#identity.record.version !== before.record.version) {
        this.#parts.wrote();
        await this.#open();
        const [now, old] = [identityView(this.#identity).npub, identityView(before).npub];
        const text = `node ${node} is ${now} on Nostr now; ${old} is replaced`;
        raise({ key: `identity/${this.#identity.record.version}`, level: 'warning', text });
      }
      return this.view();
    });
  }

  /** Writes the secret key into a new file of the export folder. Throws `export_exists`. */
  async exportKey(): Promise<JsonObject> {
    const { key, record } = this.#identity;
    const name = `nostr-key-${record.version}.nsec`;
    const file = await writeSecretFile(this.#parts.folder, name, key);
    this.#parts.raise({
      key: 'identity/export',
      level: 'warning',
      text: `the Nostr secret key of node ${this.#parts.node} was written to ${file}`,
    });
    return { ...this.view(), file };
  }

  /**
   * Signs that this key and a DID belong together: nothing but that, in words of its own making, so that
   * no caller has anything else signed. BIP 340 over the SHA-256 of the text that cl-hive-archon binds with.
   */
  attest(did: string, created: string): JsonObject {
    const { key } = this.#identity;
    const said = `cl-hive/binding/v1:nostr:${key.publicKey}:${did}:${created}`;
    const chance = this.#parts.random.bytes(32);
    const signature = nobleCurve.schnorrSign(hexToBytes(sha256Hex(said)), key.secret, chance);
    return { public_key: key.publicKey, text: said, signature: bytesToHex(signature) };
  }

  /** Adds a relay, or takes one out, and connects anew. Throws CodedError `relay_url`, `relays_*`. */
  changeRelay(change: { readonly add: string } | { readonly remove: string }): Promise<JsonObject> {
    return this.#queue(async () => {
      const changed = await this.#parts.relays.change(change);
      if (changed) {
        this.#parts.wrote();
        await this.#open();
      }
      return this.relays();
    });
  }

  /** The relays and how each fares. */
  relays(): JsonObject {
    return this.#parts.relays.view();
  }

  #changed(change: IdentityChange, overlap: Overlap | undefined): Promise<Identity> {
    const { keeper } = this.#parts;
    switch (change.kind) {
      case 'import':
        return keeper.import(change.key, overlap);
      case 'import_file':
        return readKeyFile(change.file).then((key) => keeper.import(key, overlap));
      case 'derive':
        return keeper.restoreDerived(overlap);
      case 'rotate':
        return keeper.rotate(overlap);
    }
  }

  async #open(): Promise<void> {
    const { keeper, guardMs, relays, store, transports } = this.#parts;
    this.#formers = await keeper.formers(guardMs());
    const list = await relays.load();
    await transports.startNostr({
      relays: list.map(({ url }) => url),
      secret: this.#identity.key.secret,
      formers: this.#formers.map(({ key }) => key.secret),
      storage: sqlNostrStorage(store),
    });
    await this.#announce();
  }

  /** Tells relays which key takes the place of which, once; a failure is tried again. */
  async #announce(): Promise<void> {
    const { store, keeper, rpc, node, clock, random, transports, warn } = this.#parts;
    const { key, record } = this.#identity;
    this.#handedOver = !(await isUnannounced(store.reader, record.version));
    const former = this.#handedOver ? undefined : await keeper.previous();
    if (former === undefined || !transports.nostrOn) {
      this.#handedOver ||= former === undefined;
      return;
    }
    try {
      const at = record.createdAt;
      const handOver = { node, from: former.key.publicKey, to: key.publicKey, at };
      const { zbase } = await rpc.call(signmessage, { message: handOverText(handOver) });
      for (const { secret } of [former.key, key]) {
        const signer = localSigner(secret, random);
        await transports.publishSigned(signer.sign(handOverEvent(handOver, zbase, clock.now())));
      }
      await markAnnounced(store, record.version);
      this.#handedOver = true;
    } catch (error) {
      warn(`the change of the Nostr identity was not announced yet: ${describeError(error)}`);
    }
  }

  /** The identity that took the place of the former of that place in the list. */
  #successor(index: number): Identity['record'] {
    return (this.#formers[index - 1] ?? this.#identity).record;
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work, work);
    this.#turn = run.catch(() => undefined);
    return run;
  }
}
