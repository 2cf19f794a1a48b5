import { backoffMs } from './backoff.ts';
import { NOSTR_TIMES } from './limits.ts';
import type { PublishAnswer } from './publisher.ts';

/** Where an event stands with one relay. Moments are monotonic milliseconds. */
export type Delivery =
  | { readonly status: 'due'; readonly at: number; readonly tries: number; readonly reason: string }
  | { readonly status: 'offered'; readonly tries: number }
  | { readonly status: 'accepted' }
  | { readonly status: 'refused'; readonly reason: string };

/** An event on its way to several relays. */
export interface Shipment {
  readonly quorum: number;
  /** Monotonic milliseconds. */
  readonly expiresAt: number;
  readonly deliveries: ReadonlyMap<string, Delivery>;
}

/** What became of an outgoing event as a whole. */
export type PublishOutcome =
  | { readonly kind: 'accepted'; readonly by: readonly string[] }
  /** So many relays refused it for good that the quorum cannot be reached. */
  | {
      readonly kind: 'refused';
      readonly by: readonly string[];
      readonly refusals: readonly Refusal[];
    }
  /** It was not accepted by the quorum in time. */
  | {
      readonly kind: 'expired';
      readonly by: readonly string[];
      readonly refusals: readonly Refusal[];
    }
  /** The transport closed; the event stays in the store and goes on with the next start. */
  | { readonly kind: 'queued' };

/** A relay that did not take an event, and its last word. */
export interface Refusal {
  readonly relay: string;
  readonly reason: string;
}

/** Reasons (NIP-01) that pass: the same event may be taken later. */
const PASSING = /^(?:rate-limited|auth-required|error)\b/;

/** Begins. `accepted` are relays that took it in an earlier life of the process. */
export function beginShipment(
  relays: readonly string[],
  accepted: readonly string[],
  quorum: number,
  expiresAt: number,
  now: number,
): Shipment {
  const due: Delivery = { status: 'due', at: now, tries: 0, reason: 'not connected' };
  const deliveries = relays.map((relay): [string, Delivery] => [
    relay,
    accepted.includes(relay) ? { status: 'accepted' } : due,
  ]);
  return { quorum, expiresAt, deliveries: new Map(deliveries) };
}

/** Notes that the event is on the wire to a relay. */
export function offered(shipment: Shipment, relay: string): Shipment {
  const delivery = shipment.deliveries.get(relay);
  return delivery?.status === 'due'
    ? put(shipment, relay, { status: 'offered', tries: delivery.tries + 1 })
    : shipment;
}

/** Notes a relay's answer; `roll` from 0 to 1 spreads the next try. */
export function answered(
  shipment: Shipment,
  relay: string,
  answer: PublishAnswer,
  now: number,
  roll: number,
): Shipment {
  const delivery = shipment.deliveries.get(relay);
  if (delivery?.status !== 'offered') {
    return shipment;
  }
  if (answer.kind === 'accepted') {
    return put(shipment, relay, { status: 'accepted' });
  }
  if (answer.kind === 'refused' && !PASSING.test(answer.reason)) {
    return put(shipment, relay, { status: 'refused', reason: answer.reason });
  }
  const { tries } = delivery;
  const pause = backoffMs(tries - 1, roll, NOSTR_TIMES.republish, NOSTR_TIMES.backoffMax);
  return put(shipment, relay, { status: 'due', at: now + pause, tries, reason: answer.reason });
}

/** A relay now knows this node (NIP-42): what it refused for that may be offered at once. */
export function authenticated(shipment: Shipment, relay: string, now: number): Shipment {
  const delivery = shipment.deliveries.get(relay);
  return delivery?.status === 'due' && delivery.reason.startsWith('auth-required')
    ? put(shipment, relay, { ...delivery, at: now })
    : shipment;
}

/** Relays that took the event. */
export function acceptedBy(shipment: Shipment): readonly string[] {
  return relaysThat(shipment, 'accepted');
}

/** Relays to which it is to be offered at `now`. */
export function dueRelays(shipment: Shipment, now: number): readonly string[] {
  return [...shipment.deliveries]
    .filter(([, delivery]) => delivery.status === 'due' && delivery.at <= now)
    .map(([relay]) => relay);
}

/** Whether some relay has neither taken it nor refused it for good. */
export function isUnderWay(shipment: Shipment): boolean {
  return [...shipment.deliveries.values()].some(
    ({ status }) => status === 'due' || status === 'offered',
  );
}

/** The same event with an earlier end. */
export function endingBy(shipment: Shipment, expiresAt: number): Shipment {
  return { ...shipment, expiresAt: Math.min(shipment.expiresAt, expiresAt) };
}

/** When the next offer or the end is due after `now`. */
export function nextDue(shipment: Shipment, now: number): number {
  let next = shipment.expiresAt;
  for (const delivery of shipment.deliveries.values()) {
    if (delivery.status === 'due' && delivery.at > now) {
      next = Math.min(next, delivery.at);
    }
  }
  return next;
}

/** What became of the event, once that is certain. */
export function verdict(shipment: Shipment, now: number): PublishOutcome | undefined {
  const by = acceptedBy(shipment);
  if (by.length >= shipment.quorum) {
    return { kind: 'accepted', by };
  }
  const refused = relaysThat(shipment, 'refused').length;
  if (shipment.deliveries.size - refused < shipment.quorum) {
    return { kind: 'refused', by, refusals: refusals(shipment) };
  }
  return now >= shipment.expiresAt
    ? { kind: 'expired', by, refusals: refusals(shipment) }
    : undefined;
}

function refusals(shipment: Shipment): readonly Refusal[] {
  return [...shipment.deliveries].flatMap(([relay, delivery]) => {
    switch (delivery.status) {
      case 'accepted':
        return [];
      case 'offered':
        return [{ relay, reason: 'no answer in time' }];
      default:
        return [{ relay, reason: delivery.reason }];
    }
  });
}

function relaysThat(shipment: Shipment, status: Delivery['status']): readonly string[] {
  return [...shipment.deliveries]
    .filter(([, delivery]) => delivery.status === status)
    .map(([relay]) => relay);
}

function put(shipment: Shipment, relay: string, delivery: Delivery): Shipment {
  return { ...shipment, deliveries: new Map(shipment.deliveries).set(relay, delivery) };
}
