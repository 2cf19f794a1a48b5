import type { NodeId } from '@cl-hive/core';
import { epochFor, grantsNeeded } from './epoch.ts';
import type { LockState } from './state.ts';
import type { RefusalReason, WishPhase, WishReason } from './types.ts';

/** Where an opening stands, for people: what it waits for, and who has not answered. */
export interface WishReport {
  readonly id: string;
  readonly target: NodeId;
  readonly phase: WishPhase;
  readonly reason?: WishReason;
  readonly window: number;
  readonly grants: { readonly have: number; readonly need: number };
  readonly silent: readonly NodeId[];
  readonly refused: Readonly<Record<string, RefusalReason>>;
}

/** Reports every opening that is kept. A cut-off part shows as grants below need and silent members. */
export function describeWishes(state: LockState): readonly WishReport[] {
  return [...state.tables.wishes.values()].map(({ id, target, phase, reason, window }) => {
    const members = epochFor(state.tables.epochs.values(), window)?.members ?? [];
    const round = state.rounds.get(id);
    const have = members.filter((member) => round?.granted.has(member) === true);
    const refused = members.flatMap((member) => {
      const answer = round?.refused.get(member);
      return answer === undefined ? [] : [[member, answer.reason] as const];
    });
    const waits = phase === 'gathering';
    return {
      id,
      target,
      phase,
      window,
      grants: {
        have: have.length,
        need: members.length === 0 ? 0 : grantsNeeded(members.length, state.liars),
      },
      silent: waits
        ? members.filter(
            (member) => round?.granted.has(member) !== true && round?.refused.has(member) !== true,
          )
        : [],
      refused: Object.fromEntries(refused),
      ...(reason === undefined ? {} : { reason }),
    };
  });
}
