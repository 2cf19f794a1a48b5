import type { Clock, NodeId } from '@cl-hive/core';
import type { Draws } from './digest.ts';
import type { LabNode } from './lab-node.ts';

/** What goes wrong between two nodes; all off at first. Shares are from 0 to 1. */
export interface LinkFaults {
  /** Share of messages that are lost. */
  readonly drop?: number;
  /** Share of messages that arrive twice. */
  readonly duplicate?: number;
  /** Milliseconds that a message takes: from, to. */
  readonly delayMs?: readonly [number, number];
  /** Share of messages that are held back until the next one has passed, or for a second. */
  readonly reorder?: number;
  /** Nothing passes, and no connection can be made. */
  readonly partitioned?: boolean;
}

/** Longest that a message is held back to be overtaken. */
const HELD_MS = 1_000;

/** The two ids in one text, whatever their order. */
export function pairKey(a: NodeId, b: NodeId): string {
  return a < b ? `${a}/${b}` : `${b}/${a}`;
}

/** How messages go from node to node. Order is kept unless a fault says otherwise. */
export class Transport {
  readonly #clock: Clock;
  readonly #draws: Draws;
  readonly #faults = new Map<string, LinkFaults>();
  readonly #held = new Map<string, () => void>();
  readonly #inbound = new Map<string, Promise<void>>();

  constructor(clock: Clock, draws: Draws) {
    this.#clock = clock;
    this.#draws = draws;
  }

  faults(a: NodeId, b: NodeId): LinkFaults {
    return this.#faults.get(pairKey(a, b)) ?? {};
  }

  setFaults(a: NodeId, b: NodeId, faults: LinkFaults): void {
    this.#faults.set(pairKey(a, b), faults);
  }

  /** Carries a custom message, its type included, in hexadecimal. */
  send(from: LabNode, to: LabNode, payload: string): void {
    const faults = this.faults(from.id, to.id);
    const lane = `${from.id}>${to.id}`;
    const draw = (): number => this.#draws.float(lane);
    if (faults.partitioned === true || (faults.drop !== undefined && draw() < faults.drop)) {
      return;
    }
    const copies = faults.duplicate !== undefined && draw() < faults.duplicate ? 2 : 1;
    const hold = faults.reorder !== undefined && draw() < faults.reorder;
    for (let copy = 0; copy < copies; copy += 1) {
      const arrive = (): void => this.#arrive(from, to, payload, lane);
      const [least, most] = faults.delayMs ?? [0, 0];
      const go =
        most > 0
          ? (): void => {
              this.#clock.after(least + draw() * (most - least), arrive);
            }
          : arrive;
      if (hold && copy === 0 && !this.#held.has(lane)) {
        this.#hold(lane, go);
      } else {
        go();
        this.#release(lane);
      }
    }
  }

  #hold(lane: string, go: () => void): void {
    this.#held.set(lane, go);
    this.#clock.after(HELD_MS, () => {
      if (this.#held.get(lane) === go) {
        this.#release(lane);
      }
    });
  }

  #release(lane: string): void {
    const held = this.#held.get(lane);
    this.#held.delete(lane);
    held?.();
  }

  /** Hands messages of one peer over one by one: a slow hook stalls those behind it. */
  #arrive(from: LabNode, to: LabNode, payload: string, lane: string): void {
    const before = this.#inbound.get(lane) ?? Promise.resolve();
    const done = before
      .then(() => deliver(from, to, payload))
      .catch((error: unknown) => {
        to.log('broken', 'connectd', `custom message was lost: ${String(error)}`);
      });
    this.#inbound.set(lane, done);
  }
}

/** Gives a message to the receiving node's plugins, as its lightningd would. */
async function deliver(from: LabNode, to: LabNode, payload: string): Promise<void> {
  const shell = to.shell;
  if (shell === undefined || to.peers.get(from.id)?.state === 'disconnected') {
    return;
  }
  const type = Number.parseInt(payload.slice(0, 4), 16);
  if (type % 2 === 0 && !shell.acceptsEvenMessage(type)) {
    from.log(
      'info',
      `${to.id}-connectd`,
      `peer_in WIRE_WARNING: Invalid unknown even msg ${payload.slice(0, 64)}`,
    );
    return;
  }
  shell.notify('custommsg', { peer_id: from.id, payload });
  await shell.hook('custommsg', { peer_id: from.id, payload });
}
