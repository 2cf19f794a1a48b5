import {
  amountMsat,
  array,
  CodedError,
  DecodeError,
  type Decoder,
  describeError,
  integer,
  isJsonObject,
  type Msat,
  text,
} from '@cl-hive/core';
import { findAction, MANAGEMENT_REGISTRY } from '@cl-hive/protocol';
import { NAMED_LIST_MAX, PURPOSE_LIMITS_MAX } from '../limits.ts';
import { isPurpose, PAY_METHODS, type PayMethod } from '../orders/order.ts';
import { isTimeZone, type QuietHours } from './quiet-hours.ts';
import type { AmountStep, Limit, PolicyRules } from './rules.ts';

const danger = integer(0, 10);
const schemaName: Decoder<string> = (input) => {
  if (typeof input !== 'string' || !MANAGEMENT_REGISTRY.has(input)) {
    throw new DecodeError('the name of a schema', input);
  }
  return input;
};

/** An action written `schema action`. */
export const actionName: Decoder<string> = (input) => {
  const [schema, action, ...rest] = typeof input === 'string' ? input.split(' ') : [];
  const known = schema !== undefined && action !== undefined && rest.length === 0;
  if (!known || findAction(schema, action) === undefined) {
    throw new DecodeError('an action, written "SCHEMA ACTION"', input);
  }
  return `${schema} ${action}`;
};

function limit<T>(inner: Decoder<T>): Decoder<Limit<T>> {
  return (input) => (input === 'unlimited' ? 'unlimited' : inner(input));
}

/** An amount in msat that is an integer: a text with a unit is for people's parameters, not for a policy. */
const wholeMsat: Decoder<Msat> = (input) => {
  if (typeof input !== 'number' && typeof input !== 'bigint') {
    throw new DecodeError('an integer in msat, or "unlimited"', input);
  }
  return amountMsat(input);
};

function setOf(item: Decoder<string>): Decoder<ReadonlySet<string>> {
  const list = array(item, NAMED_LIST_MAX);
  return (input) => new Set(list(input));
}

function exact(input: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isJsonObject(input) || Object.keys(input).sort().join() !== [...keys].sort().join()) {
    throw new DecodeError(`an object with exactly ${keys.join(', ')}`, input);
  }
  return input;
}

const clockTime: Decoder<number> = (input) => {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text(5)(input));
  if (match === null) {
    throw new DecodeError('a time of day, HH:MM', input);
  }
  return Number(match[1]) * 60 + Number(match[2]);
};

const quietHours: Decoder<QuietHours | undefined> = (input) => {
  if (input === 'none') {
    return undefined;
  }
  const value = exact(input, ['zone', 'from', 'to', 'danger_max']);
  const zone = text(64)(value['zone']);
  if (!isTimeZone(zone)) {
    throw new DecodeError('an IANA time zone such as Europe/Berlin', zone).under('zone');
  }
  const fromMinute = clockTime(value['from']);
  const toMinute = clockTime(value['to']);
  if (fromMinute === toMinute) {
    throw new DecodeError('two different times', value['to']).under('to');
  }
  return { zone, fromMinute, toMinute, dangerMax: danger(value['danger_max']) };
};

const amountSteps: Decoder<readonly AmountStep[]> = (input) => {
  const steps = array((item) => {
    const value = exact(item, ['above_msat', 'danger']);
    return {
      aboveMsat: wholeMsat(value['above_msat']),
      danger: integer(1, 10)(value['danger']),
    };
  }, 16)(input);
  const ascending = steps.every((step, index) => {
    const before = steps[index - 1];
    return (
      before === undefined || (step.aboveMsat > before.aboveMsat && step.danger >= before.danger)
    );
  });
  if (!ascending) {
    throw new DecodeError('steps of ascending amounts and dangers', input);
  }
  return steps;
};

const purposePerDayMsat: Decoder<ReadonlyMap<string, Msat>> = (input) => {
  if (!isJsonObject(input)) {
    throw new DecodeError('an object of purposes, each with an integer in msat', input);
  }
  const entries = Object.entries(input);
  if (entries.length > PURPOSE_LIMITS_MAX) {
    throw new DecodeError(`at most ${PURPOSE_LIMITS_MAX} purposes`, entries.length);
  }
  const limits = new Map<string, Msat>();
  for (const [purpose, most] of entries) {
    if (!isPurpose(purpose)) {
      throw new DecodeError('a purpose of a-z 0-9 _ -', purpose);
    }
    limits.set(purpose, wholeMsat(most));
  }
  return limits;
};

const payMethods: Decoder<readonly PayMethod[] | undefined> = (input) => {
  if (input === 'any') {
    return undefined;
  }
  const methods = array((one) => {
    const method = PAY_METHODS.find((known) => known === one);
    if (method === undefined) {
      throw new DecodeError(`one of ${PAY_METHODS.join(', ')}`, one);
    }
    return method;
  }, PAY_METHODS.length)(input);
  if (new Set(methods).size !== methods.length) {
    throw new DecodeError('each method once', input);
  }
  return methods;
};

const DECODERS: { readonly [K in keyof PolicyRules]: Decoder<PolicyRules[K]> } = {
  autoDangerMax: danger,
  dangerMax: danger,
  alwaysApprove: setOf(actionName),
  blockedSchemas: setOf(schemaName),
  actionsPerHour: limit(integer(0, 1_000_000)),
  actionsPerDay: limit(integer(0, 1_000_000)),
  feeChangePpmMax: limit(integer(0, 1_000_000)),
  closeSharePpm: integer(0, 1_000_000),
  closeWindowHours: integer(1, 744),
  spendPerHourMsat: limit(wholeMsat),
  spendPerDayMsat: limit(wholeMsat),
  spendPerActionMsat: limit(wholeMsat),
  spendPerWeekMsat: limit(wholeMsat),
  spendPerAdvisorDayMsat: limit(wholeMsat),
  purposePerDayMsat,
  payMethods,
  amountSteps,
  quietHours,
};

/** The settings of a policy as they are written outside, with the member of {@link PolicyRules} each sets. */
export const SETTINGS: ReadonlyMap<string, keyof PolicyRules> = new Map([
  ['auto_danger_max', 'autoDangerMax'],
  ['danger_max', 'dangerMax'],
  ['always_approve', 'alwaysApprove'],
  ['blocked_schemas', 'blockedSchemas'],
  ['actions_per_hour', 'actionsPerHour'],
  ['actions_per_day', 'actionsPerDay'],
  ['fee_change_ppm_max', 'feeChangePpmMax'],
  ['close_share_ppm', 'closeSharePpm'],
  ['close_window_hours', 'closeWindowHours'],
  ['spend_per_hour_msat', 'spendPerHourMsat'],
  ['spend_per_day_msat', 'spendPerDayMsat'],
  ['spend_per_action_msat', 'spendPerActionMsat'],
  ['spend_per_week_msat', 'spendPerWeekMsat'],
  ['spend_per_advisor_day_msat', 'spendPerAdvisorDayMsat'],
  ['purpose_per_day_msat', 'purposePerDayMsat'],
  ['pay_methods', 'payMethods'],
  ['amount_steps', 'amountSteps'],
  ['quiet_hours', 'quietHours'],
]);

/**
 * Reads changed settings from outside. Each is checked before anything is stored; nothing is coerced,
 * and only the word `unlimited` means no limit. Throws CodedError `policy_value`.
 */
export function decodeSettings(input: unknown): Partial<PolicyRules> {
  if (!isJsonObject(input) || Object.keys(input).length === 0) {
    throw policyValue(`expected an object with some of ${[...SETTINGS.keys()].join(', ')}`);
  }
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(input)) {
    const member = SETTINGS.get(key);
    if (member === undefined) {
      throw policyValue(`there is no setting ${JSON.stringify(key.slice(0, 64))}`);
    }
    try {
      changed[member] = DECODERS[member](value);
    } catch (error) {
      throw policyValue(
        error instanceof DecodeError ? error.under(key).message : describeError(error),
      );
    }
  }
  return changed;
}

/** A refusal of a policy's value; the policy stays as it was. */
export function policyValue(message: string): CodedError<'policy_value'> {
  return new CodedError('policy_value', message, {
    remedy: `the settings are ${[...SETTINGS.keys()].join(', ')}`,
  });
}

/** The settings as JSON, such that {@link decodeSettings} reads the same again. */
export function encodeSettings(rules: Partial<PolicyRules>): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [key, member] of SETTINGS) {
    if (Object.hasOwn(rules, member)) {
      written[key] = encodeSetting(rules, member);
    }
  }
  return written;
}

function encodeSetting(rules: Partial<PolicyRules>, member: keyof PolicyRules): unknown {
  if (member === 'quietHours') {
    const quiet = rules.quietHours;
    return quiet === undefined
      ? 'none'
      : {
          zone: quiet.zone,
          from: clockText(quiet.fromMinute),
          to: clockText(quiet.toMinute),
          danger_max: quiet.dangerMax,
        };
  }
  if (member === 'amountSteps') {
    return rules.amountSteps?.map((step) => ({
      above_msat: step.aboveMsat,
      danger: step.danger,
    }));
  }
  if (member === 'payMethods') {
    return rules.payMethods ?? 'any';
  }
  const value = rules[member];
  if (value instanceof Map) {
    return Object.fromEntries(value);
  }
  return value instanceof Set ? [...value] : value;
}

function clockText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
