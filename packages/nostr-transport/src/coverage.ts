import { BoundedMap } from './bounded-map.ts';
import { NOSTR_LIMITS } from './limits.ts';

interface Delivery {
  readonly relays: Set<string>;
  readonly sender: string;
}

/** What one relay delivered of the recent messages, against all relays together. */
export interface RelayCoverage {
  /** Recent messages, from whichever relay. */
  readonly messages: number;
  /** Those of them that this relay delivered too. */
  readonly delivered: number;
  /** Writers of whom others delivered at least three messages and this relay none. */
  readonly silentAbout: readonly string[];
}

/** Messages of one writer from which on silence about them is told. */
const SILENCE = 3;

/** Remembers which relay delivered which of the recent messages, to tell one that withholds. */
export class Coverage {
  readonly #recent = new BoundedMap<string, Delivery>(NOSTR_LIMITS.coverage);

  /** A relay delivered an event, for the first time or again. */
  note(eventId: string, relay: string): void {
    this.#recent.get(eventId)?.relays.add(relay);
  }

  /** An event turned out to be a message of `sender`. */
  message(eventId: string, sender: string, relay: string): void {
    this.#recent.set(eventId, { relays: new Set([relay]), sender });
  }

  /** How a relay did. */
  of(relay: string): RelayCoverage {
    const perSender = new Map<string, { all: number; here: number }>();
    let messages = 0;
    let delivered = 0;
    for (const { relays, sender } of this.#recent.values()) {
      const here = relays.has(relay) ? 1 : 0;
      messages += 1;
      delivered += here;
      const tally = perSender.get(sender) ?? { all: 0, here: 0 };
      perSender.set(sender, { all: tally.all + 1, here: tally.here + here });
    }
    const silentAbout = [...perSender]
      .filter(([, { all, here }]) => all >= SILENCE && here === 0)
      .map(([sender]) => sender);
    return { messages, delivered, silentAbout };
  }
}
