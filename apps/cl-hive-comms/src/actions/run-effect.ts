import type { EffectResult, Observation } from '@cl-hive/comms';
import { plainResult } from '@cl-hive/comms';
import { canonicalText, type ManagementCommand, sha256Hex } from '@cl-hive/protocol';
import { certaintyOf, explain, isUnknownCommand } from '@cl-hive/runtime/node';
import type { ActionContext, Attempt, Done, EffectAction, Look, Plan } from './action.ts';
import { MarkerStore } from './marker-store.ts';

const UNSEEN: Observation = { stateAfter: undefined, confirmed: undefined };

/** SHA-256 of what an action may change, as it stands; undefined when the node cannot be asked. */
export async function stateHash(
  context: ActionContext,
  action: EffectAction,
  command: ManagementCommand,
): Promise<string | undefined> {
  try {
    return sha256Hex(canonicalText(plainResult(await action.state(context, command))));
  } catch (error) {
    context.log.warn(`${command.schema} ${command.action}: state not read: ${explain(error)}`);
    return undefined;
  }
}

/**
 * Carries an effect out, at most once for its key: what must be known to find it again is stored in
 * lightningd first, and where it is stored already nothing is tried, only looked for.
 */
export async function executeEffect(
  context: ActionContext,
  action: EffectAction,
  attempt: Omit<Attempt, 'marker'>,
): Promise<EffectResult> {
  const markers = new MarkerStore(context.rpc);
  try {
    if ((await markers.read(attempt.key)) !== undefined) {
      return await lookForEarlier(context, action, attempt);
    }
  } catch (error) {
    return { kind: 'unknown', message: `the node could not be asked: ${explain(error)}` };
  }
  let plan: Plan;
  try {
    plan = await action.plan(context, attempt.command, attempt.intent);
  } catch (error) {
    return { kind: 'failed', message: `nothing was tried: ${explain(error)}` };
  }
  if (plan.kind !== 'go') {
    return plan;
  }
  const { marker } = plan;
  try {
    if (!(await markers.create(attempt.key, marker))) {
      await release(context, action, marker);
      return await lookForEarlier(context, action, attempt);
    }
  } catch (error) {
    await release(context, action, marker);
    return { kind: 'failed', message: `nothing was tried: ${explain(error)}` };
  }
  const whole: Attempt = { ...attempt, marker };
  try {
    return executed(await action.perform(context, whole));
  } catch (error) {
    return await afterError(context, action, whole, error);
  }
}

function executed({ result, leftMsat, undelivered }: Done): EffectResult {
  const missing = undelivered === undefined ? {} : { undelivered };
  return { kind: 'executed', result, leftMsat, ...missing };
}

async function lookForEarlier(
  context: ActionContext,
  action: EffectAction,
  attempt: Omit<Attempt, 'marker'>,
): Promise<EffectResult> {
  try {
    const marker = await new MarkerStore(context.rpc).read(attempt.key);
    return marker === undefined
      ? { kind: 'unknown', message: 'it was tried before' }
      : await lookAgain(context, action, { ...attempt, marker }, 0);
  } catch (error) {
    return { kind: 'unknown', message: `it was tried before: ${explain(error)}` };
  }
}

async function release(
  context: ActionContext,
  action: EffectAction,
  marker: Attempt['marker'],
): Promise<void> {
  try {
    await action.release?.(context, marker);
  } catch (error) {
    context.log.warn(`what an action held back was not given back: ${explain(error)}`);
  }
}

/** An error is not the last word: the node is asked whether the effect is there all the same. */
async function afterError(
  context: ActionContext,
  action: EffectAction,
  attempt: Attempt,
  error: unknown,
): Promise<EffectResult> {
  const certainty = certaintyOf(error);
  const message = explain(error);
  let look: Look;
  try {
    look = await action.look(context, attempt);
  } catch (fault) {
    context.log.warn(`the node could not be asked after ${message}: ${explain(fault)}`);
    return { kind: 'unknown', message };
  }
  switch (look.kind) {
    case 'there':
      return executed(look);
    case 'partial':
      return certainty === 'open'
        ? { kind: 'unknown', message: `${message}; a part of it is done` }
        : executed(look);
    case 'pending':
      return { kind: 'unknown', message: `${message}; ${look.message}` };
    case 'over':
    case 'absent':
      break;
  }
  if (look.kind === 'absent' && certainty === 'open') {
    return { kind: 'unknown', message };
  }
  await release(context, action, attempt.marker);
  return { kind: isUnknownCommand(error) ? 'unsupported' : 'failed', message };
}

/**
 * Looks for the effect of an earlier attempt, and tries nothing. `absentMs` says for how long it has
 * been absent: before `settleMs` that means nothing yet.
 */
export async function lookAgain(
  context: ActionContext,
  action: EffectAction,
  attempt: Attempt,
  absentMs: number,
): Promise<EffectResult> {
  const look = await action.look(context, attempt);
  const settled = absentMs >= action.settleMs;
  switch (look.kind) {
    case 'there':
      return executed(look);
    case 'partial':
      return settled ? executed(look) : { kind: 'unknown', message: 'a part of it is done' };
    case 'pending':
      return { kind: 'unknown', message: look.message };
    case 'over':
      await release(context, action, attempt.marker);
      return { kind: 'failed', message: look.message };
    case 'absent':
      if (!settled) {
        return { kind: 'unknown', message: look.message };
      }
      await release(context, action, attempt.marker);
      return { kind: 'failed', message: look.message };
  }
}

/** What the node shows right after an effect. Never throws: what cannot be seen is undefined. */
export async function observeEffect(
  context: ActionContext,
  action: EffectAction,
  attempt: Omit<Attempt, 'marker'>,
): Promise<Observation> {
  try {
    const marker = await new MarkerStore(context.rpc).read(attempt.key);
    if (marker === undefined) {
      return UNSEEN;
    }
    const look = await action.look(context, { ...attempt, marker });
    return {
      stateAfter: await stateHash(context, action, attempt.command),
      confirmed: confirmedBy(look, action.volatile === true),
    };
  } catch (error) {
    context.log.warn(`${attempt.key}: the effect could not be looked at: ${explain(error)}`);
    return UNSEEN;
  }
}

function confirmedBy({ kind }: Look, volatile: boolean): boolean | undefined {
  switch (kind) {
    case 'there':
    case 'partial':
      return true;
    case 'pending':
      return undefined;
    case 'absent':
    case 'over':
      return volatile ? undefined : false;
  }
}
