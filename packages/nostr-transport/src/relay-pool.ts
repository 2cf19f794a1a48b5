import { type Cancel, describeError } from '@cl-hive/core';
import type { NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import { foreignRelayUrl } from './public-address.ts';
import type { PublishAnswer } from './publisher.ts';
import { type LinkHost, RelayLink } from './relay-link.ts';
import { relayUrl } from './relay-url.ts';

/** Which relays that others name may be dialled: those of the public Internet, any (in a lab), or none. */
export type ForeignRelays = 'public' | 'any' | 'none';

/** The node's own relays, always connected, and those of peers, connected while something goes to them. */
export class RelayPool {
  readonly own: ReadonlyMap<string, RelayLink>;
  readonly #foreign = new Map<string, RelayLink>();
  readonly #leaving = new Map<string, Cancel>();
  readonly #ending = new Set<Promise<void>>();
  readonly #policy: ForeignRelays;
  readonly #host: Omit<LinkHost, 'ready'>;
  readonly #ready: (relay: string) => void;
  #closed = false;

  constructor(
    relays: readonly string[],
    policy: ForeignRelays,
    host: Omit<LinkHost, 'ready'>,
    ready: (relay: string) => void,
  ) {
    this.#policy = policy;
    this.#host = host;
    this.#ready = ready;
    const urls = [...new Set(relays.map(relayUrl))];
    this.own = new Map(
      urls.map((url) => [url, this.#link(url, { reads: true, authenticates: true }, false)]),
    );
  }

  /** All links, the own ones first. */
  get links(): readonly RelayLink[] {
    return [...this.own.values(), ...this.#foreign.values()];
  }

  async start(): Promise<void> {
    await Promise.all([...this.own.values()].map((link) => link.start()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#leaving.values()) {
      cancel();
    }
    await Promise.all([...this.links.map((link) => link.stop()), ...this.#ending]);
  }

  /** The address under which a relay that somebody named may be used. */
  usable(named: string): string | undefined {
    try {
      const url = relayUrl(named);
      if (this.own.has(url) || this.#policy === 'any') {
        return url;
      }
    } catch {
      return undefined;
    }
    return this.#policy === 'public' ? foreignRelayUrl(named) : undefined;
  }

  isOpen(url: string): boolean {
    return this.#get(url)?.open ?? false;
  }

  offer(url: string, event: NostrEvent): Promise<PublishAnswer> {
    return (
      this.#get(url)?.publish(event) ??
      Promise.resolve({ kind: 'unanswered', reason: 'not connected' })
    );
  }

  /** Asks all own relays that are connected. */
  async lookup(filter: Filter): Promise<readonly NostrEvent[]> {
    const found = await Promise.all([...this.own.values()].map((link) => link.lookup(filter)));
    return found.flat();
  }

  /** Connects the foreign relays of `urls`, and lets the others go after a while. */
  need(urls: ReadonlySet<string>): void {
    for (const url of urls) {
      this.#leaving.get(url)?.();
      this.#leaving.delete(url);
      if (this.#get(url) === undefined) {
        this.#connect(url);
      }
    }
    for (const url of this.#foreign.keys()) {
      if (!urls.has(url) && !this.#leaving.has(url)) {
        this.#leaving.set(
          url,
          this.#host.clock.after(NOSTR_TIMES.foreignLinger, () => this.#drop(url)),
        );
      }
    }
  }

  #connect(url: string): void {
    if (
      this.#closed ||
      this.#foreign.size >= NOSTR_LIMITS.foreignRelays ||
      this.usable(url) !== url
    ) {
      return;
    }
    const role = { reads: false, authenticates: false };
    const link = this.#link(url, role, this.#policy !== 'any');
    this.#foreign.set(url, link);
    link.start().catch((error: unknown) => {
      this.#host.log('error', `relay ${url} was not started: ${describeError(error)}`);
    });
  }

  #drop(url: string): void {
    this.#leaving.delete(url);
    const ended = this.#foreign.get(url)?.stop();
    this.#foreign.delete(url);
    if (ended !== undefined) {
      const tracked = ended.finally(() => this.#ending.delete(tracked));
      this.#ending.add(tracked);
    }
  }

  #get(url: string): RelayLink | undefined {
    return this.own.get(url) ?? this.#foreign.get(url);
  }

  #link(
    url: string,
    role: ConstructorParameters<typeof RelayLink>[1],
    guarded: boolean,
  ): RelayLink {
    return new RelayLink(url, role, guarded, { ...this.#host, ready: () => this.#ready(url) });
  }
}
