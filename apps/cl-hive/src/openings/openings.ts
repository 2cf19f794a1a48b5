import { randomBytes } from 'node:crypto';
import type { PluginContext } from '@cl-hive/cln-plugin';
import { bytesToHex, describeError, type JsonObject, type NodeId } from '@cl-hive/core';
import type { GovernanceMode } from '@cl-hive/hive';
import { nodeInstance } from '@cl-hive/runtime/node';
import type { Store } from '@cl-hive/store';
import { ActionsQueue } from '../actions-queue/actions-queue.ts';
import type { Hive } from '../hive.ts';
import type { HiveDatabase } from '../store/database.ts';
import { setMeta } from '../store/rows.ts';
import { budgetView } from './budget-view.ts';
import { ChannelPort } from './channel-port.ts';
import { Desk } from './desk.ts';
import { HiveAdapter } from './hive-adapter.ts';
import { LightningPort } from './lightning-port.ts';
import { CHANNELS_AGAIN_MS } from './limits.ts';
import { readLock } from './lock-store.ts';
import { intentView, lockView } from './lock-view.ts';
import { MODE_KEY, readMode } from './mode-store.ts';
import { readSettings } from './options.ts';
import type { OpeningSettings } from './settings.ts';

/** Everything about opening channels: the desk, the lock under it, and what waits for a person. */
export class Openings {
  readonly desk: Desk;
  readonly actions: ActionsQueue;
  readonly adapter: HiveAdapter;
  readonly #hive: Hive;
  readonly #lightning: LightningPort;
  readonly #options: Readonly<Record<string, unknown>>;
  #mode: GovernanceMode | undefined;
  #starting: Promise<void> | undefined;
  #started = false;
  #channelsAt = Number.NEGATIVE_INFINITY;

  private constructor(
    context: PluginContext,
    store: Store<HiveDatabase>,
    hive: Hive,
    stored: Awaited<ReturnType<typeof readLock>>,
    mode: GovernanceMode | undefined,
  ) {
    const { rpc, clock, log, configuration } = context;
    this.#hive = hive;
    this.#mode = mode;
    this.#options = context.options;
    this.#lightning = new LightningPort(rpc);
    this.adapter = new HiveAdapter(hive, () => this.desk.lock);
    this.desk = new Desk({
      self: hive.self,
      store,
      lightning: this.#lightning,
      channels: new ChannelPort(rpc),
      hive: this.adapter,
      settings: () => this.settings(),
      clock,
      line: hive.line,
      now: () => hive.time.now(),
      stored,
      log,
      instance: () => nodeInstance(configuration.lightningDir, configuration.rpcFile),
      newId: () => bytesToHex(randomBytes(16)),
    });
    this.actions = new ActionsQueue(this.desk, store, clock);
    this.adapter.listen();
    hive.onTick(() => this.#tick());
    hive.onBlock((height) => this.#block(height));
  }

  static async open(
    context: PluginContext,
    store: Store<HiveDatabase>,
    hive: Hive,
  ): Promise<Openings> {
    const stored = await readLock(store.reader);
    return new Openings(context, store, hive, stored, await readMode(store.reader));
  }

  /** The owner's limits of the moment. */
  settings(): OpeningSettings {
    return readSettings(this.#options, this.#mode);
  }

  /** Chooses the governance mode until it is chosen again, over restarts too. */
  async setMode(mode: GovernanceMode): Promise<GovernanceMode> {
    const before = this.settings().mode;
    await this.#hive.line.run((turn) => turn.write(setMeta(MODE_KEY, mode)));
    this.#mode = mode;
    return before;
  }

  /** Intents, in the original's words. */
  intentStatus(): JsonObject {
    return intentView(this.desk);
  }

  /** The lock, for people. */
  lockStatus(): JsonObject {
    return lockView(this.desk, this.adapter);
  }

  /** What openings may cost and did, in days of 144 blocks. */
  budgetSummary(days: number): Promise<JsonObject> {
    return budgetView(this.desk, this.settings(), days);
  }

  async stop(): Promise<void> {
    await this.desk.stop();
  }

  async #block(height: number): Promise<void> {
    try {
      this.#starting ??= this.#start(height);
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
    // Whether a grant was used is judged when it ends: by the channels that there are by then.
    await this.#refresh();
    await this.desk.block(height);
  }

  /** With the first height what was under way goes on. */
  async #start(height: number): Promise<void> {
    await this.desk.start(height, new Map(await this.#readChannels()));
    this.#started = true;
  }

  async #tick(): Promise<void> {
    if (!this.#started) {
      if (this.#hive.height > 0) {
        await this.#block(this.#hive.height);
      }
      return;
    }
    const now = this.#hive.time.now();
    if (now - this.#channelsAt >= CHANNELS_AGAIN_MS) {
      await this.#refresh();
    }
    await this.desk.lock.tick();
    await this.desk.look();
  }

  async #refresh(): Promise<void> {
    for (const [holder, targets] of await this.#readChannels()) {
      await this.desk.lock.give({ kind: 'channels', holder, targets });
    }
  }

  /** Whom each member, this node too, has a channel with. */
  async #readChannels(): Promise<readonly (readonly [NodeId, readonly NodeId[]])[]> {
    const { membership, self, time } = this.#hive;
    const found: (readonly [NodeId, readonly NodeId[]])[] = [
      [self, await this.#lightning.ownTargets()],
    ];
    for (const member of membership.others()) {
      try {
        found.push([member, await this.#lightning.targetsOf(member)]);
      } catch (error) {
        this.#hive.ports.log('unusual', `channels of ${member}: ${describeError(error)}`);
      }
    }
    this.#channelsAt = time.now();
    return found;
  }
}
