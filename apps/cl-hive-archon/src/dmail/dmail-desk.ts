import {
  type Chain,
  type Did,
  DMAILS_REMEMBERED,
  type DmailParty,
  dmailSender,
  isDid,
  newest,
  openDmail,
  sealDmail,
} from '@cl-hive/archon';
import type { RpcClient } from '@cl-hive/cln-rpc';
import { describeError, isNodeId, type JsonObject, type NodeId, nodeId } from '@cl-hive/core';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';
import type { Reader } from '@cl-hive/store';
import type { SendToArchon } from '../node/archon-wire.ts';
import type { ArchonDatabase } from '../store/database.ts';

const CALL_MS = 30_000;
/** How old what is known of a recipient's key may be, ms. */
const KEY_AGE_MS = 3_600_000;

/** What dmail works with. */
export interface DmailDeskParts {
  readonly rpc: Pick<RpcClient, 'raw'>;
  readonly reader: Reader<ArchonDatabase>;
  readonly send: SendToArchon;
  /** This node's DID, its key and its secret. */
  readonly self: () => DmailParty & { readonly secret: Uint8Array };
  /** The verified chain of a DID, asked for again when it is older than `maxAgeMs`. */
  readonly resolve: (did: Did, maxAgeMs: number) => Promise<Chain | undefined>;
}

/** Messages from DID to DID that nobody between can read, as a transport of cl-hive-comms. */
export class DmailDesk {
  readonly #parts: DmailDeskParts;
  #seen: readonly string[] = [];

  constructor(parts: DmailDeskParts) {
    this.#parts = parts;
  }

  /** Registers the transport with cl-hive-comms. */
  async wake(): Promise<void> {
    const params = {
      transport: 'dmail',
      send_method: 'hive-archon-dmail-send',
      reach_method: 'hive-archon-dmail-reach',
      seal: 'recipient',
    };
    await this.#parts.rpc.raw('hive-comms-register-transport', params, { timeoutMs: CALL_MS });
  }

  /** Whether a target is a contact whose DID and node were verified. */
  async reach(target: JsonObject): Promise<JsonObject> {
    const found = await this.#contact(target);
    return found === undefined
      ? { reach: 'none', reason: 'no verified contact; hive-archon-verify-contact makes it one' }
      : { reach: 'now' };
  }

  /** Sends a message, sealed, to a contact's node. */
  async send(target: JsonObject, message: string): Promise<JsonObject> {
    try {
      const contact = await this.#contact(target);
      const to = contact && (await this.#party(contact.did, KEY_AGE_MS));
      if (contact === undefined || to === undefined) {
        return { outcome: 'failed', reason: 'the recipient’s DID and key are not known' };
      }
      const sealed = sealDmail(utf8ToBytes(message), this.#parts.self(), to);
      const { sent, why } = await this.#parts.send(contact.node, 'dmail', sealed);
      return { outcome: sent ? 'sent' : 'failed', reason: why };
    } catch (error) {
      return { outcome: 'failed', reason: describeError(error) };
    }
  }

  /** Opens what came in, and hands it to cl-hive-comms with its sender's DID. */
  async receive(payload: unknown): Promise<JsonObject> {
    const { did } = dmailSender(payload);
    const from = isDid(did) ? await this.#party(did, KEY_AGE_MS) : undefined;
    const message = bytesToUtf8(
      openDmail(payload, from ?? { did, key: new Uint8Array() }, this.#parts.self()),
    );
    const { signature } = payload as { readonly signature: string };
    if (message === undefined || this.#seen.includes(signature)) {
      return { received: false };
    }
    this.#seen = [...this.#seen, signature].slice(-DMAILS_REMEMBERED);
    const params = { transport: 'dmail', message, did };
    await this.#parts.rpc.raw('hive-comms-receive', params, { timeoutMs: CALL_MS });
    return { received: true };
  }

  async #contact(
    target: JsonObject,
  ): Promise<{ readonly did: Did; readonly node: NodeId } | undefined> {
    const { did, node } = target;
    const wanted = typeof did === 'string' ? (['did', did] as const) : (['node', node] as const);
    const [column, value] = wanted;
    if (typeof value !== 'string') {
      return undefined;
    }
    const row = await this.#parts.reader
      .selectFrom('archon_contacts')
      .select(['did', 'node'])
      .where(column, '=', value)
      .executeTakeFirst();
    return row !== undefined && isDid(row.did) && isNodeId(row.node)
      ? { did: row.did, node: nodeId(row.node) }
      : undefined;
  }

  async #party(did: Did, maxAgeMs: number): Promise<DmailParty | undefined> {
    const chain = await this.#parts.resolve(did, maxAgeMs);
    const version = chain && newest(chain);
    return version?.key === undefined || version.deactivated
      ? undefined
      : { did, key: version.key.key };
  }
}
