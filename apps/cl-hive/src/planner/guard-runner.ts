import { RpcError } from '@cl-hive/cln-rpc';
import { describeError, type NodeId } from '@cl-hive/core';
import type { PlannerLogLine } from '@cl-hive/hive';
import type { GuardIntent } from '@cl-hive/planning-kernel';
import type { PlannerNode } from './node-facts.ts';
import { noteGuard, type PlannerStore } from './store/planner-store.ts';

/** What the guard's runner works with. */
export interface GuardParts {
  readonly node: PlannerNode;
  readonly store: PlannerStore;
  readonly self: NodeId;
  readonly signal: AbortSignal;
  readonly now: number;
}

/** JSON-RPC's code of a method that nobody serves. */
const UNKNOWN_METHOD = -32601;

/**
 * Tells this node's CLBOSS what a plan says, one after the other, and logs each. A tag is noted as the
 * planner's own before it is set: one that is noted and not in force is forgotten in the next cycle,
 * one that is in force and not noted would never be released.
 */
export async function applyGuard(
  parts: GuardParts,
  intents: readonly GuardIntent[],
): Promise<void> {
  for (const intent of intents.filter(({ member }) => member === parts.self)) {
    const line = await applyOne(parts, intent);
    await parts.store.log([line], parts.now);
    if (parts.signal.aborted || line.details['code'] === UNKNOWN_METHOD) {
      return;
    }
  }
}

async function applyOne(
  { node, store, signal, now }: GuardParts,
  { target, action, params }: GuardIntent,
): Promise<PlannerLogLine> {
  const actionType = action === 'ignore' ? 'ignore' : 'unignore';
  const details = { method: 'clboss-unmanage', tags: params[1] };
  if (action === 'ignore') {
    await store.transact((transactor) => noteGuard(transactor, target, true, now));
  }
  try {
    await node.setTags(params, signal);
  } catch (error) {
    const code = error instanceof RpcError ? { code: error.rpcCode } : {};
    return {
      actionType,
      target,
      result: 'failed',
      details: { ...details, ...code, message: describeError(error) },
    };
  }
  if (action === 'release') {
    await store.transact((transactor) => noteGuard(transactor, target, false, now));
  }
  return { actionType, target, result: 'success', details };
}
