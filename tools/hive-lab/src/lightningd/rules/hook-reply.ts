import { isHex, isJsonObject, type JsonObject, type JsonValue, parseMsat } from '@cl-hive/core';
import type { HookRule, MemberCheck } from '../data/hooks.ts';

/** What lightningd does with a plugin's reply to a hook. */
export type HookVerdict =
  | { readonly kind: 'next'; readonly reply: JsonObject }
  | { readonly kind: 'stop'; readonly reply: JsonObject }
  | { readonly kind: 'abort'; readonly reason: string };

const CHECKS: Readonly<Record<MemberCheck, (value: JsonValue) => boolean>> = {
  hex: (value) => typeof value === 'string' && isHex(value),
  preimage: (value) => typeof value === 'string' && isHex(value) && value.length === 64,
  channel_id: (value) => typeof value === 'string' && isHex(value) && value.length === 64,
  msat: (value) => parseMsat(value) !== undefined,
  any: () => true,
};

function abort(hook: string, why: string): HookVerdict {
  return { kind: 'abort', reason: `${why} in the reply to the ${hook} hook` };
}

/**
 * Judges the `result` member of a plugin's reply to `hook`. Whether the reply had one at all is
 * judged before (a reply without aborts lightningd whatever the hook).
 */
export function judgeHookReply(hook: string, rule: HookRule, result: JsonValue): HookVerdict {
  const reply = isJsonObject(result) ? result : {};
  if (rule.lenient === 'ignored') {
    return { kind: 'next', reply };
  }
  const said = reply['result'];
  if (rule.lenient === 'only-continue') {
    return { kind: said === 'continue' ? 'next' : 'stop', reply };
  }
  for (const [name, check] of Object.entries(rule.members ?? {})) {
    const value = reply[name];
    if (value !== undefined && !CHECKS[check](value)) {
      return abort(hook, `bad ${name}`);
    }
  }
  if (said === undefined) {
    const instead = rule.insteadOfResult;
    return instead !== undefined && reply[instead] !== undefined
      ? { kind: 'stop', reply }
      : abort(hook, 'no result');
  }
  const { results = {} } = rule;
  const known =
    typeof said === 'string' && Object.hasOwn(results, said) ? results[said] : undefined;
  if (typeof said !== 'string' || known === undefined) {
    return abort(hook, 'unknown result');
  }
  const forbidden = known.forbids?.find((name) => reply[name] !== undefined);
  if (forbidden !== undefined) {
    return abort(hook, `${forbidden} beside ${said}`);
  }
  if (known.needsOneOf?.every((name) => reply[name] === undefined) === true) {
    return abort(hook, `${said} without ${known.needsOneOf.join(' or ')}`);
  }
  return { kind: known.goesOn ? 'next' : 'stop', reply };
}

/** The payload for the next plugin after a `continue` that changed some of it. */
export function carryOver(rule: HookRule, payload: JsonObject, reply: JsonObject): JsonObject {
  let next = payload;
  for (const [member, path] of Object.entries(rule.carries ?? {})) {
    const value = reply[member];
    if (value !== undefined) {
      next = withPath(next, path, value);
    }
  }
  return next;
}

function withPath(target: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [head, ...rest] = path;
  if (head === undefined) {
    return target;
  }
  const inner = target[head];
  const changed =
    rest.length === 0 ? value : withPath(isJsonObject(inner) ? inner : {}, rest, value);
  return { ...target, [head]: changed };
}
