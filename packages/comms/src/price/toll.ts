import type { Msat } from '@cl-hive/core';

/** A token that a sender shows for its payment, as it was checked before the claim. */
export type ShownToken =
  | {
      readonly ok: true;
      readonly id: string;
      /** How often it can be used in all. */
      readonly uses: number;
    }
  | { readonly ok: false; readonly problem: string };

/** What a sender is asked for, and what it shows. */
export interface Toll {
  /** Msat for danger 1 to 10, in this order, for this very sender. */
  readonly byDanger: readonly Msat[];
  /** Whether actions that only read cost something too. */
  readonly reads: boolean;
  readonly token: ShownToken | undefined;
}

/** Whether an action may be had for what was shown. */
export type TollVerdict =
  | { readonly kind: 'free' }
  | { readonly kind: 'paid'; readonly token: string }
  | {
      readonly kind: 'due';
      readonly priceMsat: Msat;
      /** Why the token that was shown does not count; undefined when none was. */
      readonly problem: string | undefined;
    };

/** One use of a token, counted with the request that it pays for. */
export interface TokenUse {
  readonly token: string;
  readonly principal: string;
  readonly nonce: number;
  /** The request's intent; undefined for one that only reads. */
  readonly intent: number | undefined;
}

/**
 * What an action of `danger` (1 to 10) costs under `toll`. `used` is how often the shown token was used
 * before, read in the transaction that counts this use.
 */
export function judgeToll(
  toll: Toll | undefined,
  action: { readonly danger: number; readonly reads: boolean },
  used: number,
): TollVerdict {
  const priceMsat = toll?.byDanger[action.danger - 1] ?? (0n as Msat);
  if (toll === undefined || priceMsat === 0n || (action.reads && !toll.reads)) {
    return { kind: 'free' };
  }
  const { token } = toll;
  if (token === undefined) {
    return { kind: 'due', priceMsat, problem: undefined };
  }
  if (!token.ok) {
    return { kind: 'due', priceMsat, problem: token.problem };
  }
  return used < token.uses
    ? { kind: 'paid', token: token.id }
    : { kind: 'due', priceMsat, problem: 'token_used_up' };
}
