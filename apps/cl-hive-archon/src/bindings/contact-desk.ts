import {
  type Contact,
  contactAnswer,
  contactText,
  type Did,
  type DidEvent,
  didDecoder,
  eventJson,
  readChallenge,
  readEvent,
  verifyContact,
} from '@cl-hive/archon';
import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import {
  array,
  bytesToHex,
  type Clock,
  CodedError,
  describeError,
  hex,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type NodeId,
  object,
  type Random,
  stringifyJson,
} from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { DidStore } from '../dids/did-store.ts';
import type { Directory } from '../dids/directory.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import {
  CHALLENGE_MS,
  CHALLENGES_MAX,
  CONTACT_ANSWERS_PER_MINUTE,
  CONTACTS_MAX,
} from '../limits.ts';
import type { ArchonDatabase } from '../store/database.ts';
import type { BindingDesk } from './binding-desk.ts';

/** Topic of these messages among those of cl-hive-comms. */
export const CONTACT_TOPIC = 'archon:contact';

/** Why a peer was not verified. */
export type ContactErrorCode =
  | 'contact_busy'
  | 'contact_unsent'
  | 'contact_silent'
  | 'contact_refused';

/** Who sent a message, as cl-hive-comms verified it. */
export interface ContactSender {
  readonly scheme: string;
  readonly key: string;
}

/** What a {@link ContactDesk} works with. */
export interface ContactParts {
  readonly rpc: RpcClient;
  readonly store: Store<ArchonDatabase>;
  readonly dids: DidStore;
  readonly directory: Directory;
  readonly self: IdentityKeeper;
  readonly bindings: BindingDesk;
  /** Takes a credential that a peer shows; throws where it is of no use here. */
  readonly shown: (credential: JsonValue) => Promise<void>;
  readonly node: NodeId;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'after'>;
  readonly random: Random;
  readonly debug: (message: string) => void;
}

interface Waiting {
  readonly take: (payload: JsonObject, sender: ContactSender) => Promise<boolean>;
}

const chainRequest = object({ request: hex(32), did: didDecoder });
const chainAnswer = object({ did: didDecoder, events: array(readEvent, 500) });

/** Challenges peers over cl-hive-comms, answers theirs, and asks them about their own DIDs. */
export class ContactDesk {
  readonly #parts: ContactParts;
  readonly #waiting = new Map<string, Waiting>();
  #answered: readonly number[] = [];

  constructor(parts: ContactParts) {
    this.#parts = parts;
  }

  /** Challenges a peer; what it proves is stored. Throws CodedError with a {@link ContactErrorCode}. */
  async verify(target: JsonObject): Promise<Contact> {
    const challenge = bytesToHex(this.#parts.random.bytes(32));
    const asked = { challenge, asker: this.#parts.self.current.did };
    const contact = await this.#ask(
      challenge,
      target,
      { kind: 'challenge', ...asked },
      async (payload, sender) => {
        if (payload['kind'] !== 'answer' || !answersFor(target, sender)) {
          return undefined;
        }
        const result = verifyContact(payload['answer'], asked, this.#parts.clock.now());
        if (!result.ok) {
          const { code, message } = result.error;
          const data = { reason: code };
          throw new CodedError<ContactErrorCode>('contact_refused', message, { data });
        }
        const { node, did, nostr } = result.value;
        const meant =
          (target['node'] ?? node) === node &&
          (target['did'] ?? did) === did &&
          (target['nostr'] ?? nostr) === nostr;
        if (!meant) {
          throw new CodedError<ContactErrorCode>('contact_refused', 'somebody else answered');
        }
        return result.value;
      },
    );
    await this.#keep(contact);
    return contact;
  }

  /** Asks the node of a known contact for the operations of a DID of its own; undefined when it is silent. */
  async chainOf(did: Did, owner: Did): Promise<readonly DidEvent[] | undefined> {
    const row = await this.#parts.store.reader
      .selectFrom('archon_contacts')
      .select('node')
      .where('did', '=', owner)
      .executeTakeFirst();
    if (row === undefined) {
      return undefined;
    }
    const request = bytesToHex(this.#parts.random.bytes(32));
    const target = { node: row.node };
    try {
      return await this.#ask(
        request,
        target,
        { kind: 'chain_request', request, did },
        async (payload, sender) => {
          const answer = payload['kind'] === 'chain' ? chainAnswer(payload) : undefined;
          // Only the node itself knows its newest operation; an older chain from another hides a revocation.
          const itself = sender.scheme === 'lightning' && sender.key === row.node;
          return itself && answer?.did === did ? answer.events : undefined;
        },
      );
    } catch (error) {
      this.#parts.debug(`${row.node} was asked for ${did}: ${describeError(error)}`);
      return undefined;
    }
  }

  /** Shows a credential to a peer, which keeps it if it believes the issuer. Throws `contact_unsent`. */
  async present(credential: JsonObject, target: JsonObject): Promise<void> {
    await this.#send(target, { kind: 'credential', credential });
  }

  /** Takes a message of a peer. Never throws: what is wrong with it is logged. */
  async receive(payload: JsonValue, sender: ContactSender | undefined): Promise<void> {
    if (!isJsonObject(payload) || sender === undefined) {
      return;
    }
    try {
      const { kind } = payload;
      if (kind === 'challenge') {
        await this.#answerChallenge(payload, sender);
      } else if (kind === 'chain_request') {
        await this.#answerChain(payload, sender);
      } else if (kind === 'credential') {
        if (this.#mayAnswer()) {
          await this.#parts.shown(payload['credential'] ?? null);
        }
      } else if (kind === 'answer') {
        await this.#hand(challengeOf(payload['answer']), payload, sender);
      } else if (kind === 'chain') {
        await this.#hand(payload['request'], payload, sender);
      }
    } catch (error) {
      this.#parts.debug(`a message about identity is not answered: ${describeError(error)}`);
    }
  }

  async #hand(id: unknown, payload: JsonObject, sender: ContactSender): Promise<void> {
    await (typeof id === 'string' ? this.#waiting.get(id)?.take(payload, sender) : undefined);
  }

  async #answerChallenge(payload: JsonObject, sender: ContactSender): Promise<void> {
    const challenge = readChallenge(payload);
    if (!this.#mayAnswer()) {
      return;
    }
    const { rpc, self, node, bindings, clock } = this.#parts;
    const { did } = self.current;
    const created = new Date(clock.now()).toISOString();
    const message = contactText(challenge, did, node, created);
    const { zbase } = await rpc.call(signmessage, { message });
    const attestation = await bindings.attestation();
    const me = { did, node, attestation };
    const answer = contactAnswer(challenge, me, zbase, self.signingKey, created);
    await this.#send(targetOf(sender), { kind: 'answer', answer });
  }

  /** Answers with this node's own DIDs alone: about others it is no authority. */
  async #answerChain(payload: JsonObject, sender: ContactSender): Promise<void> {
    const { request, did } = chainRequest(payload);
    const { dids } = this.#parts;
    const chain = (await dids.isOwn(did)) ? await dids.chain(did) : undefined;
    if (chain !== undefined && this.#mayAnswer()) {
      const events = chain.events.map(eventJson);
      await this.#send(targetOf(sender), { kind: 'chain', request, did, events });
    }
  }

  #mayAnswer(): boolean {
    const now = this.#parts.clock.monotonic();
    const recent = this.#answered.filter((at) => now - at < 60_000);
    const allowed = recent.length < CONTACT_ANSWERS_PER_MINUTE;
    this.#answered = allowed ? [...recent, now] : recent;
    return allowed;
  }

  /** Sends a question and waits for what `read` makes of its answer. */
  async #ask<T>(
    id: string,
    target: JsonObject,
    question: JsonObject,
    read: (payload: JsonObject, sender: ContactSender) => Promise<T | undefined>,
  ): Promise<T> {
    if (this.#waiting.size >= CHALLENGES_MAX) {
      throw new CodedError<ContactErrorCode>('contact_busy', 'too many peers are being asked', {
        remedy: 'ask again in a minute',
      });
    }
    let cancel = (): void => {};
    try {
      const answer = new Promise<T>((resolve, reject) => {
        this.#waiting.set(id, {
          take: async (payload, sender) => {
            try {
              const value = await read(payload, sender);
              if (value !== undefined) {
                resolve(value);
              }
              return value !== undefined;
            } catch (error) {
              reject(error instanceof Error ? error : new Error(describeError(error)));
              return true;
            }
          },
        });
        cancel = this.#parts.clock.after(CHALLENGE_MS, () =>
          reject(
            new CodedError<ContactErrorCode>(
              'contact_silent',
              `no answer within ${CHALLENGE_MS / 1000} seconds`,
              { remedy: 'look whether it runs cl-hive-archon and can be reached' },
            ),
          ),
        );
      });
      // Sending may fail while nobody waits for the answer yet.
      answer.catch(() => undefined);
      await this.#send(target, question);
      return await answer;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  async #send(target: JsonObject, payload: JsonObject): Promise<void> {
    const message = { topic: CONTACT_TOPIC, payload, ...target };
    const answer = await this.#parts.rpc.raw('hive-comms-send', message, { timeoutMs: 20_000 });
    if (isJsonObject(answer) && answer['outcome'] === 'failed') {
      throw new CodedError<ContactErrorCode>(
        'contact_unsent',
        `the peer is not reached: ${stringifyJson(answer['why'] ?? null)}`,
        { remedy: 'connect to it, or name it by another key' },
      );
    }
  }

  async #keep({ did, node, nostr, attestation }: Contact): Promise<void> {
    const { store, directory, clock } = this.#parts;
    const learned = await directory.learn(did, attestation.chain.events, 'peer');
    if (learned.kind !== 'learned') {
      // An older state of the DID may be shown by whoever has a key that was rotated away.
      const older = 'it shows an older state of its DID than is known';
      const full = 'the node keeps no more operations of others';
      const { kind } = learned;
      throw new CodedError<ContactErrorCode>(
        'contact_refused',
        kind === 'refused' ? learned.reason : kind === 'behind' ? older : full,
      );
    }
    await store.transact(async (tx) => {
      await tx.deleteFrom('archon_contacts').where('did', '=', did).execute();
      const oldest = await tx
        .selectFrom('archon_contacts')
        .select('did')
        .orderBy('verified_ms', 'desc')
        .offset(CONTACTS_MAX - 1)
        .limit(1)
        .execute();
      for (const row of oldest) {
        await tx.deleteFrom('archon_contacts').where('did', '=', row.did).execute();
      }
      const row = { did, node, nostr: nostr ?? null, verified_ms: clock.now() };
      await tx.insertInto('archon_contacts').values(row).execute();
    });
  }
}

function challengeOf(answer: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(answer) ? answer['challenge'] : undefined;
}

/** Whether the sender can be the one who was asked; a DID is told by its answer alone. */
function answersFor(target: JsonObject, sender: ContactSender): boolean {
  const { node, nostr } = target;
  return (
    (node === undefined || sender.scheme !== 'lightning' || sender.key === node) &&
    (nostr === undefined || sender.scheme !== 'schnorr' || sender.key === nostr)
  );
}

function targetOf({ scheme, key }: ContactSender): JsonObject {
  return scheme === 'lightning' ? { node: key } : scheme === 'did' ? { did: key } : { nostr: key };
}
