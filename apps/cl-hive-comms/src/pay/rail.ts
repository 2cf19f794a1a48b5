import { type Order, type OrderReason, type PayMethod, readOrder } from '@cl-hive/comms';
import type { JsonObject, Msat, NodeId } from '@cl-hive/core';
import type { ActionContext, EffectAction } from '../actions/action.ts';
import { loadChannels } from '../actions/channel-view.ts';

/** What somebody wants paid, before anything was asked of the payee. */
export interface PayAsk {
  readonly method: PayMethod;
  /** What it is for; see `isPurpose`. */
  readonly purpose: string;
  /** Exactly this; undefined: what the payee asks. */
  readonly amountMsat: Msat | undefined;
  /** The highest fee on top; undefined: the method's own bound. */
  readonly maxFeeMsat: Msat | undefined;
  /** Who has to be paid; undefined where anybody may be. */
  readonly payee: NodeId | undefined;
  /** Names the payment across tries: of several with the same key at most one is made. */
  readonly idempotencyKey: string | undefined;
  /** What the method needs, such as an invoice; no secrets, it is kept in receipts. */
  readonly detail: JsonObject;
}

/** What a method made of an ask: the order, all amounts bound, or why it is not paid. */
export type Quote =
  | {
      readonly kind: 'order';
      readonly order: Order;
      /** What is known of the way, for a dry run: hops, fee, probability. */
      readonly estimate: JsonObject | undefined;
    }
  | RefusedQuote;

/** Why something is not paid. */
export interface RefusedQuote {
  readonly kind: 'refused';
  readonly code: OrderReason;
  readonly message: string;
  readonly remedy: string;
}

/**
 * A method of payment. `quote` reads and asks; no money moves and nothing lasting happens by it. Then
 * the order is claimed: limits, ledger and receipt, in one transaction. The rest is carried out as every
 * effect is: `plan` (may refuse, says what is needed to find the payment again), the plan's marker in
 * lightningd's datastore, `perform` once, `look` from then on; it never tries again. `command.params`
 * hold the order, see `orderOf`.
 */
export interface PaymentRail
  extends Pick<EffectAction, 'plan' | 'release' | 'perform' | 'look' | 'settleMs'> {
  readonly method: PayMethod;
  /** `dry`: for a dry run, which asks the payee for nothing. */
  readonly quote: (context: ActionContext, ask: PayAsk, dry: boolean) => Promise<Quote>;
}

/** The methods that this node can pay by. */
export type Rails = ReadonlyMap<PayMethod, PaymentRail>;

/** Rails by their method. */
export function railsOf(...rails: readonly PaymentRail[]): Rails {
  return new Map(rails.map((rail) => [rail.method, rail]));
}

/** A quote that refuses. */
export function refuse(code: OrderReason, message: string, remedy: string): RefusedQuote {
  return { kind: 'refused', code, message, remedy };
}

/** The order that a command stands for. */
export const orderOf = readOrder;

/** A rail as the pipeline carries it out: what an order costs and touches, it says itself. */
export function orderAction(rail: PaymentRail): EffectAction {
  const { plan, perform, look, settleMs, release } = rail;
  return {
    kind: 'effect',
    facts: async ({ rpc }, command) => {
      const { amountMsat, feeMsat, peers } = readOrder(command);
      return (await loadChannels(rpc)).facts([], { amountMsat, feeMsat, peers });
    },
    state: async ({ rpc }) => {
      const view = await loadChannels(rpc);
      return { channels_local_msat: view.all.reduce((sum, { toUsMsat }) => sum + toUsMsat, 0n) };
    },
    plan,
    perform,
    look,
    settleMs,
    ...(release === undefined ? {} : { release }),
  };
}
