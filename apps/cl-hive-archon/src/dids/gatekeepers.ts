import {
  GATEKEEPER_ANSWER_BYTES_MAX,
  GATEKEEPER_REQUEST_MS,
  GatekeeperClient,
  type GatekeeperHealth,
  type GatekeeperPort,
  healthWord,
  mayAsk,
  NEW_HEALTH,
  stepHealth,
} from '@cl-hive/archon';
import { type Clock, describeError, isCodedError, type JsonObject } from '@cl-hive/core';
import { guardedRequest, leadsInside, type Resolve } from '@cl-hive/net';

/** What {@link Gatekeepers} work with. */
export interface GatekeepersParts {
  readonly urls: readonly string[];
  /** Whether the operator lets this node use the network. */
  readonly network: () => boolean;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly warn: (message: string) => void;
  readonly resolve?: Resolve;
}

/** One Gatekeeper that the operator named. */
export interface Gatekeeper {
  /** Its URL. */
  readonly name: string;
  readonly client: GatekeeperClient;
}

/** The operator's Gatekeepers in their order, and how each fares. */
export class Gatekeepers {
  readonly #parts: GatekeepersParts;
  readonly #all: readonly Gatekeeper[];
  readonly #health = new Map<string, GatekeeperHealth>();

  constructor(parts: GatekeepersParts) {
    this.#parts = parts;
    this.#all = parts.urls.map((name) => ({
      name,
      client: new GatekeeperClient(portOf(name, parts)),
    }));
  }

  /** All that the operator named, whether or not they are asked. */
  get named(): readonly Gatekeeper[] {
    return this.#all;
  }

  /** Those that are asked now, in order: none while the network is off. */
  available(): readonly Gatekeeper[] {
    const now = this.#parts.clock.monotonic();
    return this.#parts.network()
      ? this.#all.filter(({ name }) => mayAsk(this.#healthOf(name), now))
      : [];
  }

  /** Why none is asked now; undefined when one is. */
  silence():
    | {
        readonly trouble: 'network_off' | 'no_gatekeeper' | 'resting';
        readonly reason: string;
        readonly remedy: string;
      }
    | undefined {
    if (!this.#parts.network()) {
      const remedy = 'set hive-archon-network=true';
      return { trouble: 'network_off', reason: 'the network is off', remedy };
    }
    if (this.#all.length === 0) {
      const remedy = 'name one with hive-archon-gatekeeper';
      return { trouble: 'no_gatekeeper', reason: 'no Gatekeeper is named', remedy };
    }
    const reason = 'every Gatekeeper rests after failures';
    const remedy = 'wait some minutes; hive-archon-status says how each fares';
    return this.available().length === 0 ? { trouble: 'resting', reason, remedy } : undefined;
  }

  /** Asks one and notes how it did; undefined when it did not answer. */
  async ask<T>(
    { name, client }: Gatekeeper,
    question: (client: GatekeeperClient) => Promise<T>,
  ): Promise<
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly reason: string; readonly refused: boolean }
  > {
    try {
      const value = await question(client);
      this.#note(name, { kind: 'answered' });
      return { ok: true, value };
    } catch (error) {
      const reason = describeError(error);
      const refused = isCodedError(error, 'gatekeeper_refused');
      this.#note(name, refused ? { kind: 'answered' } : { kind: 'failed', reason });
      return { ok: false, reason, refused };
    }
  }

  /** Notes that one served what does not verify, and tells the operator. */
  lied(name: string, reason: string): void {
    this.#note(name, { kind: 'lied', reason });
    this.#parts.warn(`the Gatekeeper ${name} serves what does not verify: ${reason}`);
  }

  view(): JsonObject {
    const now = this.#parts.clock.monotonic();
    const list = this.#all.map(({ name }) => {
      const health = this.#healthOf(name);
      const { failures, lies, trouble, answeredAt } = health;
      return {
        url: name,
        health: healthWord(health, now),
        failures,
        lies,
        ...(answeredAt === undefined
          ? {}
          : { answered_seconds_ago: Math.floor((now - answeredAt) / 1000) }),
        ...(trouble === undefined ? {} : { trouble }),
      };
    });
    return { network: this.#parts.network(), embedded: true, gatekeepers: list };
  }

  #healthOf(name: string): GatekeeperHealth {
    return this.#health.get(name) ?? NEW_HEALTH;
  }

  #note(name: string, event: Parameters<typeof stepHealth>[1]): void {
    this.#health.set(name, stepHealth(this.#healthOf(name), event, this.#parts.clock.monotonic()));
  }
}

/** Requests to one Gatekeeper. Only what the operator wrote as a number or `localhost` may be inside. */
function portOf(url: string, { clock, resolve }: GatekeepersParts): GatekeeperPort {
  const base = new URL(url);
  const allowPrivate = leadsInside(base);
  const root = `${base.origin}${base.pathname.replace(/\/$/, '')}`;
  return ({ method, path, contentType, body }) =>
    guardedRequest(
      {
        url: new URL(`${root}${path}`),
        method,
        ...(body === undefined ? {} : { body }),
        ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }),
        bytesMax: GATEKEEPER_ANSWER_BYTES_MAX,
        totalMs: GATEKEEPER_REQUEST_MS,
        allowPrivate,
      },
      { clock, ...(resolve === undefined ? {} : { resolve }) },
    );
}
