import { describeError, type JsonValue, type NodeId } from '@cl-hive/core';
import {
  encodeHiveMessage,
  encodePayload,
  type HiveMessageName,
  type HivePayload,
  isSignedMessageName,
  type SignedMessageName,
  signingString,
  type WireObject,
} from '@cl-hive/protocol';
import type { SignerPort, WirePort } from '../ports/ports.ts';
import { Lanes } from './lanes.ts';

/** Stands in for a signature while the text to sign is made. */
const UNSIGNED = 'y'.repeat(104);

/** A payload without the signature that {@link Post.signed} adds. */
export type Unsigned<Name extends HiveMessageName> = Omit<HivePayload<Name>, 'signature' | 'sig'>;

/** What the post works with. */
export interface PostParts {
  readonly wire: WirePort;
  readonly signer: SignerPort;
  readonly log: (level: 'debug' | 'unusual', message: string) => void;
}

/** What leaves this node: signing, and a lane for each peer. */
export class Post {
  readonly #parts: PostParts;
  readonly #lanes = new Lanes();
  readonly #counts = { sent: 0, not_sent: 0, not_signed: 0 };

  constructor(parts: PostParts) {
    this.#parts = parts;
  }

  /**
   * A message's payload with this node's signature. Rejects with DecodeError where a field is out of
   * its bounds, and when nobody can sign right now.
   */
  async signed<Name extends HiveMessageName>(
    name: Name,
    fields: Unsigned<Name>,
  ): Promise<WireObject> {
    if (!isSignedMessageName(name)) {
      return encodePayload(name, fields as HivePayload<Name>);
    }
    const key = name === 'VOUCH' ? 'sig' : 'signature';
    const payload = { ...fields, [key]: UNSIGNED } as unknown as HivePayload<Name>;
    const raw = encodePayload(name, payload);
    return { ...raw, [key]: await this.#parts.signer.sign(signingString(name, raw)) };
  }

  /** The same for members as they stand on the wire, such as entries that others made. */
  async signedRaw(name: SignedMessageName, members: WireObject): Promise<WireObject> {
    const raw = { ...members, signature: UNSIGNED };
    return { ...raw, signature: await this.#parts.signer.sign(signingString(name, raw)) };
  }

  /** Lines a message up for a peer; whether it arrives, nobody says. */
  send(to: NodeId, name: HiveMessageName, raw: WireObject): void {
    let bytes: Uint8Array;
    try {
      bytes = encodeHiveMessage(name, raw);
    } catch (error) {
      this.#parts.log('unusual', `a ${name} was not sent: ${describeError(error)}`);
      return;
    }
    this.#push(to, () => this.#parts.wire.send(to, bytes));
  }

  /** Signs when its turn comes, then sends: for what need not outlive a crash. */
  sendSigned<Name extends HiveMessageName>(to: NodeId, name: Name, fields: Unsigned<Name>): void {
    this.#push(to, async () => {
      const raw = await this.#sign(name, fields);
      return raw !== undefined && this.#parts.wire.send(to, encodeHiveMessage(name, raw));
    });
  }

  /** Makes a payload when its turn comes, then sends it. */
  sendMade(to: NodeId, name: HiveMessageName, make: () => Promise<WireObject>): void {
    this.#push(to, async () => this.#parts.wire.send(to, encodeHiveMessage(name, await make())));
  }

  /** Lines a message up that only nodes of this software understand. */
  sendNative(to: NodeId, topic: string, payload: JsonValue): void {
    this.#push(to, () => this.#parts.wire.sendNative(to, topic, payload));
  }

  /** Whether something waits to be sent, or is being handed over. */
  get busy(): boolean {
    return this.#lanes.busy;
  }

  /** Drops what waits. */
  clear(): void {
    this.#lanes.clear();
  }

  /** Counts, for people. */
  get counts() {
    return { ...this.#counts, dropped: this.#lanes.dropped };
  }

  async #sign<Name extends HiveMessageName>(
    name: Name,
    fields: Unsigned<Name>,
  ): Promise<WireObject | undefined> {
    try {
      return await this.signed(name, fields);
    } catch (error) {
      this.#counts.not_signed += 1;
      this.#parts.log('unusual', `a ${name} was not signed: ${describeError(error)}`);
      return undefined;
    }
  }

  #push(to: NodeId, send: () => Promise<boolean>): void {
    this.#lanes.push(to, async () => {
      try {
        this.#counts[(await send()) ? 'sent' : 'not_sent'] += 1;
      } catch (error) {
        this.#counts.not_sent += 1;
        this.#parts.log('debug', `a message was not sent: ${describeError(error)}`);
      }
    });
  }
}
