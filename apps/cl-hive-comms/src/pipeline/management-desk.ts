import { randomBytes } from 'node:crypto';
import {
  drive,
  type Flow,
  type GateContext,
  handleApproval,
  handleOrder,
  handleRejection,
  handleRequest,
  type Inbound,
  type Intent,
  type OrderClaim,
  type OutgoingAnswer,
  type PipelinePorts,
  type PipelineStore,
  publish,
  RateLimiter,
  recover,
  type WordResult,
} from '@cl-hive/comms';
import { type Clock, describeError, type NodeId } from '@cl-hive/core';

/** The ports that the node, the authenticator and the answer desk bring. */
export type OuterPorts = Pick<
  PipelinePorts,
  | 'authenticate'
  | 'facts'
  | 'toll'
  | 'charge'
  | 'read'
  | 'notify'
  | 'execute'
  | 'observe'
  | 'reconcile'
  | 'answer'
>;

/** What a {@link ManagementDesk} works with. */
export interface ManagementDeskParts {
  readonly store: PipelineStore;
  readonly ports: OuterPorts;
  readonly clock: Clock;
  readonly node: NodeId;
  readonly skewSeconds: () => number;
  readonly log: (level: 'info' | 'unusual', message: string) => void;
  /** Told of each outcome that was recorded. */
  readonly recorded: (intent: Intent) => void;
  /** Told after each flow that may have written receipts. */
  readonly wrote: () => void;
}

/** How long a stop waits for running requests, ms; what is cut off is reconciled at the next start. */
const STOP_WAIT_MS = 5000;

/** Requests that may run at a time; more are told to come back. */
export const FLOWS_MAX = 512;

/** Names an intent before it has a number. */
function heldKey({ principal, nonce }: Pick<Intent, 'principal' | 'nonce'>): string {
  return `${principal}/${nonce}`;
}

/** Runs the pipeline's flows: one for each request, each word of the operator, each recovery. */
export class ManagementDesk {
  readonly #parts: ManagementDeskParts;
  readonly #strangers: RateLimiter;
  readonly #principals: RateLimiter;
  readonly #running = new Set<Promise<unknown>>();
  /** Intents that running flows take care of, as {@link heldKey}; a sweep leaves them alone. */
  readonly #held = new Set<string>();
  #sweeping: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: ManagementDeskParts) {
    this.#parts = parts;
    const salt = randomBytes(4).readUInt32LE();
    this.#strangers = new RateLimiter(salt);
    this.#principals = new RateLimiter(salt);
  }

  /** Whether another request may begin. */
  get open(): boolean {
    return !this.#stopping && this.#running.size < FLOWS_MAX;
  }

  /** How many flows run. */
  get running(): number {
    return this.#running.size;
  }

  /** From bytes to the answer that was sent last. */
  handle(inbound: Inbound): Promise<OutgoingAnswer> {
    return this.#run(handleRequest(inbound, this.#gate()));
  }

  /** Pays by order of the operator: from a quoted order to its outcome. */
  order(claim: OrderClaim): Promise<WordResult> {
    return this.#run(handleOrder(claim));
  }

  approve(id: number, by: string): Promise<WordResult> {
    return this.#run(handleApproval(id, by), id);
  }

  reject(id: number, by: string): Promise<WordResult> {
    return this.#run(handleRejection(id, by), id);
  }

  /**
   * Brings what a stop or a fault interrupted to its outcome, and sends answers that wait. Intents of
   * running flows are left to them. One sweep at a time; never rejects.
   */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { store } = this.#parts;
    await this.#each(
      () => store.unfinished(),
      (intent) => recover(intent),
    );
    await this.#each(
      () => store.queued(),
      (intent) => publish(intent),
    );
  }

  async #each<T>(
    list: () => Promise<readonly Intent[]>,
    flow: (intent: Intent) => Flow<T>,
  ): Promise<void> {
    try {
      for (const intent of await list()) {
        if (this.#stopping) {
          return;
        }
        if (!this.#held.has(heldKey(intent)) && !this.#held.has(String(intent.id))) {
          await this.#one(intent, flow);
        }
      }
    } catch (error) {
      this.#parts.log('unusual', `interrupted requests were not read: ${describeError(error)}`);
    }
  }

  async #one<T>(intent: Intent, flow: (intent: Intent) => Flow<T>): Promise<void> {
    try {
      await this.#run(flow(intent), intent.id);
    } catch (error) {
      const message = `request ${intent.id} stays as it is for now: ${describeError(error)}`;
      this.#parts.log('unusual', message);
    }
  }

  /** Closes what waited too long. */
  async lapse(): Promise<void> {
    if ((await this.#parts.store.lapse()).length > 0) {
      this.#parts.wrote();
    }
  }

  /** Takes nothing more, and waits a little for what runs. */
  async stop(): Promise<void> {
    this.#stopping = true;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#parts.clock.after(STOP_WAIT_MS, resolve);
    });
    await Promise.race([Promise.allSettled(this.#running), late]);
    cancel();
  }

  #gate(): GateContext {
    const { store, clock, node, skewSeconds } = this.#parts;
    return {
      node,
      skewSeconds: skewSeconds(),
      moment: store.moment(),
      monotonicMs: clock.monotonic(),
      strangers: this.#strangers,
      principals: this.#principals,
    };
  }

  async #run<T>(flow: Flow<T>, intent?: number): Promise<T> {
    const mine = new Set<string>();
    const hold = (key: string): void => {
      if (!this.#held.has(key)) {
        this.#held.add(key);
        mine.add(key);
      }
    };
    if (intent !== undefined) {
      hold(String(intent));
    }
    const running = drive(flow, this.#portsOf(hold));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      for (const key of mine) {
        this.#held.delete(key);
      }
      this.#parts.wrote();
    }
  }

  #portsOf(hold: (key: string) => void): PipelinePorts {
    const { store, ports, log, recorded } = this.#parts;
    return {
      ...ports,
      refuse: async ({ malformed }) => {
        await store.refuse(malformed);
        return undefined;
      },
      claim: ({ claim }) => {
        // Held before it is stored, so that a sweep at that moment does not take it for interrupted.
        hold(heldKey({ principal: claim.principal, nonce: claim.envelope.nonce }));
        return store.claim(claim);
      },
      // Held before it is stored, as above; its number is drawn in the transaction.
      order: ({ order }) => store.order(order, ({ id }) => hold(String(id))),
      waiting: ({ id }) => store.waiting(id),
      approve: ({ id, by, gathered }) => store.approve(id, by, gathered),
      reject: ({ id, by }) => store.reject(id, by),
      start: async ({ intent }) => {
        await store.start(intent.id);
        return undefined;
      },
      record: async ({ intent, result, observation }) => {
        const decision = await store.record(intent.id, result, observation);
        if (decision.writes.length > 0) {
          recorded(decision.intent);
        }
        return decision;
      },
      answered: async ({ intent }) => {
        await store.answered(intent);
        return undefined;
      },
      fault: async ({ error }) => {
        log('unusual', `a request was interrupted: ${describeError(error)}`);
        return undefined;
      },
    };
  }
}
