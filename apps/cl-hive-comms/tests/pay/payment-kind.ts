import { type Clock, type JsonObject, type Msat, type NodeId, stringifyJson } from '@cl-hive/core';
import type { TestNode } from '@cl-hive/hive-lab';
import type { Store } from '@cl-hive/store';
import type { SeededRandom } from '@cl-hive/testkit';
import type { PayAsk, PaymentRail } from '../../src/pay/rail.ts';
import type { CommsDatabase } from '../../src/store/database.ts';

/** What a kind is opened with, once for each payer; it outlives the payer's processes. */
export interface KindSetting {
  readonly payer: TestNode;
  readonly payee: TestNode;
  readonly store: Store<CommsDatabase>;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** While it is true nothing fails on purpose. */
  readonly calm: { readonly on: boolean };
}

/** What a process brings to its rails. */
export interface KindProcess {
  readonly self: NodeId;
  /** The database as long as the process lives. */
  readonly store: Store<CommsDatabase>;
  /** Once it is killed nothing that it asks is sent or answered. */
  readonly alive: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * A kind of payment for the random operations: a method plugs in here with its rail, what may be asked of
 * it, and what really left by it, told by whoever holds the money and not by cl-hive-comms.
 */
export interface PaymentKind {
  readonly method: PayAsk['method'];
  /** Whether what is asked for can be paid once only, whoever asks: an invoice can, an offer cannot. */
  readonly once: boolean;
  readonly open: (setting: KindSetting) => Promise<OpenKind>;
}

/** A kind for one payer. */
export interface OpenKind {
  readonly rail: (process: KindProcess) => Promise<PaymentRail>;
  /** The `number`th ask, from 1; `amountMsat` is its alone where the kind lets it choose. */
  readonly ask: (
    number: number,
    amountMsat: Msat,
  ) => Promise<Pick<PayAsk, 'amountMsat' | 'detail'> & Partial<Pick<PayAsk, 'maxFeeMsat'>>>;
  /** What left the payer by this method, in msat, fees included. */
  readonly left: () => Promise<bigint>;
  /** How often each thing that was asked for was paid, where it was paid at all. */
  readonly times: () => Promise<readonly number[]>;
  readonly close?: () => Promise<void>;
}

/** The payments of a node whose hash is in `hashes`, or all that `which` takes, as lightningd tells. */
export async function leftBy(
  payer: TestNode,
  which: (pay: JsonObject) => boolean,
): Promise<bigint> {
  const { pays } = await payer.call('listpays');
  return (pays as readonly JsonObject[])
    .filter((pay) => pay['status'] === 'complete' && which(pay))
    .reduce((sum, { amount_sent_msat: sent }) => sum + BigInt(sent as number), 0n);
}

/** How often each amount arrived at a node by invoices that `which` takes. */
export async function arrivedBy(
  payee: TestNode,
  which: (invoice: JsonObject) => boolean,
): Promise<readonly number[]> {
  const { invoices } = await payee.call('listinvoices');
  const counts = new Map<string, number>();
  for (const invoice of invoices as readonly JsonObject[]) {
    if (invoice['status'] === 'paid' && which(invoice)) {
      const amount = stringifyJson(invoice['amount_received_msat'] ?? null);
      counts.set(amount, (counts.get(amount) ?? 0) + 1);
    }
  }
  return [...counts.values()];
}

/** An invoice of a node's own making, with its payment hash. */
export async function invoiceFrom(
  payee: TestNode,
  label: string,
  amountMsat: Msat,
): Promise<{ readonly bolt11: string; readonly hash: string }> {
  const made = await payee.call('invoice', { amount_msat: amountMsat, label, description: '' });
  return { bolt11: made['bolt11'] as string, hash: made['payment_hash'] as string };
}
