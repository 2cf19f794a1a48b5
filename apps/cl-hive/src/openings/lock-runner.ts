import { describeError, type NodeId } from '@cl-hive/core';
import {
  acceptanceText,
  firstEpoch,
  type LockCommand,
  type LockInput,
  type LockMessage,
  type LockRow,
  type LockState,
  lockClaims,
  lockText,
  newestEpoch,
  restoreLock,
  stepLock,
  WINDOW_BLOCKS,
} from '@cl-hive/hive';
import { Cell } from '../line/cell.ts';
import type { Line } from '../line/line.ts';
import type { Turn } from '../line/turn.ts';
import type { HivePort, Standing } from './hive-port.ts';
import { NOTICES_MAX } from './limits.ts';
import { lockWrites } from './lock-store.ts';

type Of<K extends LockCommand['kind']> = Extract<LockCommand, { readonly kind: K }>;

/** What the lock's runner works with. */
export interface LockRunnerParts {
  readonly self: NodeId;
  readonly hive: HivePort;
  /** The rows that are stored. */
  readonly stored: readonly LockRow[];
  readonly line: Pick<Line, 'run'>;
  /** How many lying members an opening of this node withstands: 0 or 1. */
  readonly liars: number;
  /** Guard time: it paces repetitions and decides about no grant. */
  readonly now: () => number;
  readonly log: (level: 'info' | 'unusual', text: string) => void;
  /** Carries an opening out, and tells its outcome as an input; must not throw. */
  readonly open: (command: Of<'open'>) => void;
  readonly reconcile: (command: Of<'reconcile'>) => void;
  /** Called after each step that changed something. */
  readonly changed: () => void;
}

/** Something that the lock told. */
export interface LockNotice {
  readonly code: Of<'notice'>['code'];
  readonly id?: string;
  readonly detail?: string;
}

/**
 * Runs the intent lock on the plugin's line: each step's rows are on disk before anything of it
 * leaves, and a step whose rows cannot be written has not happened.
 */
export class LockRunner {
  readonly #parts: LockRunnerParts;
  readonly #cell: Cell<LockState>;
  readonly #notices: LockNotice[] = [];
  /** Height at which this node was first the one that would begin the epochs. */
  #aloneSince: number | undefined;
  #started = false;

  constructor(parts: LockRunnerParts) {
    this.#parts = parts;
    this.#cell = new Cell(restoreLock(parts.self, parts.stored), lockWrites);
  }

  /** The lock as it is on disk. */
  get state(): LockState {
    return this.#cell.value;
  }

  get notices(): readonly LockNotice[] {
    return this.#notices;
  }

  /** Guard time of the lock. */
  now(): number {
    return this.#parts.now();
  }

  /** Who decides, by the newest epoch that this node knows. */
  get epochMembers(): readonly NodeId[] {
    return newestEpoch(this.state.tables.epochs.values())?.members ?? [];
  }

  /**
   * Gives an input; resolves when it has been decided and stored. Never rejects: what could not be
   * stored has not happened, and is repeated or looked for as if it had been lost on its way.
   */
  async give(input: LockInput): Promise<void> {
    try {
      await this.#parts.line.run((turn) => this.apply(turn, input));
    } catch (error) {
      this.#parts.log(
        'unusual',
        `the intent lock did not take ${input.kind}: ${describeError(error)}`,
      );
    }
  }

  /** A message of a member, whose connection proves who sent it. */
  async receive(from: NodeId, message: LockMessage): Promise<void> {
    const standing = this.#parts.hive.standing();
    if (standing === undefined || !standing.others.includes(from)) {
      return;
    }
    const { self, hive, log } = this.#parts;
    if (!lockClaims(self, from, message).every((claim) => hive.verify(claim))) {
      log('unusual', `a ${message.kind} from ${from} has a signature that does not hold`);
      return;
    }
    const epoch = message.kind === 'epoch' ? message.epoch : undefined;
    if (epoch !== undefined && this.#takesOver(epoch.members, from, standing.voting)) {
      await this.give({ kind: 'given_epoch', epoch });
    }
    await this.give({ kind: 'message', from, message });
  }

  /** Brings the lock in line with the membership, and repeats what was not answered. */
  async tick(): Promise<void> {
    await this.#membership();
    await this.give({ kind: 'tick' });
  }

  /**
   * Goes on after a start. Whoever could contest an opening, who has a channel already, and the height
   * are told before anything goes on.
   */
  async start(height: number, channels: ReadonlyMap<NodeId, readonly NodeId[]>): Promise<void> {
    const { line } = this.#parts;
    await line.run((turn) => {
      const state = { ...turn.get(this.#cell), taken: takenBy(channels) };
      turn.set(this.#cell, { ...state, originals: new Set(this.#contestants()) });
    });
    this.#started = true;
    const inputs: readonly LockInput[] = [
      { kind: 'tolerate', liars: this.#parts.liars },
      ...this.#members(),
      { kind: 'block', height },
      { kind: 'start' },
    ];
    for (const input of inputs) {
      await this.give(input);
    }
  }

  /** Decides about an input within a turn; nothing happens before {@link start}. */
  apply(turn: Turn, input: LockInput): void {
    if (!this.#started) {
      return;
    }
    const before = turn.get(this.#cell);
    const { state, commands } = stepLock(before, input, turn.now);
    if (state !== before) {
      turn.set(this.#cell, state);
      turn.after(() => this.#parts.changed());
    }
    for (const command of commands) {
      turn.after(() => this.#carryOut(command));
    }
  }

  #carryOut(command: LockCommand): void {
    const { hive, open, reconcile } = this.#parts;
    switch (command.kind) {
      case 'store':
        // Its rows are those of the cell.
        return;
      case 'send':
        hive.send(command.to, command.message);
        return;
      case 'send_signed':
        void this.#sendSigned(command);
        return;
      case 'accept':
        void this.#accept(command);
        return;
      case 'open':
        open(command);
        return;
      case 'reconcile':
        reconcile(command);
        return;
      case 'announce':
        hive.announce(command.target, this.#contestants());
        return;
      case 'take_back':
        hive.takeBack(command.target, this.#contestants());
        return;
      case 'notice':
        this.#notice(command);
        return;
    }
  }

  #notice({ code, id, detail }: Of<'notice'>): void {
    const notice: LockNotice = {
      code,
      ...(id === undefined ? {} : { id }),
      ...(detail === undefined ? {} : { detail }),
    };
    this.#notices.push(notice);
    this.#notices.splice(0, Math.max(0, this.#notices.length - NOTICES_MAX));
    const about = [id, detail].filter((text) => text !== undefined).join(': ');
    this.#parts.log(code === 'epoch_begins' ? 'info' : 'unusual', `intent lock: ${code} ${about}`);
  }

  async #sendSigned({ to, message }: Of<'send_signed'>): Promise<void> {
    const { self, hive, log } = this.#parts;
    const signed = new Map<string, string>();
    for (const member of to) {
      const text = lockText(member, message);
      try {
        const signature = signed.get(text) ?? (await hive.sign(text));
        signed.set(text, signature);
        if (member === self) {
          await this.give({ kind: 'message', from: self, message: { ...message, signature } });
        } else {
          hive.send(member, { ...message, signature });
        }
      } catch (error) {
        // Whoever waits for it asks again, and aborts are repeated.
        log('unusual', `a ${message.kind} could not be signed: ${describeError(error)}`);
      }
    }
  }

  async #accept({ to, ballot, value, stop }: Of<'accept'>): Promise<void> {
    const { self, hive, log } = this.#parts;
    try {
      const signature = await hive.sign(acceptanceText(value, ballot, stop));
      const acceptance = { member: self, stop, signature };
      const message: LockMessage = { kind: 'accepted', ballot, value, acceptance };
      if (to === self) {
        await this.give({ kind: 'message', from: self, message });
      } else {
        hive.send(to, message);
      }
    } catch (error) {
      // The proposer asks again.
      log('unusual', `an epoch could not be signed: ${describeError(error)}`);
    }
  }

  async #membership(): Promise<void> {
    const { hive, self } = this.#parts;
    const standing = hive.standing();
    if (standing === undefined) {
      return;
    }
    for (const input of this.#members()) {
      await this.give(input);
    }
    const known = this.epochMembers;
    if (known.length === 0 && this.#founds(standing)) {
      await this.give({ kind: 'given_epoch', epoch: firstEpoch([self]) });
    }
    if (standing.voters.some((voter) => !known.includes(voter))) {
      const newest = newestEpoch(this.state.tables.epochs.values())?.number ?? 0;
      // Of one that began alone, the hive's own may be any number.
      const after = known.length > 1 ? newest : 0;
      for (const member of standing.capable) {
        hive.send(member, { kind: 'ask_epoch', after });
      }
    }
  }

  /**
   * A member begins a chain of epochs where nobody else of this software has: at once where it is
   * alone in the hive, else, as the first of those it heard of, after two windows without any.
   */
  #founds({ others, voters }: Standing): boolean {
    const { height } = this.state;
    if (voters[0] !== this.#parts.self || height === 0) {
      this.#aloneSince = undefined;
      return false;
    }
    this.#aloneSince ??= height;
    return others.length === 0 || height - this.#aloneSince >= 2 * WINDOW_BLOCKS;
  }

  /**
   * Whether to take a first epoch from a member: where there is none, or where two nodes of this
   * software began one each, not knowing of one another; then that of more members, or of the lower
   * founder, is the hive's.
   */
  #takesOver(members: readonly NodeId[], from: NodeId, voting: readonly NodeId[]): boolean {
    const { self } = this.#parts;
    const own = this.epochMembers;
    const first = members[0];
    // Who has no vote, such as a neophyte, names no epoch and is in none.
    const known = (member: NodeId): boolean => member === self || voting.includes(member);
    if (first === undefined || !members.includes(from) || !members.every(known)) {
      return false;
    }
    return own.length === 0 || (own.join() === self && (members.length > 1 || first < self));
  }

  /** What membership says: who decides, and who speaks only the original's protocol. */
  #members(): LockInput[] {
    const { hive, self } = this.#parts;
    const voters = hive.standing()?.voters ?? [];
    const originals: LockInput = { kind: 'originals', members: this.#contestants() };
    return voters.includes(self)
      ? [originals, { kind: 'electorate', members: voters }]
      : [originals];
  }

  /** Members that the lock does not bind: all but those of the epoch and those without a vote. */
  #contestants(): readonly NodeId[] {
    const standing = this.#parts.hive.standing();
    if (standing === undefined) {
      return [];
    }
    const { others, voters, capable } = standing;
    const epoch = this.epochMembers;
    const bound = new Set([...epoch, ...capable.filter((member) => !voters.includes(member))]);
    return others.filter((member) => !bound.has(member));
  }
}

function takenBy(
  channels: ReadonlyMap<NodeId, readonly NodeId[]>,
): ReadonlyMap<NodeId, ReadonlySet<NodeId>> {
  const taken = new Map<NodeId, Set<NodeId>>();
  for (const [holder, targets] of channels) {
    for (const target of targets) {
      const holders = taken.get(target) ?? new Set();
      taken.set(target, holders.add(holder));
    }
  }
  return taken;
}
