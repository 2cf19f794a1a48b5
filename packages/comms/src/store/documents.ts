import {
  CodedError,
  isJsonObject,
  isNodeId,
  type JsonObject,
  type JsonValue,
  type Msat,
  msat,
  type NodeId,
  parseJson,
  stringifyJson,
  type UnixMs,
} from '@cl-hive/core';
import { TIERS } from '@cl-hive/protocol';
import type { Advisor } from '../advisors/book.ts';
import type { Grant, GrantConstraints, Power } from '../policy/grant.ts';
import type { Policy } from '../policy/policy.ts';
import { type PolicyRules, PRESET_NAMES } from '../policy/rules.ts';
import { decodeSettings, encodeSettings } from '../policy/rules-decoder.ts';

/** A row that this package did not write. */
export function damaged(what: string): CodedError<'comms_row_damaged'> {
  return new CodedError('comms_row_damaged', `a stored ${what} cannot be read`, {
    remedy: 'restore a backup; something else has written to the database',
  });
}

/** Reads a document's text as an object. Throws `comms_row_damaged`. */
export function readDocument(text: string, what: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    throw damaged(what);
  }
  return value;
}

function list(value: JsonValue | undefined, what: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw damaged(what);
  }
  return value;
}

function settingsOf(value: JsonValue | undefined): Partial<PolicyRules> {
  return isJsonObject(value) && Object.keys(value).length > 0 ? decodeSettings(value) : {};
}

function nodes(value: JsonValue | undefined, what: string): ReadonlySet<NodeId> {
  const ids = list(value, what);
  if (!ids.every(isNodeId)) {
    throw damaged(what);
  }
  return new Set(ids);
}

/** A policy as text. */
export function writePolicy(policy: Policy): string {
  return stringifyJson({
    preset: policy.preset,
    settings: encodeSettings(policy.settings),
    overrides: policy.overrides.map((override) => ({
      ...override,
      settings: encodeSettings(override.settings),
    })),
    forbidden_peers: [...policy.forbiddenPeers],
    protected_channels: [...policy.protectedChannels],
    next_override: policy.nextOverride,
  });
}

/** A text of a document. */
export function readText(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string') {
    throw damaged(what);
  }
  return value;
}

function number(value: JsonValue | undefined, what: string): number {
  if (typeof value !== 'number') {
    throw damaged(what);
  }
  return value;
}

/** A policy from text. Throws `comms_row_damaged` or `policy_value`. */
export function readPolicy(text: string): Policy {
  const document = readDocument(text, 'policy');
  const preset = PRESET_NAMES.find((name) => name === document['preset']);
  const overrides = document['overrides'];
  if (preset === undefined || !Array.isArray(overrides)) {
    throw damaged('policy');
  }
  return {
    preset,
    settings: settingsOf(document['settings']),
    overrides: (overrides as readonly JsonValue[]).map((override) => {
      if (!isJsonObject(override)) {
        throw damaged('policy');
      }
      return {
        id: number(override['id'], 'policy'),
        settings: settingsOf(override['settings']),
        from: number(override['from'], 'policy') as UnixMs,
        until: number(override['until'], 'policy') as UnixMs,
        reason: readText(override['reason'], 'policy'),
      };
    }),
    forbiddenPeers: nodes(document['forbidden_peers'], 'policy'),
    protectedChannels: new Set(list(document['protected_channels'], 'policy')),
    nextOverride: number(document['next_override'], 'policy'),
  };
}

/** An amount from a document's decimal text. */
export function readMsat(value: JsonValue | undefined, what: string): Msat {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) {
    throw damaged(what);
  }
  return msat(BigInt(value));
}

/** A grant as text. */
export function writeGrant(grant: Grant): string {
  const { constraints } = grant;
  const power = (one: Power | undefined): object | undefined =>
    one && { amount_msat: String(one.amountMsat), until: one.until };
  return stringifyJson({
    mode: grant.mode,
    tier: grant.tier,
    actions: grant.actions === 'all' ? 'all' : [...grant.actions],
    constraints: {
      ...constraints,
      amountMsatMax:
        constraints.amountMsatMax === undefined ? undefined : String(constraints.amountMsatMax),
      peers: constraints.peers && [...constraints.peers],
      channels: constraints.channels && [...constraints.channels],
      purposes: constraints.purposes && [...constraints.purposes],
    },
    spend: power(grant.spend),
    close: power(grant.close),
    force_close: power(grant.forceClose),
    from: grant.from,
    until: grant.until,
  });
}

function readPower(value: JsonValue | undefined): Power | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isJsonObject(value)) {
    throw damaged('grant');
  }
  return {
    amountMsat: readMsat(value['amount_msat'], 'grant'),
    until: number(value['until'], 'grant') as UnixMs,
  };
}

function readConstraints(value: JsonValue | undefined): GrantConstraints {
  if (!isJsonObject(value)) {
    throw damaged('grant');
  }
  const { feeChangePpmMax, amountMsatMax, peers, channels, historyHours, dangerMax, purposes } =
    value;
  return {
    ...(feeChangePpmMax === undefined ? {} : { feeChangePpmMax: number(feeChangePpmMax, 'grant') }),
    ...(amountMsatMax === undefined ? {} : { amountMsatMax: readMsat(amountMsatMax, 'grant') }),
    ...(peers === undefined ? {} : { peers: nodes(peers, 'grant') }),
    ...(channels === undefined ? {} : { channels: new Set(list(channels, 'grant')) }),
    ...(historyHours === undefined ? {} : { historyHours: number(historyHours, 'grant') }),
    ...(dangerMax === undefined ? {} : { dangerMax: number(dangerMax, 'grant') }),
    ...(purposes === undefined ? {} : { purposes: new Set(list(purposes, 'grant')) }),
  };
}

const MODES = ['advice', 'act'] as const;

/** A grant from text. Throws `comms_row_damaged`. */
export function readGrant(id: number, advisor: string, text: string): Grant {
  const document = readDocument(text, 'grant');
  const mode = MODES.find((one) => one === document['mode']);
  const tier = TIERS.find((one) => one === document['tier']);
  if (mode === undefined || tier === undefined) {
    throw damaged('grant');
  }
  const { actions, until } = document;
  const spend = readPower(document['spend']);
  const close = readPower(document['close']);
  const forceClose = readPower(document['force_close']);
  return {
    id,
    advisor,
    mode,
    tier,
    actions: actions === 'all' ? 'all' : new Set(list(actions, 'grant')),
    constraints: readConstraints(document['constraints']),
    ...(spend === undefined ? {} : { spend }),
    ...(close === undefined ? {} : { close }),
    ...(forceClose === undefined ? {} : { forceClose }),
    from: number(document['from'], 'grant') as UnixMs,
    ...(until === undefined ? {} : { until: number(until, 'grant') as UnixMs }),
  };
}

/** An advisor as text. */
export function writeAdvisor(advisor: Advisor): string {
  return stringifyJson(advisor);
}

const SCHEMES = ['schnorr', 'lightning', 'hmac', 'rune', 'did'] as const;

/** An advisor from text. Throws `comms_row_damaged`. */
export function readAdvisor(text: string): Advisor {
  const document = readDocument(text, 'advisor');
  const { keys, trialUntil, revokedAt, name } = document;
  if (!Array.isArray(keys) || typeof name !== 'string') {
    throw damaged('advisor');
  }
  return {
    index: number(document['index'], 'advisor'),
    name,
    aliases: list(document['aliases'], 'advisor'),
    keys: (keys as readonly JsonValue[]).map((one) => {
      const scheme = isJsonObject(one) ? SCHEMES.find((s) => s === one['scheme']) : undefined;
      if (!isJsonObject(one) || scheme === undefined || typeof one['key'] !== 'string') {
        throw damaged('advisor');
      }
      return { scheme, key: one['key'] };
    }),
    since: number(document['since'], 'advisor') as UnixMs,
    trialUntil: trialUntil === undefined ? undefined : (number(trialUntil, 'advisor') as UnixMs),
    revokedAt: revokedAt === undefined ? undefined : (number(revokedAt, 'advisor') as UnixMs),
  };
}
