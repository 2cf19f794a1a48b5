import {
  type ListconfigsConfigs,
  listconfigs,
  type RpcClient,
  RpcError,
  setconfig,
} from '@cl-hive/cln-rpc';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import {
  type ActionContext,
  absent,
  done,
  type EffectAction,
  fail,
  go,
  type Plan,
  reads,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels } from '../channel-view.ts';
import { ASK_MS, CHANGE_MS, OPTION_TEXT_MAX, SETTLE_MS } from '../limits.ts';
import { optionalText, textOf } from '../params.ts';

/** Options whose value is a secret, or an address that may hold one. */
const SECRET =
  /pass|secret|token|rune|auth|cookie|mnemonic|seed|priv|wallet|db$|url|webhook|dsn|user/;

/** A text with credentials in an address. */
const CREDENTIALS = /:\/\/[^/\s]*@/;

function shownText(name: string, value: string): string {
  if (SECRET.test(name) || CREDENTIALS.test(value)) {
    return '(hidden)';
  }
  return value.length > OPTION_TEXT_MAX ? `${value.slice(0, OPTION_TEXT_MAX)}…` : value;
}

function shownValue(name: string, config: ListconfigsConfigs): JsonValue {
  const { value_str: text, values_str: texts } = config;
  if (text !== undefined) {
    return shownText(name, text);
  }
  return (
    texts?.map((one) => shownText(name, one)) ??
    config.value_int ??
    config.value_msat ??
    config.value_bool ??
    config.set ??
    config.values_int ??
    config.values_msat ??
    null
  );
}

/** The option of that name; undefined when lightningd knows none, or none that is set. */
async function optionOf(rpc: RpcClient, name: string): Promise<ListconfigsConfigs | undefined> {
  try {
    const { configs = {} } = await rpc.call(listconfigs, { config: name }, { timeoutMs: ASK_MS });
    return Object.hasOwn(configs, name) ? configs[name] : undefined;
  } catch (error) {
    if (error instanceof RpcError) {
      return undefined;
    }
    throw error;
  }
}

const getConfig = reads(async ({ rpc }, { params }) => {
  const name = optionalText(params, 'key');
  const { configs = {} } = await rpc.call(listconfigs, name === undefined ? {} : { config: name }, {
    timeoutMs: ASK_MS,
  });
  const shown = Object.entries(configs).map(([key, config]) => [key, shownValue(key, config)]);
  return { configs: Object.fromEntries(shown) as JsonObject };
});

const I64_MAX = (1n << 63n) - 1n;

/**
 * The reason why a text is no value of an option. lightningd passes texts on: one that is no number
 * for a number ends it, and keeps it from starting again.
 */
function valueFault(config: ListconfigsConfigs, value: string): string | undefined {
  if (config.value_int !== undefined) {
    const inRange = /^-?\d{1,19}$/.test(value) && BigInt(value) <= I64_MAX;
    return inRange ? undefined : 'its value is an integer';
  }
  if (config.value_bool !== undefined) {
    return value === 'true' || value === 'false' ? undefined : 'its value is true or false';
  }
  if (config.value_msat !== undefined) {
    return /^\d{1,19}(?:msat|sat)?$/.test(value) ? undefined : 'its value is an amount';
  }
  return config.value_str === undefined ? 'its kind of value cannot be told' : undefined;
}

async function plan({ rpc }: ActionContext, params: JsonObject): Promise<Plan> {
  const name = textOf(params, 'key');
  const config = await optionOf(rpc, name);
  if (config === undefined) {
    return fail(`lightningd shows no option ${name}`);
  }
  if (config.dynamic !== true) {
    const message = `lightningd takes ${name} at its start only`;
    return { kind: 'unsupported', message };
  }
  const fault = valueFault(config, textOf(params, 'value'));
  return fault === undefined ? go() : fail(`${name}: ${fault}`);
}

function isValue(config: ListconfigsConfigs, value: string): boolean {
  const { value_str: text, value_int: number, value_bool: flag, value_msat: amount } = config;
  if (amount !== undefined) {
    const sat = /^(\d+)sat$/.exec(value);
    return (
      amount === (sat === null ? BigInt(value.replace('msat', '')) : BigInt(sat[1] ?? 0) * 1000n)
    );
  }
  if (number !== undefined) {
    return number === BigInt(value);
  }
  return flag === undefined ? text === value : String(flag) === value;
}

const setConfig: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.change,
  facts: async ({ rpc }, { params }) => {
    const name = textOf(params, 'key');
    const known = (await optionOf(rpc, name)) !== undefined;
    return (await loadChannels(rpc)).facts([], { unresolved: known ? [] : [`the option ${name}`] });
  },
  state: async ({ rpc }, { params }) => {
    const config = await optionOf(rpc, textOf(params, 'key'));
    return { option: config === undefined ? null : { ...config } };
  },
  plan: (context, { params }) => plan(context, params),
  perform: async ({ rpc }, { command: { params } }) => {
    const name = textOf(params, 'key');
    const { config } = await rpc.call(
      setconfig,
      { config: name, val: textOf(params, 'value') },
      { timeoutMs: CHANGE_MS },
    );
    return done({ key: config.config, value: shownValue(name, config) });
  },
  look: async ({ rpc }, { command: { params } }) => {
    const name = textOf(params, 'key');
    const config = await optionOf(rpc, name);
    return config !== undefined && isValue(config, textOf(params, 'value'))
      ? there({ key: name, value: shownValue(name, config) })
      : absent('the option has another value');
  },
};

/** `hive:config/v1`. */
export const configActions: SchemaActions = { get_config: getConfig, set_config: setConfig };
