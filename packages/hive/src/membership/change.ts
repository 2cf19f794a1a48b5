import type { NodeId } from '@cl-hive/core';
import { electorate } from '../lock/epoch.ts';
import type { Member, Membership, MembershipCommand, MembershipRefusal } from './types.ts';

/** One transition in the making. */
export class Change {
  state: Membership;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly #before: Membership;
  readonly #commands: MembershipCommand[] = [];

  constructor(state: Membership, now: number) {
    this.#before = state;
    this.state = state;
    this.now = now;
  }

  get seconds(): number {
    return Math.floor(this.now / 1000);
  }

  set(change: Partial<Omit<Membership, 'self'>>): void {
    this.state = { ...this.state, ...change };
  }

  push(command: MembershipCommand): void {
    this.#commands.push(command);
  }

  refuse(code: MembershipRefusal, about?: string): void {
    this.push(about === undefined ? { kind: 'refused', code } : { kind: 'refused', code, about });
  }

  full(what: string): void {
    this.push({ kind: 'alarm', code: 'bound_reached', what });
    this.refuse('bound_reached', what);
  }

  isVoting(node: NodeId): boolean {
    return this.state.members.get(node)?.tier === 'member';
  }

  voting(): readonly NodeId[] {
    return votingMembers(this.state);
  }

  member(node: NodeId, member: Member | undefined): void {
    const members = new Map(this.state.members);
    if (member === undefined) {
      members.delete(node);
    } else {
      members.set(node, member);
    }
    this.set({ members });
  }

  end(): { readonly state: Membership; readonly commands: readonly MembershipCommand[] } {
    const voting = this.voting();
    const changed = voting.join() !== votingMembers(this.#before).join();
    return {
      state: this.state,
      commands: changed
        ? [...this.#commands, { kind: 'electorate', members: voting }]
        : this.#commands,
    };
  }
}

/** The members that vote, in order of code units. */
export function votingMembers({ members }: Membership): readonly NodeId[] {
  return electorate([...members].flatMap(([node, { tier }]) => (tier === 'member' ? [node] : [])));
}
