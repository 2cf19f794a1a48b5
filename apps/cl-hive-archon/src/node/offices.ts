import { randomBytes } from 'node:crypto';
import type { VaultFolder } from '@cl-hive/archon';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { getinfo } from '@cl-hive/cln-rpc';
import { isJsonObject, isNodeId, type JsonObject, type NodeId } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { DmailDesk, type DmailDeskParts } from '../dmail/dmail-desk.ts';
import { PollOffice } from '../governance/poll-office.ts';
import { TierDesk } from '../governance/tier-desk.ts';
import type { ArchonDatabase } from '../store/database.ts';
import { Copies } from '../vault/copies.ts';
import { fetchDeposit } from '../vault/deposit-fetch.ts';
import { DepositOffice } from '../vault/deposit-office.ts';
import type { DepositGatekeepers } from '../vault/deposit-place.ts';
import { DepositRecords } from '../vault/deposit-records.ts';
import { RestoreOffice } from '../vault/restore-office.ts';
import { ShareOffice } from '../vault/share-office.ts';
import { Turn } from '../vault/turn.ts';
import { type SecretFor, VaultKeys } from '../vault/vault-keys.ts';
import { VaultOffice } from '../vault/vault-office.ts';
import { archonWire, registerWithComms } from './archon-wire.ts';
import { Neighbours } from './neighbours.ts';
import { statementSigner } from './statement-signer.ts';

const CALL_MS = 10_000;

/** What the offices are made of. */
export interface OfficesParts {
  readonly context: PluginContext;
  readonly store: Store<ArchonDatabase>;
  readonly node: NodeId;
  /** 32 bytes of this node's own secret for a purpose. */
  readonly secret: SecretFor;
  readonly version: string;
  readonly dmail: Pick<DmailDeskParts, 'self' | 'resolve'>;
  readonly gatekeepers: DepositGatekeepers;
}

function vaultOptions(context: PluginContext) {
  const values = (): Readonly<Record<string, unknown>> => context.options;
  return {
    folder: () => {
      const folder = values()['hive-archon-vault-folder'];
      return typeof folder === 'string' && folder !== '' ? folder : undefined;
    },
    keep: () => Number(values()['hive-archon-vault-keep'] ?? 7),
    toGatekeeper: () => values()['hive-archon-vault-gatekeeper'] === true,
    hours: () => Number(values()['hive-archon-vault-hours'] ?? 24),
    recipients: () => {
      const keys = values()['hive-archon-vault-recipients'];
      return Array.isArray(keys) ? keys.map(String) : [];
    },
  };
}

/** Governance, vault and shared keys: what this plugin does with other nodes and with its siblings' data. */
export class Offices {
  readonly polls: PollOffice;
  readonly tier: TierDesk;
  readonly vault: VaultOffice;
  readonly restores: RestoreOffice;
  readonly shares: ShareOffice;
  readonly dmail: DmailDesk;
  readonly #context: PluginContext;
  #height: number | undefined;

  private constructor(parts: OfficesParts, epoch: number) {
    const { context, store, node, secret, version } = parts;
    const { rpc, clock, log, configuration } = context;
    const { lightningDir, network } = configuration;
    const sign = statementSigner(rpc, node);
    const send = archonWire(rpc);
    const neighbours = new Neighbours(rpc, clock);
    const options = vaultOptions(context);
    const keys = new VaultKeys(secret, options.recipients);
    const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
    const common = { store, clock, log, sign, keys, lightningDir } as const;
    this.#context = context;
    this.tier = new TierDesk({ ...common, neighbours });
    const { tier } = this;
    this.polls = new PollOffice({ ...common, self: node, random, send, neighbours, epoch, tier });
    const height = (): Promise<number> => this.#blockHeight();
    this.shares = new ShareOffice({ ...common, self: node, send, neighbours, height });
    this.dmail = new DmailDesk({ ...parts.dmail, rpc, reader: store.reader, send });
    const copies = new Copies(rpc);
    const turn = new Turn();
    const owner = { node, network };
    const { gatekeepers } = parts;
    const records = new DepositRecords(rpc, (message) => log.warn(message));
    const folder = (): VaultFolder => this.vault.folder();
    const deposits = new DepositOffice({ ...common, gatekeepers, records, folder });
    this.vault = new VaultOffice({
      ...common,
      ...options,
      owner,
      version,
      copies,
      turn,
      deposits,
      sharedKey: () => this.shares.own.sharedKey(),
    });
    this.restores = new RestoreOffice({
      ...common,
      owner,
      copies,
      turn,
      folder,
      fetch: (reference, to) => fetchDeposit(gatekeepers, reference, to),
      sharedSecret: () => this.shares.own.sharedSecret(),
    });
  }

  static async open(parts: OfficesParts): Promise<Offices> {
    const { generation } = await parts.store.info();
    return new Offices(parts, generation);
  }

  /** Registers with cl-hive-comms and goes on with what was left. */
  async wake(): Promise<void> {
    await registerWithComms(this.#context.rpc);
    await this.dmail.wake();
    await this.tier.wake();
    await this.polls.wake();
    await this.vault.wake();
    await this.shares.own.spread();
    await this.shares.kept.releaseDue(await this.#blockHeight());
  }

  /** Stops what runs by itself. */
  idle(): void {
    this.tier.idle();
    this.polls.idle();
    this.vault.idle();
  }

  /** A block was added: delays that are counted in blocks may have passed. */
  async block(height: number): Promise<void> {
    this.#height = height;
    await this.shares.kept.releaseDue(height);
  }

  /** A peer connected. */
  async connected(id: NodeId): Promise<void> {
    this.polls.poke(id);
    await this.shares.own.spread();
  }

  /** Takes a message of another node's plugin, as cl-hive-comms hands it over. */
  async receive(topic: string, payload: unknown, sender: unknown): Promise<JsonObject> {
    const { scheme, key } = isJsonObject(sender) ? sender : {};
    const from = scheme === 'lightning' && isNodeId(key) ? key : undefined;
    if (topic === 'archon:dmail') {
      return this.dmail.receive(payload);
    }
    return topic.startsWith('archon:share')
      ? this.shares.receive(topic, payload)
      : this.polls.receive(topic, payload, from);
  }

  /** For the plugin's status. */
  async view(): Promise<JsonObject> {
    return { governance: { ...(await this.tier.view()), ...(await this.polls.view()) } };
  }

  async #blockHeight(): Promise<number> {
    if (this.#height === undefined) {
      const { blockheight } = await this.#context.rpc.call(getinfo, {}, { timeoutMs: CALL_MS });
      this.#height = blockheight;
    }
    return this.#height;
  }
}
