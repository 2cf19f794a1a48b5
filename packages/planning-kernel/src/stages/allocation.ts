import type { NodeId } from '@cl-hive/core';
import type { PlanningContext } from '../context.ts';
import type { MemberCapital } from '../fleet.ts';
import { normalizeIntent } from '../intents/normalize.ts';
import { FUNDING_SIDES, type OrderIntent, type RawIntent } from '../intents/order-intent.ts';
import type { ReasonCode } from '../reasons.ts';
import { type Size, sizeChannel } from '../sizing.ts';
import { expansionStrategy } from '../strategies/expansion.ts';
import type { Proposal } from '../strategies/strategy.ts';
import type { Stage } from './stage.ts';

/** An intent that got its member and amount, or that is passed on because it cannot be read. */
export type Allocated = RawIntent;

/** Gives capital, in sequence, to what is wanted: who opens, and how much. */
export const allocationStage: Stage<readonly Proposal[], readonly Allocated[]> = {
  name: 'allocation',
  run(context, proposals) {
    const allocation = new Allocation(context);
    return proposals.flatMap((proposal) =>
      proposal.intents.flatMap((intent) => allocation.take(intent)),
    );
  },
};

class Allocation {
  readonly #context: PlanningContext;
  readonly #idle: Map<string, number>;
  #budgetSat: number;
  /** Of members with a budget of their own. */
  readonly #budgets: Map<string, number>;
  #expansions = 0;
  /** Targets that got an opening in this plan. */
  readonly #opened = new Set<string>();
  /** Members that got one: the second waits for the next cycle. */
  readonly #busy = new Map<string, number>();

  constructor(context: PlanningContext) {
    this.#context = context;
    this.#idle = new Map(context.fleet.capital.map((c) => [c.member, c.idleSat]));
    this.#budgetSat = availableBudget(context);
    this.#budgets = memberBudgets(context);
  }

  take(raw: RawIntent): readonly Allocated[] {
    const fields = raw.member === undefined && raw.side === 'open' ? this.#choose(raw) : raw;
    if (fields === undefined) {
      return [];
    }
    const normalized = normalizeIntent(fields);
    if (!normalized.ok) {
      return [fields];
    }
    const reason = this.#refusal(normalized.intent);
    if (reason !== undefined) {
      this.#drop(reason, normalized.intent.target);
      return [];
    }
    this.#book(normalized.intent);
    return [fields];
  }

  #drop(reason: ReasonCode, target: unknown): void {
    this.#context.diagnostics.drop('allocation', reason, String(target));
  }

  /** Finds the member that opens, and the size. */
  #choose(raw: RawIntent): RawIntent | undefined {
    const target = typeof raw.target === 'string' ? raw.target : '';
    const own = raw.strategy === expansionStrategy.name;
    const early = this.#closed(target) ?? (own ? this.#expansionRefusal() : undefined);
    if (early !== undefined) {
      this.#drop(early, target);
      return undefined;
    }
    const choice = chooseOpener(this.#context, target, this.#budgetsLeft(), this.#idle, this.#busy);
    if (!choice.ok) {
      this.#drop(choice.reason, target);
      return undefined;
    }
    // An operator's amount is never exceeded, nor is it raised.
    const asked = typeof raw.quantitySat === 'number' ? raw.quantitySat : 0;
    return { ...raw, member: choice.member, quantitySat: Math.min(asked, choice.size.quantitySat) };
  }

  #expansionRefusal(): ReasonCode | undefined {
    return this.#expansions >= this.#context.snapshot.config.expansionsPerCycle
      ? 'cycle_limit'
      : undefined;
  }

  /** Whether something that is under way forbids another opening to a target. */
  #closed(target: string): ReasonCode | undefined {
    return (
      openingConflict(this.#context, target) ??
      (this.#opened.has(target) ? 'duplicate_order' : undefined)
    );
  }

  #refusal(intent: OrderIntent): ReasonCode | undefined {
    if (!this.#context.fleet.ids.has(intent.member)) {
      return 'not_a_member';
    }
    if (!FUNDING_SIDES.includes(intent.side)) {
      return undefined;
    }
    const closed = intent.side === 'open' ? this.#closed(intent.target) : undefined;
    return (
      closed ??
      (this.#context.unreadable.any
        ? 'commitment_unreadable'
        : intent.quantitySat > (this.#idle.get(intent.member) ?? 0)
          ? 'capital_short'
          : intent.quantitySat > budgetOf(this.#budgetsLeft(), intent.member)
            ? 'budget_exhausted'
            : undefined)
    );
  }

  #budgetsLeft(): Budgets {
    return { fleetSat: this.#budgetSat, ofMember: this.#budgets };
  }

  #book(intent: OrderIntent): void {
    if (!FUNDING_SIDES.includes(intent.side)) {
      return;
    }
    this.#idle.set(intent.member, (this.#idle.get(intent.member) ?? 0) - intent.quantitySat);
    this.#budgetSat -= intent.quantitySat;
    const own = this.#budgets.get(intent.member);
    if (own !== undefined) {
      this.#budgets.set(intent.member, own - intent.quantitySat);
    }
    if (intent.side === 'open') {
      this.#opened.add(intent.target);
      this.#busy.set(intent.member, (this.#busy.get(intent.member) ?? 0) + 1);
    }
    this.#expansions += intent.strategy === expansionStrategy.name ? 1 : 0;
  }
}

/** What of the period's budget is left, sat. */
export function availableBudget({ snapshot }: Pick<PlanningContext, 'snapshot'>): number {
  const { limitSat, spentSat, reservedSat } = snapshot.budget;
  return Math.max(0, limitSat - spentSat - reservedSat);
}

/** What may still be put into channels, sat: by the whole fleet, and by members that have a limit. */
export interface Budgets {
  readonly fleetSat: number;
  readonly ofMember: ReadonlyMap<string, number>;
}

/** Budgets of the members that have one of their own. */
export function memberBudgets({
  snapshot,
}: Pick<PlanningContext, 'snapshot'>): Map<string, number> {
  return new Map(
    snapshot.members.flatMap(({ id, budgetSat }): [string, number][] =>
      budgetSat === undefined ? [] : [[id, budgetSat]],
    ),
  );
}

function budgetOf(budgets: Budgets, member: string): number {
  return Math.min(budgets.fleetSat, budgets.ofMember.get(member) ?? budgets.fleetSat);
}

/** What forbids opening to a target at all: something under way, or something that cannot be read. */
export function openingConflict(
  { fleet, unreadable }: Pick<PlanningContext, 'fleet' | 'unreadable'>,
  target: string,
): ReasonCode | undefined {
  return unreadable.any || unreadable.targets.has(target)
    ? 'commitment_unreadable'
    : fleet.underWay.get(target);
}

/** Who opens to a target, and how much. */
export type OpenerChoice =
  | { readonly ok: true; readonly member: NodeId; readonly size: Extract<Size, { ok: true }> }
  | {
      readonly ok: false;
      readonly reason: 'no_eligible_member' | Extract<Size, { ok: false }>['reason'];
      /** Of the first eligible member, where there is one. */
      readonly size: Size | null;
    };

/** The best eligible member whose funds make a channel; members come best first. */
export function chooseOpener(
  { snapshot, fleet }: Pick<PlanningContext, 'snapshot' | 'fleet'>,
  target: string,
  budgets: Budgets,
  idle: ReadonlyMap<string, number>,
  busy: ReadonlyMap<string, number>,
): OpenerChoice {
  const share = fleet.shareOf(target);
  const there = fleet.connected.get(target);
  let first: Extract<Size, { ok: false }> | undefined;
  for (const capital of fleet.capital) {
    if (
      !eligible(capital, busy, snapshot.config.maxPendingPerMember) ||
      there?.has(capital.member) === true
    ) {
      continue;
    }
    const idleSat = idle.get(capital.member) ?? 0;
    const size = sizeChannel(snapshot.config, share, {
      idleSat,
      budgetSat: budgetOf(budgets, capital.member),
      perkb: snapshot.openingPerkb,
    });
    if (size.ok) {
      return { ok: true, member: capital.member, size };
    }
    first ??= size;
  }
  return first === undefined
    ? { ok: false, reason: 'no_eligible_member', size: null }
    : { ok: false, reason: first.reason, size: first };
}

function eligible(
  capital: MemberCapital,
  busy: ReadonlyMap<string, number>,
  maxPending: number,
): boolean {
  return (
    capital.ineligible === null && capital.pending + (busy.get(capital.member) ?? 0) < maxPending
  );
}
