import type { JsonObject, JsonValue } from '@cl-hive/core';
import { parseJson } from '@cl-hive/core';
import { isLiteral, optionFault, optionJson } from '../rules/option-value.ts';
import { ConfigFile } from './config-file.ts';
import {
  type ConfigVar,
  ConfigVars,
  fromGiven,
  type GivenValue,
  sourceText,
} from './config-vars.ts';
import { type OptionEntry, OptionTable } from './option-table.ts';

/** Thrown where lightningd would exit over a value that it cannot print. */
export class BadLiteral extends Error {}

/** A node's options with what they are set to. */
export class NodeConfig {
  readonly options: OptionTable;
  readonly vars = new ConfigVars();
  readonly file: ConfigFile;
  #given: ReadonlyMap<string, GivenValue>;

  /**
   * `given` are settings as on the command line, `defaults` those that differ from node to node; the
   * files are read now.
   */
  constructor(
    lightningDir: string,
    given: ReadonlyMap<string, GivenValue>,
    defaults: Readonly<Record<string, string>>,
  ) {
    this.options = new OptionTable(defaults);
    this.file = new ConfigFile(lightningDir);
    this.#given = given;
    for (const variable of this.file.load()) {
      this.vars.add(variable);
    }
  }

  /** Values of an early multi option (`plugin`, …) before options are checked. */
  early(name: string): readonly string[] {
    const given = this.#given.get(name);
    const ours = given === undefined ? [] : fromGiven(name, given, undefined);
    return [...ours.map((variable) => variable.value ?? ''), ...this.vars.values(name)];
  }

  /** Reads all settings once every plugin has declared its options; what is wrong ends the boot. */
  check(): string | undefined {
    for (const [name, given] of this.#given) {
      for (const variable of fromGiven(name, given, this.options.get(name)?.type)) {
        this.vars.add(variable);
      }
    }
    this.#given = new Map();
    for (const variable of this.vars.all) {
      const fault = this.#faultOf(variable);
      if (fault !== undefined) {
        const { source } = variable;
        return source.kind === 'file'
          ? `${source.file} line ${source.line}: ${source.text}: ${fault}`
          : `--${variable.name}${variable.value === undefined ? '' : `=${variable.value}`}: ${fault}`;
      }
    }
    return undefined;
  }

  #faultOf({ name, value }: ConfigVar): string | undefined {
    const option = this.options.get(name);
    if (option === undefined) {
      return 'unrecognized option';
    }
    if (option.type === 'flag') {
      return value === undefined ? undefined : `doesn't allow an argument`;
    }
    return value === undefined ? 'requires an argument' : optionFault(option.type, value);
  }

  /** Sets what `plugin start` gave for a plugin's option; returns what is wrong with it. */
  setAtStart(option: OptionEntry, value: string): string | undefined {
    const variable: ConfigVar = {
      name: option.name,
      value: option.type === 'flag' ? undefined : value,
      source: { kind: 'pluginstart' },
    };
    const fault = this.#faultOf(variable);
    if (fault === undefined) {
      this.vars.add(variable);
    }
    return fault;
  }

  /** A plugin's options as `init` carries them: JSON text of the object. */
  initOptions(plugin: string): string {
    const members: string[] = [];
    for (const option of this.options.all) {
      if (option.plugin === plugin) {
        const set = this.vars.effective(option).map((variable) => variable.value ?? 'true');
        const values = set.length > 0 || option.default === undefined ? set : [option.default];
        const [first] = values;
        if (first !== undefined) {
          const texts = values.map((value) => optionJson(option.type, value));
          const text = option.multi ? `[${texts.join(',')}]` : texts[0];
          members.push(`${JSON.stringify(option.name)}:${text}`);
        }
      }
    }
    return `{${members.join(',')}}`;
  }

  /**
   * An option as `listconfigs` and `setconfig` show it; undefined where they leave it out. Throws
   * {@link BadLiteral} for a number that is none.
   */
  show(option: OptionEntry): JsonObject | undefined {
    const set = this.vars.effective(option);
    const last = set.at(-1);
    const tail: JsonObject = {
      ...(option.plugin === undefined ? {} : { plugin: option.plugin }),
      ...(option.dynamic ? { dynamic: true } : {}),
    };
    if (option.type === 'flag') {
      return { set: last !== undefined, source: sourceText(last?.source), ...tail };
    }
    const kind = FIELD_OF_TYPE[option.type];
    if (option.multi) {
      return {
        [`values_${kind}`]: set.map((variable) => shown(option, variable.value ?? '')),
        sources: set.map((variable) => sourceText(variable.source)),
        ...tail,
      };
    }
    const value = last?.value ?? option.default;
    return value === undefined
      ? undefined
      : { [`value_${kind}`]: shown(option, value), source: sourceText(last?.source), ...tail };
  }
}

const FIELD_OF_TYPE = {
  string: 'str',
  'string-conceal': 'str',
  int: 'int',
  bool: 'bool',
  msat: 'msat',
} as const;

function shown(option: OptionEntry, value: string): JsonValue {
  switch (option.type) {
    case 'string':
      return value;
    case 'string-conceal':
      return '...';
    case 'int':
    case 'msat':
      try {
        return parseJson(isLiteral(value) ? value : '');
      } catch {
        throw new BadLiteral(`Bad literal for --${option.name}: ${value}`);
      }
    case 'bool':
    case 'flag':
      return parseJson(optionJson(option.type, value));
  }
}
