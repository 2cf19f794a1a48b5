import { type Clock, type JsonObject, stringifyJson } from '@cl-hive/core';
import { type LabAnswer, LabRpcError } from '../../contract/node.ts';
import type { ConfigVar } from '../config/config-vars.ts';
import { BadLiteral, type NodeConfig } from '../config/node-config.ts';
import type { OptionEntry } from '../config/option-table.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { Lifeline } from '../lifeline.ts';
import type { LogBook } from '../log-book.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import { ANSWERED, CHECKED, type ShellCall, type ShellCommand } from '../rpc/shell-command.ts';
import { itemTexts, rawKind, rawText, WireObject } from '../rules/json-members.ts';
import { optionFault } from '../rules/option-value.ts';
import { badToken, invalidParams, type ParamType, rawString, truth } from '../rules/param-type.ts';
import type { Params } from '../rules/params.ts';

/** What the commands around options need. */
export interface ConfigParts {
  readonly config: NodeConfig;
  readonly plugins: PluginSet;
  readonly clock: Clock;
  readonly log: LogBook;
  readonly lifeline: Lifeline;
}

/** What `setconfig` was asked for. */
interface Wish {
  readonly option: OptionEntry;
  /** None for a flag, one for other single options, any number for a multi option. */
  readonly values: readonly string[];
  readonly transient: boolean;
}

function optionType(config: NodeConfig): ParamType<OptionEntry> {
  return (raw, name) => {
    const option = config.options.get(rawString(raw, name));
    if (option === undefined) {
      throw badToken(name, 'Unknown config option', raw);
    }
    return option;
  };
}

/** Shows options; a number that is none ends the node, as it ends lightningd. */
function printing<T>({ lifeline }: ConfigParts, show: () => T): T | typeof ANSWERED {
  try {
    return show();
  } catch (error) {
    if (error instanceof BadLiteral) {
      lifeline.exit(error.message);
      return ANSWERED;
    }
    throw error;
  }
}

function listConfigs(parts: ConfigParts): ShellCommand {
  const { config } = parts;
  return {
    name: 'listconfigs',
    run: (params) => {
      const asked = params.optional('config', optionType(config));
      return printing(parts, () => {
        const configs: Record<string, JsonObject> = {};
        for (const option of asked === undefined ? config.options.all : [asked]) {
          const isSet = config.vars.effective(option).length > 0;
          const shown =
            option.hidden && !isSet && asked === undefined ? undefined : config.show(option);
          if (shown !== undefined) {
            configs[option.name] = shown;
          }
        }
        return { configs };
      });
    },
  };
}

/** Reads what `setconfig` is to set. Throws LabRpcError. */
function readWish(config: NodeConfig, params: Params): Wish {
  const rawName = params.raw('config') ?? '""';
  const option = params.required('config', optionType(config));
  if (!option.dynamic) {
    throw badToken('config', 'Not a dynamic config option', rawName);
  }
  const transient = params.optional('transient', truth) ?? false;
  const raw = params.raw('val');
  // lightningd looks an array up by name only: given by position it is lost, and clears the option.
  const named = params.written.kind === 'object' ? raw : undefined;
  if (option.multi) {
    if (named !== undefined && rawKind(named) !== 'array') {
      throw invalidParams(`${option.name} is a multi option: val must be an array`);
    }
    return { option, values: named === undefined ? [] : itemTexts(named).map(rawText), transient };
  }
  if (named !== undefined && rawKind(named) === 'array') {
    throw invalidParams(`${option.name} is not a multi option: val must not be an array`);
  }
  if (option.type === 'flag' && raw !== undefined) {
    throw invalidParams(`${option.name} does not take a value`);
  }
  if (option.type !== 'flag' && raw === undefined) {
    throw invalidParams(`${option.name} requires a value`);
  }
  return { option, values: raw === undefined ? [] : [rawText(raw)], transient };
}

/** Stores what a plugin, or lightningd itself, accepted. */
function store({ config, clock }: ConfigParts, { option, values, transient }: Wish): void {
  const { name, multi } = option;
  const { vars, file } = config;
  const now = new Date(clock.now());
  const lines: readonly (string | undefined)[] = multi ? values : [values[0]];
  const inFiles = vars.all.filter((held) => held.name === name && held.source.kind === 'file');
  if (multi) {
    vars.remove((held) => held.name === name && held.source.kind === 'transient');
  }
  if (transient) {
    for (const value of lines) {
      vars.add({ name, value, source: { kind: 'transient' } });
    }
    return;
  }
  if (!multi) {
    const old: ConfigVar | undefined = inFiles.at(-1);
    const next = file.replace(name, values[0], old, now);
    vars.remove((held) => held === old);
    vars.add(next);
    return;
  }
  for (const old of inFiles) {
    file.comment(old);
  }
  vars.remove((held) => inFiles.includes(held));
  for (const value of values) {
    vars.add(file.append(name, value, now));
  }
}

/** Asks the option's plugin; resolves when it accepts. Throws LabRpcError when it does not. */
async function askPlugin(parts: ConfigParts, wish: Wish, call: ShellCall): Promise<void> {
  const { option, values } = wish;
  const plugin = parts.plugins.all.find(({ path }) => path === option.plugin);
  if (plugin === undefined || (call.checking && plugin.manifest?.canCheck !== true)) {
    return;
  }
  const request = {
    ...(call.checking ? { command_to_check: 'setconfig' } : {}),
    config: option.name,
    ...(option.multi ? { val: values } : values.length > 0 ? { val: values[0] } : {}),
  };
  const method = call.checking ? 'check' : 'setconfig';
  const reply = await new Promise<WireObject>((resolve) => {
    parts.plugins.request(
      plugin,
      method,
      stringifyJson(request),
      { reply: resolve },
      call.command.id,
    );
  });
  const error = reply.raw('error');
  if (error === undefined && reply.has('result')) {
    return;
  }
  const fields =
    error !== undefined && rawKind(error) === 'object' ? new WireObject(error) : undefined;
  const code = Number(fields?.raw('code') ?? Number.NaN);
  const message = fields?.raw('message');
  if (Number.isInteger(code) && message !== undefined) {
    throw new LabRpcError(code, rawText(message));
  }
  parts.log.add(
    'broken',
    'lightningd',
    `Invalid setconfig ${option.name} response from plugin: ${reply.text}`,
  );
  throw new LabRpcError(RPC_ERROR.lightningd, `Malformed setvalue ${option.name} plugin return`);
}

async function setConfig(
  parts: ConfigParts,
  params: Params,
  call: ShellCall,
): Promise<LabAnswer | typeof ANSWERED> {
  const { config } = parts;
  const wish = readWish(config, params);
  const { option, values } = wish;
  const changed = wish.transient ? undefined : config.file.fault(config.vars.effective(option));
  if (changed !== undefined) {
    throw invalidParams(changed);
  }
  if (option.plugin === undefined) {
    const fault = optionFault(option.type, values[0] ?? '');
    if (fault !== undefined) {
      throw invalidParams(`Error setting ${option.name}: ${fault}`);
    }
  } else {
    await askPlugin(parts, wish, call);
  }
  if (call.checking) {
    return CHECKED;
  }
  if (!config.options.has(option.name)) {
    throw new LabRpcError(RPC_ERROR.lightningd, `Missing opt ${option.name} on plugin return?`);
  }
  store(parts, wish);
  const shown = printing(parts, () => config.show(option) ?? {});
  return shown === ANSWERED ? ANSWERED : { config: { config: option.name, ...shown } };
}

/** `listconfigs` and `setconfig`. */
export function configCommands(parts: ConfigParts): readonly ShellCommand[] {
  return [
    listConfigs(parts),
    { name: 'setconfig', run: async (params, call) => setConfig(parts, params, call) },
  ];
}
