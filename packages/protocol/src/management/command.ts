import {
  DecodeError,
  err,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ok,
  type Result,
} from '@cl-hive/core';
import { UNKNOWN_DANGER } from './danger.ts';
import type { Effect } from './effect.ts';
import { type ActionSpec, findAction, MANAGEMENT_REGISTRY, type Tier } from './registry.ts';

/**
 * An action with checked parameters, frozen to the depth. What judges it and what carries it out get
 * this very object, so that they cannot read it differently.
 */
export interface ManagementCommand {
  readonly schema: string;
  readonly action: string;
  readonly params: JsonObject;
  readonly tier: Tier;
  /** 1 to 10. */
  readonly danger: number;
  readonly effect: Effect;
}

/** Why something is no command. */
export type CommandRefusalCode =
  | 'schema_unknown'
  | 'action_unknown'
  | 'params_shape'
  | 'param_unknown'
  | 'param_missing'
  | 'param_invalid';

/** A refusal with what would change it; `danger` is what it counts as (9 for the unknown). */
export interface CommandRefusal {
  readonly code: CommandRefusalCode;
  readonly message: string;
  readonly remedy: string;
  readonly danger: number;
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}

function refuse(
  code: CommandRefusalCode,
  message: string,
  remedy: string,
  danger: number,
): { readonly ok: false; readonly error: CommandRefusal } {
  return err({ code, message, remedy, danger });
}

function deepFreeze(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return Object.freeze(value.map(deepFreeze));
  }
  const copy: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value as JsonObject)) {
    copy[key] = deepFreeze(member);
  }
  return Object.freeze(copy);
}

function readParams(spec: ActionSpec, input: unknown): Result<JsonObject, CommandRefusal> {
  const name = `${spec.schema} ${spec.action}`;
  if (!isJsonObject(input)) {
    return refuse('params_shape', `${name}: params must be an object`, 'send {}', spec.danger);
  }
  for (const key of Object.keys(input)) {
    if (!spec.params.has(key)) {
      const known = [...spec.params.keys()].join(', ');
      const remedy = known === '' ? 'this action takes none' : `it takes ${known}`;
      return refuse('param_unknown', `${name}: no parameter ${quoted(key)}`, remedy, spec.danger);
    }
  }
  const params: Record<string, JsonValue> = {};
  for (const [key, param] of spec.params) {
    if (!Object.hasOwn(input, key)) {
      if (param.required) {
        return refuse('param_missing', `${name}: ${key} is missing`, `add ${key}`, spec.danger);
      }
      continue;
    }
    try {
      params[key] = deepFreeze(param.decode(input[key]));
    } catch (error) {
      const message = error instanceof DecodeError ? error.under(key).message : `${key}: refused`;
      return refuse('param_invalid', `${name}: ${message}`, `correct ${key}`, spec.danger);
    }
  }
  const clash = crossCheck(params);
  return clash === undefined
    ? ok(Object.freeze(params))
    : refuse('param_invalid', `${name}: ${clash}`, 'correct the parameters', spec.danger);
}

/** Rules between parameters; undefined when they agree. */
function crossCheck(params: JsonObject): string | undefined {
  const { htlc_minimum_msat: low, htlc_maximum_msat: high } = params;
  if (typeof low === 'number' && typeof high === 'number' && low > high) {
    return 'htlc_minimum_msat is above htlc_maximum_msat';
  }
  const { amount_sats: amount, push_msat: push } = params;
  if (typeof amount === 'number' && typeof push === 'number' && push > amount * 1000) {
    return 'push_msat is more than the channel holds';
  }
  if (params['from_channel'] !== undefined && params['from_channel'] === params['to_channel']) {
    return 'from_channel and to_channel are the same';
  }
  if (params['port'] !== undefined && params['host'] === undefined) {
    return 'port needs host';
  }
  return undefined;
}

const NEEDS_ONE: ReadonlyMap<string, readonly string[]> = new Map([
  ['hive:fee-policy/v1 set_single', ['base_msat', 'fee_ppm']],
  ['hive:htlc-policy/v1 set_htlc_limits', ['htlc_minimum_msat', 'htlc_maximum_msat']],
]);

/**
 * Reads an action from outside: exact ASCII names only, every parameter checked and bounded,
 * nothing unknown let through. The result is frozen.
 */
export function parseCommand(
  schema: string,
  action: string,
  params: unknown,
): Result<ManagementCommand, CommandRefusal> {
  if (!MANAGEMENT_REGISTRY.has(schema)) {
    const message = `there is no schema ${quoted(schema)}`;
    const remedy = `the schemas are ${[...MANAGEMENT_REGISTRY.keys()].join(', ')}`;
    return refuse('schema_unknown', message, remedy, UNKNOWN_DANGER);
  }
  const spec = findAction(schema, action);
  if (spec === undefined) {
    const known = [...(MANAGEMENT_REGISTRY.get(schema)?.keys() ?? [])].join(', ');
    const message = `${schema} has no action ${quoted(action)}`;
    return refuse('action_unknown', message, `its actions are ${known}`, UNKNOWN_DANGER);
  }
  const read = readParams(spec, params);
  if (!read.ok) {
    return read;
  }
  const oneOf = NEEDS_ONE.get(`${schema} ${action}`);
  if (oneOf !== undefined && !oneOf.some((key) => Object.hasOwn(read.value, key))) {
    const message = `${schema} ${action}: nothing to set`;
    return refuse('param_missing', message, `add ${oneOf.join(' or ')}`, spec.danger);
  }
  const { tier, danger, effect } = spec;
  return ok(Object.freeze({ schema, action, params: read.value, tier, danger, effect }));
}
