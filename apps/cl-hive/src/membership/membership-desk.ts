import type { NodeId } from '@cl-hive/core';
import {
  type Membership,
  type MembershipCommand,
  type MembershipInput,
  type MembershipRefusal,
  newMembership,
  stepMembership,
  votingMembers,
} from '@cl-hive/hive';
import { Cell } from '../line/cell.ts';
import type { Turn } from '../line/turn.ts';
import { membershipRows } from '../store/membership-rows.ts';

/** What one input led to. */
export interface MembershipOutcome {
  readonly commands: readonly MembershipCommand[];
  /** Why it was refused; undefined when it was not. */
  readonly refused: MembershipRefusal | undefined;
}

/** Carries a command out, within the turn that decided it. */
export type CommandHandler = (turn: Turn, command: MembershipCommand) => void;

/** Who is in the hive: the one place where membership changes. */
export class MembershipDesk {
  readonly cell: Cell<Membership>;
  readonly #handlers: CommandHandler[] = [];

  constructor(stored: Membership) {
    this.cell = new Cell(stored, membershipRows);
  }

  /** Has every command that follows from an input carried out by `handler`, in order of registration. */
  onCommand(handler: CommandHandler): void {
    this.#handlers.push(handler);
  }

  /** Decides about one input; rows, visibility and effects are its turn's. */
  apply(turn: Turn, input: MembershipInput): MembershipOutcome {
    const { state, commands } = stepMembership(turn.get(this.cell), input, turn.now);
    if (state !== turn.get(this.cell)) {
      turn.set(this.cell, state);
    }
    for (const command of commands) {
      for (const handler of this.#handlers) {
        handler(turn, command);
      }
    }
    const refusal = commands.find((command) => command.kind === 'refused');
    return { commands, refused: refusal?.code };
  }

  /** Out of the hive: nothing of it stays, so that no two hives mix. */
  reset(turn: Turn): void {
    turn.set(this.cell, newMembership(turn.get(this.cell).self));
  }

  /** Membership as a turn has it so far, or as it is stored. */
  view(turn?: Turn): Membership {
    return turn === undefined ? this.cell.value : turn.get(this.cell);
  }

  isMember(node: NodeId, turn?: Turn): boolean {
    return this.view(turn).members.has(node);
  }

  isVoting(node: NodeId, turn?: Turn): boolean {
    return this.view(turn).members.get(node)?.tier === 'member';
  }

  isBanned(node: NodeId, turn?: Turn): boolean {
    return this.view(turn).bans.has(node);
  }

  /** Voting members in order of code units, this node among them. */
  voting(turn?: Turn): readonly NodeId[] {
    return votingMembers(this.view(turn));
  }

  /** Everybody in the hive but this node. */
  others(turn?: Turn): readonly NodeId[] {
    const { members, self } = this.view(turn);
    return [...members.keys()].filter((node) => node !== self);
  }
}
