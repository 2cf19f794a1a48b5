import { type CodedError, isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { type ListPieces, type OpenedList, takePieces } from './list-pieces.ts';
import type { PendingCall } from './pending-call.ts';
import { RpcError } from './rpc-error.ts';
import type { ProgressUpdate } from './rpc-method.ts';

/**
 * Gives a reply to its call: result, error, or the fault that it has neither. `opened` says where the
 * list stands that the call takes in pieces, where it was left out of the reply. Throws CodedError
 * `json_syntax` where that is none.
 */
export function settleWith(call: PendingCall, reply: JsonObject, opened?: OpenedList): void {
  const error = reply['error'];
  if (error !== undefined && error !== null) {
    call.fail(errorOf(call.method, error));
  } else if (Object.hasOwn(reply, 'result')) {
    const result = reply['result'] ?? null;
    call.succeed(call.list === undefined ? result : handOver(call, call.list, result, opened));
  } else {
    call.fault('rpc_bad_reply', `${call.method} was answered with neither result nor error`);
  }
}

/** Gives the call its list; the result without it. What the taker throws fails the call. */
function handOver(
  call: PendingCall,
  { member, take }: ListPieces,
  result: JsonValue,
  opened: OpenedList | undefined,
): JsonValue {
  const careful: ListPieces['take'] = (entries) => {
    if (!call.settled) {
      try {
        take(entries);
      } catch (error) {
        call.fail(error as CodedError);
      }
    }
  };
  if (opened !== undefined) {
    return takePieces(opened, careful)['result'] ?? null;
  }
  const list = isJsonObject(result) ? result[member] : undefined;
  if (!Array.isArray(list)) {
    return result;
  }
  careful(list);
  return { ...(result as JsonObject), [member]: [] };
}

/** Reads an error answer leniently: a plugin may send any shape through lightningd. */
function errorOf(method: string, error: JsonValue): RpcError {
  if (!isJsonObject(error)) {
    return new RpcError(method, -1, typeof error === 'string' ? error : 'unspecified error', error);
  }
  const { code, message, data } = error;
  return new RpcError(
    method,
    typeof code === 'number' ? code : -1,
    typeof message === 'string' ? message : 'unspecified error',
    data,
  );
}

/** The id that a `message` or `progress` notification belongs to, and what it says. */
export function progressOf(
  method: JsonValue | undefined,
  params: JsonValue | undefined,
): { readonly id: string; readonly update: ProgressUpdate } | undefined {
  if (!isJsonObject(params) || typeof params['id'] !== 'string') {
    return undefined;
  }
  const { id, level, message, stage } = params;
  if (method === 'message' && typeof message === 'string') {
    const update = { type: 'message', level: typeof level === 'string' ? level : 'info', message };
    return { id, update: update as ProgressUpdate };
  }
  const step = method === 'progress' ? stepOf(params) : undefined;
  if (step === undefined) {
    return undefined;
  }
  const part = isJsonObject(stage) ? stepOf(stage) : undefined;
  return {
    id,
    update: { type: 'progress', ...step, ...(part === undefined ? {} : { stage: part }) },
  };
}

function stepOf(from: JsonObject): { readonly num: number; readonly total: number } | undefined {
  const { num, total } = from;
  return typeof num === 'number' && typeof total === 'number' ? { num, total } : undefined;
}
