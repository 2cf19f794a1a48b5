import type { OptionEntry } from './option-table.ts';

/** Where a setting came from. */
export type VarSource =
  | { readonly kind: 'cmdline' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly text: string }
  | { readonly kind: 'pluginstart' }
  | { readonly kind: 'transient' };

/** One setting of one option. */
export interface ConfigVar {
  readonly name: string;
  /** Undefined for a flag. */
  readonly value: string | undefined;
  readonly source: VarSource;
}

/** A setting as a caller of `startLightningd` gives it. */
export type GivenValue = string | number | boolean | readonly string[];

/** A node's settings, in the order in which later ones override earlier ones. */
export class ConfigVars {
  #vars: ConfigVar[] = [];

  get all(): readonly ConfigVar[] {
    return this.#vars;
  }

  add(variable: ConfigVar): void {
    this.#vars.push(variable);
  }

  remove(matches: (variable: ConfigVar) => boolean): void {
    this.#vars = this.#vars.filter((variable) => !matches(variable));
  }

  /** What holds for an option: all settings of a multi option, else the last one. */
  effective(option: Pick<OptionEntry, 'name' | 'multi'>): readonly ConfigVar[] {
    const given = this.#vars.filter((variable) => variable.name === option.name);
    return option.multi ? given : given.slice(-1);
  }

  values(name: string): readonly string[] {
    return this.#vars
      .filter((variable) => variable.name === name)
      .map((variable) => variable.value ?? '');
  }
}

/** The settings that one given value stands for; `false` sets nothing, `true` sets a flag or a bool. */
export function fromGiven(
  name: string,
  given: GivenValue,
  type: OptionEntry['type'] | undefined,
): readonly ConfigVar[] {
  const source: VarSource = { kind: 'cmdline' };
  if (typeof given === 'object') {
    return given.map((value) => ({ name, value, source }));
  }
  if (type === 'flag' && typeof given === 'boolean') {
    return given ? [{ name, value: undefined, source }] : [];
  }
  return [{ name, value: String(given), source }];
}

/** A source as `listconfigs` names it. */
export function sourceText(source: VarSource | undefined): string {
  switch (source?.kind) {
    case undefined:
      return 'default';
    case 'cmdline':
      return 'cmdline';
    case 'file':
      return `${source.file}:${source.line}`;
    case 'pluginstart':
      return 'pluginstart';
    case 'transient':
      return 'setconfig transient';
  }
}
