import type { NodeId } from '@cl-hive/core';
import { PASSIVE_AFTER_MS, PASSIVE_REST_MS } from '../limits.ts';

/** An opening that a plan gave to a member, as this node remembers it. */
export interface Choice {
  readonly member: NodeId;
  readonly target: NodeId;
  /** Unix ms of the first plan that said so. */
  readonly since: number;
  /** Unix ms of the last one. */
  readonly until: number;
  /** Whether an intent, order or channel of that member for the target was seen since. */
  readonly followed: boolean;
}

/**
 * Members that plans chose for longer than {@link PASSIVE_AFTER_MS} and that did nothing about it: for
 * {@link PASSIVE_REST_MS} the fleet opens without them, so that a member that promises funds and never
 * acts keeps nobody from opening.
 */
export function passiveMembers(choices: readonly Choice[], now: number): ReadonlySet<NodeId> {
  return new Set(
    choices
      .filter(
        ({ followed, since, until }) =>
          !followed && until - since >= PASSIVE_AFTER_MS && now - until < PASSIVE_REST_MS,
      )
      .map(({ member }) => member),
  );
}

/** Remembers what a plan chose; choices whose rest is over are forgotten. */
export function withChoices(
  choices: readonly Choice[],
  chosen: readonly { readonly member: NodeId; readonly target: NodeId }[],
  followed: (choice: { readonly member: NodeId; readonly target: NodeId }) => boolean,
  now: number,
): readonly Choice[] {
  const same = (a: { member: NodeId; target: NodeId }, b: { member: NodeId; target: NodeId }) =>
    a.member === b.member && a.target === b.target;
  const kept = choices
    .map((choice) => ({
      ...choice,
      until: chosen.some((c) => same(c, choice)) ? now : choice.until,
      followed: choice.followed || followed(choice),
    }))
    .filter(({ until }) => now >= until && now - until < PASSIVE_REST_MS);
  const fresh = chosen
    .filter((c) => !kept.some((choice) => same(c, choice)))
    .map(({ member, target }) => ({
      member,
      target,
      since: now,
      until: now,
      followed: followed({ member, target }),
    }));
  return [...kept, ...fresh];
}
