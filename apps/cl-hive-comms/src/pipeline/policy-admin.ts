import {
  changePolicy,
  effectiveRules,
  encodeSettings,
  loadPolicy,
  overrideHolds,
  type Policy,
  type PolicyChange,
  savePolicy,
} from '@cl-hive/comms';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
  type UnixMs,
} from '@cl-hive/core';
import { type AdminParts, administer } from './admin.ts';
import { seconds } from './advisor-view.ts';

/** Changes of the policy by the operator, each with its receipt. */
export class PolicyAdmin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  /** The policy in force. */
  async view(): Promise<JsonObject> {
    const { store, clock } = this.#parts;
    return policyView(await loadPolicy(store.reader), clock.now());
  }

  /** Carries out a change. Throws CodedError `policy_value` or `policy_full`; nothing is changed then. */
  change(change: PolicyChange): Promise<JsonObject> {
    return administer(this.#parts, 'policy', async (tx, now) => {
      const policy = changePolicy(await loadPolicy(tx), change, now);
      await savePolicy(tx, policy);
      return { value: policyView(policy, now), receipt: { policy: changeRecord(change) } };
    });
  }
}

/** Settings as JSON of their own, with amounts as integers. */
function settingsView(settings: Policy['settings']): JsonObject {
  const plain = parseJson(stringifyJson(encodeSettings(settings)));
  return isJsonObject(plain) ? plain : {};
}

function policyView(policy: Policy, now: UnixMs): JsonObject {
  return {
    preset: policy.preset,
    rules: settingsView(effectiveRules(policy, now)),
    changed: settingsView(policy.settings),
    overrides: policy.overrides
      .filter(({ until }) => until > now)
      .map((override) => ({
        id: override.id,
        settings: settingsView(override.settings),
        in_force: overrideHolds(override, now),
        until: seconds(override.until),
        reason: override.reason,
      })),
    forbidden_peers: [...policy.forbiddenPeers],
    protected_channels: [...policy.protectedChannels],
  };
}

/** A value that every reader of receipts reads alike: integers beyond 2^53 as texts. */
function recordValue(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') {
    return String(value);
  }
  if (Array.isArray(value)) {
    return value.map(recordValue);
  }
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, recordValue(member)]))
    : value;
}

function changeRecord(change: PolicyChange): JsonObject {
  const { kind, ...rest } = change;
  const settings = 'settings' in change ? { settings: settingsView(change.settings) } : {};
  const plain = parseJson(stringifyJson({ ...rest, ...settings }));
  return { kind, ...(isJsonObject(plain) ? (recordValue(plain) as JsonObject) : {}) };
}
