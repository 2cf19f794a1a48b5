import { type CapUse, type Grant, type GrantUse, type Order, payerOf } from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import type { MethodChoice } from '@cl-hive/payments';
import { seconds } from '../pipeline/advisor-view.ts';
import { wordView } from '../pipeline/client-views.ts';
import type { DryRun, PayOutcome } from './pay-office.ts';

/** A cap with what counts against it and what it leaves. */
export function capView({ cap, usedMsat }: CapUse): JsonObject {
  const left = cap.capMsat - usedMsat;
  return {
    setting: cap.setting,
    ...(cap.purpose === undefined ? {} : { purpose: cap.purpose }),
    window_seconds: cap.windowMs / 1000,
    cap_msat: cap.capMsat,
    used_msat: usedMsat,
    left_msat: left > 0n ? left : 0n,
  };
}

/** A grant of the operator to itself, with what is left of it. */
export function payGrantView(grant: Grant, use: GrantUse | undefined): JsonObject {
  const { id, spend, constraints } = grant;
  const { purposes, amountMsatMax } = constraints;
  const left = (spend?.amountMsat ?? 0n) - (use?.spend ?? 0n);
  return {
    grant: id,
    amount_msat: spend?.amountMsat ?? 0n,
    left_msat: left > 0n ? left : 0n,
    ...(spend === undefined ? {} : { until: seconds(spend.until) }),
    ...(purposes === undefined ? {} : { purposes: [...purposes] }),
    ...(amountMsatMax === undefined ? {} : { amount_msat_max: amountMsatMax }),
  };
}

function orderView(order: Order): JsonObject {
  const { method, purpose, amountMsat, feeMsat, payee, reference } = order;
  return {
    method,
    purpose,
    amount_msat: amountMsat,
    max_fee_msat: feeMsat,
    ...(payee === undefined ? {} : { payee }),
    ...(reference === undefined ? {} : { reference }),
  };
}

function choiceView({ why, passed }: MethodChoice): JsonObject {
  return { why, ...(passed.length === 0 ? {} : { not: [...passed] }) };
}

/** What became of a payment. */
export function outcomeView(
  outcome: Extract<PayOutcome, { kind: 'done' }>,
  method: string,
  choice: MethodChoice,
): JsonObject {
  const { answer } = outcome;
  const { id: _, ...word } = wordView(answer.intent ?? 0, answer);
  const repeated = answer.repeated ? { repeated: true } : {};
  return { request: answer.intent ?? null, method, ...choiceView(choice), ...repeated, ...word };
}

/** What a payment would come to. */
export function dryRunView(
  run: Exclude<DryRun, { kind: 'refused' }>,
  method: string,
  choice: MethodChoice,
): JsonObject {
  if (run.kind === 'known') {
    return { dry_run: true, ...outcomeView({ ...run, kind: 'done' }, method, choice) };
  }
  const { quote, refusal, snapshot } = run;
  const { order, estimate } = quote;
  const { purpose } = order;
  const spending = snapshot.grants.filter(({ spend }) => spend !== undefined);
  return {
    dry_run: true,
    would: refusal === undefined ? 'pay' : 'refuse',
    ...(refusal === undefined ? {} : { ...refusal }),
    ...orderView(order),
    ...choiceView(choice),
    payer: payerOf('operator', purpose),
    ...(estimate === undefined ? {} : { route: estimate }),
    limits: snapshot.capUses
      .filter(({ cap }) => cap.purpose === undefined || cap.purpose === purpose)
      .map(capView),
    grants: spending.map((grant) => payGrantView(grant, snapshot.grantUse.get(grant.id))),
  };
}
