import type { NodeId } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import {
  firstEpoch,
  type LockCommand,
  type LockInput,
  type LockMessage,
  lockRows,
  mayOpen,
  newLock,
  restoreLock,
  stepLock,
  windowOf,
} from '../src/index.ts';
import { type Call, simId as id, type Opening, type SimNode } from './node.ts';
import { Originals } from './originals.ts';
import type { Profile } from './profiles.ts';
import { EventQueue } from './queue.ts';

const MINUTE = 60_000;
/** Virtual length of one schedule. */
const LENGTH_MS = 150 * MINUTE;
const TICK_MS = 15_000;
const FIRST_HEIGHT = 900_000;

/** A hive in virtual time. Everything in it follows from the seed and the profile. */
export class World {
  readonly openings: Opening[] = [];
  readonly nodes: SimNode[];
  readonly #queue = new EventQueue();
  readonly #random: SeededRandom;
  readonly #profile: Profile;
  readonly #originals: Originals;
  readonly #unapproved = new Set<string>();
  readonly #liar: NodeId | undefined;
  #height = FIRST_HEIGHT;
  #wishes = 0;
  #members: NodeId[];
  #changed = false;

  constructor(seed: number, profile: Profile) {
    this.#random = new SeededRandom(seed);
    this.#profile = profile;
    const size = 3 + this.#random.below(5);
    const all = Array.from({ length: profile.changes > 0 ? size + 3 : size }, (_, index) =>
      id('a', index),
    );
    this.#members = all.slice(0, size);
    this.#liar = profile.liar ? all[this.#random.below(size)] : undefined;
    const originals = profile.originals === 0 ? 0 : this.#random.below(profile.originals + 1);
    this.#originals = this.#someOriginals(originals);
    const epoch = firstEpoch(this.#members);
    this.nodes = all.map((node) => {
      const state = newLock(node, epoch);
      return {
        id: node,
        disk: new Map(lockRows(state).map((row) => [`${row.table}/${row.key}`, row])),
        calls: new Map(),
        state,
        offset: this.#symmetric(profile.skewMs),
        lag: this.#random.below(profile.lagBlocks + 1),
        group: 0,
        life: 0,
      };
    });
  }

  #someOriginals(count: number): Originals {
    const ids = Array.from({ length: count }, (_, index) => id(index % 2 === 0 ? '0' : 'f', index));
    return new Originals(ids, {
      queue: this.#queue,
      random: this.#random,
      loss: this.#profile.loss,
      delayMaxMs: this.#profile.delayMaxMs,
      window: () => windowOf(this.#height),
      opened: (by, target) => this.#noticed(by, target),
      ours: () =>
        this.nodes.map((node) => ({
          id: node.id,
          up: node.state !== undefined,
          hear: (from, target, kind) =>
            this.#give(node, { kind: `original_${kind}`, from, target }),
        })),
    });
  }

  /** Runs the schedule to its end, then heals everything and lets it settle. */
  run(): void {
    this.#schedule();
    this.#queue.runUntil(LENGTH_MS);
    for (const node of this.nodes) {
      node.group = 0;
      if (node.state === undefined) {
        this.#start(node);
      }
    }
    this.#queue.runUntil(LENGTH_MS + 10 * MINUTE);
  }

  #schedule(): void {
    const profile = this.#profile;
    for (const node of this.nodes) {
      this.#start(node);
      this.#tick(node);
    }
    this.#block();
    this.#some(12, 12, () => this.#burst());
    this.#some(0, profile.cuts, () => this.#cut());
    this.#some(0, profile.crashes, () => this.#crash(this.#random.pick(this.nodes)));
    this.#some(0, profile.skewMs > 0 ? 6 : 0, () => {
      this.#random.pick(this.nodes).offset += this.#symmetric(profile.skewMs);
    });
    this.#some(0, profile.changes, () => this.#change());
  }

  #some(least: number, most: number, run: () => void): void {
    const times = least + this.#random.below(most - least + 1);
    for (let i = 0; i < times; i += 1) {
      this.#queue.after(this.#random.below(LENGTH_MS - 10 * MINUTE), run);
    }
  }

  #symmetric(most: number): number {
    return most === 0 ? 0 : this.#random.below(2 * most) - most;
  }

  #chance(rate: number): boolean {
    return rate > 0 && this.#random.float() < rate;
  }

  #start(node: SimNode): void {
    node.life += 1;
    node.state = restoreLock(node.id, node.disk.values());
    this.#give(node, { kind: 'tolerate', liars: this.#profile.tolerate });
    this.#give(node, { kind: 'originals', members: this.#originals.ids });
    this.#give(node, { kind: 'start' });
    if (this.#changed) {
      this.#give(node, { kind: 'electorate', members: this.#members });
    }
    this.#see(node);
  }

  #tick(node: SimNode): void {
    this.#queue.after(TICK_MS + this.#random.below(2000), () => {
      this.#give(node, { kind: 'tick' });
      this.#tick(node);
    });
  }

  #block(): void {
    this.#queue.after(1 + this.#random.below(8 * MINUTE), () => {
      this.#height += 1;
      for (const node of this.nodes) {
        this.#queue.after(this.#random.below(30_000), () => this.#see(node));
      }
      this.#block();
    });
  }

  #see(node: SimNode): void {
    if (this.#chance(0.1)) {
      node.lag = this.#random.below(this.#profile.lagBlocks + 1);
    }
    this.#give(node, { kind: 'block', height: this.#height - node.lag });
  }

  /** Several nodes want the same target at about the same time; most of them really the same. */
  #burst(): void {
    const target = id('b', this.#random.below(2));
    for (const node of this.nodes) {
      if (this.#chance(0.6)) {
        this.#wishes += 1;
        const wish = `w${this.#wishes}`;
        const approved = this.#originals.ids.length === 0 || this.#chance(0.7);
        if (!approved) {
          this.#unapproved.add(wish);
        }
        this.#queue.after(this.#random.below(20_000), () =>
          this.#give(node, {
            kind: 'wish',
            id: wish,
            target,
            capacitySat: 1_000_000n,
            approved,
          }),
        );
      }
    }
    for (const original of this.#originals.ids) {
      if (this.#chance(0.3)) {
        this.#queue.after(this.#random.below(90_000), () => this.#originals.want(original, target));
      }
    }
  }

  #cut(): void {
    for (const node of this.nodes) {
      node.group = this.#random.below(2);
    }
    this.#queue.after(this.#random.below(40 * MINUTE), () => {
      for (const node of this.nodes) {
        node.group = 0;
      }
    });
  }

  #crash(node: SimNode): void {
    if (node.state === undefined) {
      return;
    }
    node.state = undefined;
    node.life += 1;
    this.#originals.crashed(node.id);
    this.#queue.after(1000 + this.#random.below(this.#chance(0.5) ? 10_000 : 20 * MINUTE), () => {
      if (node.state === undefined) {
        this.#start(node);
      }
    });
  }

  /** Members come and go, several at once; nodes hear of it at different times. */
  #change(): void {
    const next = this.nodes
      .map((node) => node.id)
      .filter((node) => this.#chance(this.#members.includes(node) ? 0.85 : 0.6));
    if (next.length < 2) {
      return;
    }
    this.#members = next;
    this.#changed = true;
    for (const node of this.nodes) {
      const tell = (): void => this.#give(node, { kind: 'electorate', members: this.#members });
      this.#queue.after(this.#random.below(5 * MINUTE), tell);
    }
  }

  /** One step of a node that is up; its commands are carried out in order, and it may die between them. */
  #give(node: SimNode, input: LockInput): void {
    if (node.state === undefined) {
      return;
    }
    const life = node.life;
    const { state, commands } = stepLock(node.state, input, this.#queue.now + node.offset);
    node.state = state;
    for (const command of commands) {
      if (this.#chance(this.#profile.crashPerCommand)) {
        this.#crash(node);
      }
      if (node.life !== life) {
        return;
      }
      this.#carryOut(node, command);
    }
  }

  #carryOut(node: SimNode, command: LockCommand): void {
    switch (command.kind) {
      case 'store':
        for (const row of command.rows) {
          if (row.value === undefined) {
            node.disk.delete(`${row.table}/${row.key}`);
          } else {
            node.disk.set(`${row.table}/${row.key}`, row);
          }
        }
        return;
      case 'send':
        this.#send(node, command.to, command.message);
        return;
      case 'announce':
        this.#originals.announce(node.id, command.target);
        return;
      case 'send_signed':
        for (const to of command.to) {
          const message = { ...command.message, signature: 'signed' };
          if (to === node.id) {
            this.#give(node, { kind: 'message', from: to, message });
          } else {
            this.#send(node, to, message);
          }
        }
        return;
      case 'accept': {
        const { ballot, value, stop } = command;
        const acceptance = { member: node.id, stop, signature: 'signed' };
        const message: LockMessage = { kind: 'accepted', ballot, value, acceptance };
        if (command.to === node.id) {
          this.#give(node, { kind: 'message', from: node.id, message });
        } else {
          this.#send(node, command.to, message);
        }
        return;
      }
      case 'open':
        this.#later(node, 15_000, () => this.#open(node, command));
        return;
      case 'reconcile': {
        const call = node.calls.get(command.attempt);
        const unsure = call !== undefined && !call.done;
        const outcome = unsure ? 'unknown' : call?.opened === true ? 'opened' : 'not_opened';
        this.#later(node, 5000, () =>
          this.#give(node, { kind: 'outcome', id: command.id, outcome }),
        );
        return;
      }
      default:
    }
  }

  /** Something this process does after a while, unless it dies before. */
  #later(node: SimNode, mostMs: number, run: () => void): void {
    const { life } = node;
    this.#queue.after(this.#random.below(mostMs), () => {
      if (node.life === life) {
        run();
      }
    });
  }

  #send(from: SimNode, to: NodeId, message: LockMessage): void {
    const node = this.nodes.find((other) => other.id === to);
    if (node === undefined) {
      return;
    }
    if (to === this.#liar && message.kind === 'request') {
      const { kind: _, ...about } = message;
      this.#send(node, from.id, { kind: 'grant', ...about, signature: 'a lie' });
      return;
    }
    const copies = 1 + (this.#chance(this.#profile.duplicate) ? 1 : 0);
    for (let i = 0; i < copies; i += 1) {
      if (!this.#chance(this.#profile.loss) && node.group === from.group) {
        this.#queue.after(10 + this.#random.below(this.#profile.delayMaxMs), () =>
          this.#give(node, { kind: 'message', from: from.id, message }),
        );
      }
    }
  }

  /** fundchannel: fails, opens, or answers nothing in time and opens (or fails) later all the same. */
  #open(node: SimNode, command: Extract<LockCommand, { readonly kind: 'open' }>): void {
    const { id: wish, attempt, target } = command;
    if (node.state === undefined) {
      return;
    }
    if (!mayOpen(node.state, wish, this.#queue.now + node.offset)) {
      this.#give(node, { kind: 'outcome', id: wish, outcome: 'not_opened' });
      return;
    }
    const against = this.#against(node.id, wish, target);
    const call: Call = { done: false, opened: false };
    node.calls.set(attempt, call);
    const opens = this.#chance(0.85);
    const timesOut = this.#chance(0.15);
    const trueWindow = windowOf(this.#height);
    const window = Number(attempt.split('.')[1]);
    this.#queue.after(this.#random.below(timesOut ? 10 * MINUTE : 30_000), () => {
      call.done = true;
      call.opened = opens;
      if (opens) {
        const by = this.nodes.indexOf(node);
        this.openings.push({ node: by, target, window, trueWindow, attempt, ...against });
        this.#noticed(node.id, target);
      }
    });
    const { life } = node;
    const answer = (): void => {
      if (node.life === life) {
        const outcome = !call.done ? 'unknown' : call.opened ? 'opened' : 'not_opened';
        this.#give(node, { kind: 'outcome', id: wish, outcome });
      }
    };
    this.#queue.after(30_001, answer);
    if (this.#chance(this.#profile.crashPerCommand * 20)) {
      this.#crash(node);
    }
  }

  #against(node: NodeId, wish: string, target: NodeId): { readonly against?: string } {
    const original = this.#originals.against(node, target);
    if (this.#unapproved.has(wish)) {
      return { against: 'without a person’s yes' };
    }
    return original === undefined ? {} : { against: 'against an original’s intent that it heard' };
  }

  /** Some nodes come to see the channel, late; it is closed soon, so that the target is wanted again. */
  #noticed(holder: NodeId, target: NodeId): void {
    for (const node of this.nodes) {
      if (this.#chance(0.3)) {
        const at = this.#random.below(20 * MINUTE);
        const see = (open: boolean) => () =>
          this.#give(node, { kind: 'channel', holder, target, open });
        this.#queue.after(at, see(true));
        this.#queue.after(at + this.#random.below(20 * MINUTE), see(false));
      }
    }
  }
}
