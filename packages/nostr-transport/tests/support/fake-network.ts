import { setImmediate as nextTurn } from 'node:timers/promises';
import type { VirtualClock } from '@cl-hive/testkit';
import { type Filter, matchFilters } from 'nostr-tools/filter';
import { expect } from 'vitest';
import type { Dial, NostrEvent, SocketEvents } from '../../src/index.ts';

interface Client {
  readonly events: SocketEvents;
  readonly subscriptions: Map<string, Filter[]>;
  open: boolean;
}

/** A relay in memory, in virtual time. */
export class FakeRelay {
  readonly url: string;
  readonly stored: NostrEvent[] = [];
  readonly clients = new Set<Client>();
  /** Monotonic times of all tries to connect. */
  readonly dials: number[] = [];
  up = true;
  /** Milliseconds that a frame is under way. */
  latency: () => number = () => 5;
  /** Stored events that one query answers with. */
  pageSize = 500;
  /** Whether an event is delivered to readers. */
  delivers: (event: NostrEvent) => boolean = () => true;

  constructor(url: string) {
    this.url = url;
  }

  setUp(up: boolean): void {
    this.up = up;
    if (!up) {
      for (const client of this.clients) {
        client.open = false;
        client.events.closed('gone');
      }
      this.clients.clear();
    }
  }
}

/** Relays by address, with a {@link Dial} to them. */
export class FakeNetwork {
  readonly #clock: VirtualClock;
  readonly #relays = new Map<string, FakeRelay>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  add(url: string): FakeRelay {
    const relay = new FakeRelay(url);
    this.#relays.set(url, relay);
    return relay;
  }

  /** Puts an event on a relay and delivers it. */
  put(relay: FakeRelay, event: NostrEvent): void {
    relay.stored.push(event);
    for (const client of relay.clients) {
      this.#offer(relay, client, event);
    }
  }

  readonly dial: Dial = (url, events) => {
    const relay = this.#relays.get(url);
    const client: Client = { events, subscriptions: new Map(), open: false };
    relay?.dials.push(this.#clock.monotonic());
    this.#clock.after(1, () => {
      if (relay?.up !== true) {
        events.closed('connect ECONNREFUSED');
        return;
      }
      client.open = true;
      relay.clients.add(client);
      events.opened();
    });
    const end = (): void => {
      if (client.open) {
        client.open = false;
        relay?.clients.delete(client);
        queueMicrotask(() => events.closed('closed'));
      }
    };
    return {
      send: (text) => (relay === undefined ? undefined : this.#receive(relay, client, text)),
      pause: () => undefined,
      resume: () => undefined,
      close: end,
      terminate: end,
    };
  };

  #receive(relay: FakeRelay, client: Client, text: string): void {
    if (!client.open) {
      return;
    }
    const [type, first, ...rest] = JSON.parse(text) as [string, unknown, ...unknown[]];
    if (type === 'EVENT') {
      const event = first as NostrEvent;
      this.#send(relay, client, ['OK', event.id, true, '']);
      if (!relay.stored.some(({ id }) => id === event.id)) {
        if (event.kind < 20_000 || event.kind >= 30_000) {
          this.put(relay, event);
        } else {
          for (const other of relay.clients) {
            this.#offer(relay, other, event);
          }
        }
      }
    } else if (type === 'REQ') {
      const filters = rest as Filter[];
      client.subscriptions.set(String(first), filters);
      const found = relay.stored.filter(
        (event) => relay.delivers(event) && matchFilters(filters, mutable(event)),
      );
      for (const event of found
        .sort((a, b) => b.created_at - a.created_at)
        .slice(0, relay.pageSize)) {
        this.#send(relay, client, ['EVENT', first, event]);
      }
      this.#send(relay, client, ['EOSE', first]);
    } else if (type === 'CLOSE') {
      client.subscriptions.delete(String(first));
    }
  }

  #offer(relay: FakeRelay, client: Client, event: NostrEvent): void {
    for (const [id, filters] of client.subscriptions) {
      if (relay.delivers(event) && matchFilters(filters, mutable(event))) {
        this.#send(relay, client, ['EVENT', id, event]);
      }
    }
  }

  #send(relay: FakeRelay, client: Client, message: readonly unknown[]): void {
    const text = JSON.stringify(message);
    this.#clock.after(relay.latency(), () =>
      client.open ? client.events.received(text) : undefined,
    );
  }
}

function mutable(event: NostrEvent): Parameters<typeof matchFilters>[1] {
  return JSON.parse(JSON.stringify(event)) as Parameters<typeof matchFilters>[1];
}

/** Lets promises and yielded turns run. */
export async function settle(turns = 6): Promise<void> {
  for (let n = 0; n < turns; n += 1) {
    await nextTurn();
  }
}

/** Moves time in steps, with turns in between, until a condition holds; fails at the end of `ms`. */
export async function advanceUntil(
  clock: VirtualClock,
  holds: () => boolean,
  ms: number,
  step = 100,
): Promise<void> {
  for (let passed = 0; passed < ms && !holds(); passed += step) {
    clock.advance(step);
    await settle();
  }
  expect(holds()).toBe(true);
}
