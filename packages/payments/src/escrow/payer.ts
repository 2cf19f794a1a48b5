import type { PartTerms, TicketTerms } from './terms.ts';

/** What shows that a task was done, or what was measured. */
export interface Evidence {
  readonly task: string;
  /** Digest of the receipt that proves it; one receipt releases one part. */
  readonly receipt: string;
  readonly shown:
    | { readonly kind: 'done'; readonly digest: string }
    | { readonly kind: 'not_done' }
    | {
        readonly kind: 'measured';
        readonly metric: string;
        readonly value: bigint;
        /** When it was measured, in seconds since 1970. */
        readonly at: number;
      };
}

/** Where one part stands for the payer. A part that is `refunding` may have been refunded already. */
export type PayerPart =
  | { readonly at: 'locked' }
  | { readonly at: 'released'; readonly receipt: string }
  | { readonly at: 'refunding'; readonly released: string | undefined }
  | { readonly at: 'refunded'; readonly released: string | undefined }
  | { readonly at: 'spent'; readonly released: string | undefined };

/** A ticket as its payer keeps it. `locking`: the money may be locked already. */
export interface PayerTicket {
  readonly terms: TicketTerms;
  readonly funding: 'planned' | 'locking' | 'unfunded' | 'funded';
  /** One for each part of the terms once funded; none before. */
  readonly parts: readonly PayerPart[];
}

/** What a call of the mint came to. `spent`: the receiver has taken the proofs. */
export type SwapOutcome = 'done' | 'failed' | 'unknown' | 'spent';

/** What happened. `part` is an index of the terms' parts. */
export type PayerEvent =
  | { readonly kind: 'fund' }
  | { readonly kind: 'locked'; readonly outcome: 'done' | 'failed' | 'unknown' }
  | { readonly kind: 'evidence'; readonly part: number; readonly evidence: Evidence }
  | { readonly kind: 'refund'; readonly part: number }
  | { readonly kind: 'refund_swapped'; readonly part: number; readonly outcome: SwapOutcome }
  | { readonly kind: 'mint_says'; readonly part: number; readonly spent: boolean }
  /** After a start, on a timer, and when the receiver asks again. */
  | { readonly kind: 'look' }
  | { readonly kind: 'tell_again' };

/**
 * What to do, after the new state is on disk. `lock` and `swap_refund` are done once; their `look_…`
 * only asks the mint (NUT-07) and restores what an earlier one made (NUT-09).
 */
export type PayerCommand =
  | { readonly kind: 'lock' }
  | { readonly kind: 'look_lock' }
  | { readonly kind: 'hand_over' }
  | { readonly kind: 'reveal'; readonly part: number }
  | { readonly kind: 'swap_refund'; readonly part: number }
  | { readonly kind: 'look_refund'; readonly part: number }
  | { readonly kind: 'ask_mint'; readonly part: number }
  | { readonly kind: 'alert'; readonly part: number; readonly reason: 'spent_unreleased' }
  | {
      readonly kind: 'receipt';
      readonly what: 'funded' | 'unfunded' | 'released' | 'refunded' | 'spent';
      readonly part: number | undefined;
    };

/** Why the payer does not do what it is asked (closed list). */
export type PayerRefusal =
  | 'no_such_part'
  | 'not_funded'
  | 'funded_already'
  | 'part_over'
  | 'released_already'
  | 'refund_under_way'
  | 'evidence_of_other_task'
  | 'evidence_used'
  | 'task_not_done'
  | 'out_of_order'
  | 'measure_differs'
  | 'measure_too_low'
  | 'measure_untimely'
  | 'before_locktime'
  | 'secret_was_given';

/** A step's outcome: the state, stored before any command is carried out. */
export interface PayerStep {
  readonly state: PayerTicket;
  readonly commands: readonly PayerCommand[];
  readonly refusal: PayerRefusal | undefined;
}

/** For how long after the locktime a part stays the receiver's whose secret was given, in seconds. */
export const REDEEM_GRACE_SECONDS = 7 * 86_400;

/** A ticket that nothing was done for yet. */
export function planTicket(terms: TicketTerms): PayerTicket {
  return { terms, funding: 'planned', parts: [] };
}

/**
 * The payer's next step; `now` in seconds since 1970. A part is refunded only when the mint has swapped
 * it, and its secret is given only for evidence, never while a refund may be under way.
 */
export function stepPayer(state: PayerTicket, event: PayerEvent, now: number): PayerStep {
  switch (event.kind) {
    case 'fund':
      return state.funding === 'planned'
        ? {
            state: { ...state, funding: 'locking' },
            commands: [{ kind: 'lock' }],
            refusal: undefined,
          }
        : refuse(state, 'funded_already');
    case 'locked':
      return locked(state, event.outcome);
    case 'look':
      return then(state, looks(state));
    case 'tell_again':
      return state.funding === 'funded'
        ? then(state, [{ kind: 'hand_over' }, ...reveals(state)])
        : refuse(state, 'not_funded');
    case 'evidence':
    case 'refund':
    case 'refund_swapped':
    case 'mint_says':
      return ofPart(state, event, now);
  }
}

function then(state: PayerTicket, commands: readonly PayerCommand[]): PayerStep {
  return { state, commands, refusal: undefined };
}

function refuse(state: PayerTicket, refusal: PayerRefusal): PayerStep {
  return { state, commands: [], refusal };
}

function locked(state: PayerTicket, outcome: 'done' | 'failed' | 'unknown'): PayerStep {
  if (state.funding !== 'locking' || outcome === 'unknown') {
    return then(state, []);
  }
  if (outcome === 'failed') {
    return then({ ...state, funding: 'unfunded' }, [
      { kind: 'receipt', what: 'unfunded', part: undefined },
    ]);
  }
  return then(
    { ...state, funding: 'funded', parts: state.terms.parts.map(() => ({ at: 'locked' })) },
    [{ kind: 'receipt', what: 'funded', part: undefined }, { kind: 'hand_over' }],
  );
}

function looks({ funding, parts }: PayerTicket): readonly PayerCommand[] {
  if (funding === 'locking') {
    return [{ kind: 'look_lock' }];
  }
  return parts.flatMap((one, part): readonly PayerCommand[] => {
    switch (one.at) {
      case 'refunding':
        return [{ kind: 'look_refund', part }];
      case 'locked':
      case 'released':
        return [{ kind: 'ask_mint', part }];
      case 'refunded':
      case 'spent':
        return [];
    }
  });
}

function reveals({ parts }: PayerTicket): readonly PayerCommand[] {
  return parts.flatMap(({ at }, part) => (at === 'released' ? [{ kind: 'reveal', part }] : []));
}

type PartEvent = Extract<PayerEvent, { readonly part: number }>;

function ofPart(state: PayerTicket, event: PartEvent, now: number): PayerStep {
  const terms = state.terms.parts[event.part];
  if (terms === undefined) {
    return refuse(state, 'no_such_part');
  }
  const part = state.parts[event.part];
  if (part === undefined) {
    return refuse(state, 'not_funded');
  }
  switch (event.kind) {
    case 'evidence':
      return release(state, event, part, terms);
    case 'refund':
      return refund(state, event.part, part, now);
    case 'refund_swapped':
      return swapped(state, event, part);
    case 'mint_says':
      return event.spent ? spent(state, event.part, part) : then(state, []);
  }
}

function put(state: PayerTicket, at: number, part: PayerPart): PayerTicket {
  return { ...state, parts: state.parts.with(at, part) };
}

function releasedBy(part: PayerPart): string | undefined {
  switch (part.at) {
    case 'locked':
      return undefined;
    case 'released':
      return part.receipt;
    default:
      return part.released;
  }
}

function release(
  state: PayerTicket,
  { part: index, evidence }: Extract<PayerEvent, { readonly kind: 'evidence' }>,
  part: PayerPart,
  { condition }: PartTerms,
): PayerStep {
  switch (part.at) {
    case 'released':
      return refuse(state, 'released_already');
    case 'refunding':
      return refuse(state, 'refund_under_way');
    case 'refunded':
    case 'spent':
      return refuse(state, 'part_over');
    case 'locked': {
      const used = state.parts.some((one) => releasedBy(one) === evidence.receipt);
      const before = state.parts.slice(0, index);
      const waits =
        state.terms.kind === 'milestone' && before.some((one) => releasedBy(one) === undefined);
      const unearned =
        objection(condition, evidence) ??
        (used ? 'evidence_used' : waits ? 'out_of_order' : undefined);
      return unearned === undefined
        ? then(put(state, index, { at: 'released', receipt: evidence.receipt }), [
            { kind: 'receipt', what: 'released', part: index },
            { kind: 'reveal', part: index },
          ])
        : refuse(state, unearned);
    }
  }
}

/** Why `evidence` does not earn a part under `condition`; undefined when it does. */
function objection(
  condition: PartTerms['condition'],
  { task, shown }: Evidence,
): PayerRefusal | undefined {
  if (task !== condition.task) {
    return 'evidence_of_other_task';
  }
  if (condition.kind === 'task') {
    if (shown.kind !== 'done') {
      return 'task_not_done';
    }
    return shown.digest === condition.digest ? undefined : 'evidence_of_other_task';
  }
  if (shown.kind !== 'measured' || shown.metric !== condition.metric) {
    return 'measure_differs';
  }
  if (shown.at < condition.from || shown.at > condition.until) {
    return 'measure_untimely';
  }
  return shown.value < condition.atLeast ? 'measure_too_low' : undefined;
}

function refund(state: PayerTicket, index: number, part: PayerPart, now: number): PayerStep {
  switch (part.at) {
    case 'refunding':
      return refuse(state, 'refund_under_way');
    case 'refunded':
    case 'spent':
      return refuse(state, 'part_over');
    case 'locked':
    case 'released': {
      const { locktime } = state.terms;
      if (now < locktime) {
        return refuse(state, 'before_locktime');
      }
      if (part.at === 'released' && now < locktime + REDEEM_GRACE_SECONDS) {
        return refuse(state, 'secret_was_given');
      }
      return then(put(state, index, { at: 'refunding', released: releasedBy(part) }), [
        { kind: 'swap_refund', part: index },
      ]);
    }
  }
}

function swapped(
  state: PayerTicket,
  { part: index, outcome }: Extract<PayerEvent, { readonly kind: 'refund_swapped' }>,
  part: PayerPart,
): PayerStep {
  if (part.at !== 'refunding' || outcome === 'unknown') {
    return then(state, []);
  }
  const { released } = part;
  switch (outcome) {
    case 'done':
      return then(put(state, index, { at: 'refunded', released }), [
        { kind: 'receipt', what: 'refunded', part: index },
      ]);
    case 'spent':
      return over(state, index, released);
    case 'failed':
      return then(
        put(
          state,
          index,
          released === undefined ? { at: 'locked' } : { at: 'released', receipt: released },
        ),
        [],
      );
  }
}

/** The proofs are spent. While a refund may be under way that can be ourselves: the wallet looks. */
function spent(state: PayerTicket, index: number, part: PayerPart): PayerStep {
  switch (part.at) {
    case 'refunded':
    case 'spent':
      return then(state, []);
    case 'refunding':
      return then(state, [{ kind: 'look_refund', part: index }]);
    case 'locked':
    case 'released':
      return over(state, index, releasedBy(part));
  }
}

function over(state: PayerTicket, index: number, released: string | undefined): PayerStep {
  const alarm: readonly PayerCommand[] =
    released === undefined ? [{ kind: 'alert', part: index, reason: 'spent_unreleased' }] : [];
  return then(put(state, index, { at: 'spent', released }), [
    { kind: 'receipt', what: 'spent', part: index },
    ...alarm,
  ]);
}
