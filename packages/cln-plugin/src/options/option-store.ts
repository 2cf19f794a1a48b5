import { DecodeError, describeError, isJsonObject, type JsonObject } from '@cl-hive/core';
import { INVALID_PARAMS, MethodError, UNKNOWN_METHOD } from '../errors.ts';
import { redact } from '../params/parse.ts';
import type { AnyOption, Options, OptionValues } from './option.ts';

/** The present values of a plugin's options. */
export class OptionStore<O extends Options> {
  readonly #declared: O;
  readonly #values: Record<string, unknown> = {};
  /** One change at a time per option, in the order of their requests. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(declared: O) {
    this.#declared = declared;
    for (const [name, option] of Object.entries(declared)) {
      this.#values[name] = option.unset;
    }
  }

  /** Live view: a member read later is the newer value. */
  get values(): OptionValues<O> {
    return this.#values as OptionValues<O>;
  }

  /**
   * Takes over what `init` carries. Returns why the plugin cannot run with it, naming the option,
   * or undefined. Options that are not declared are returned by name.
   */
  load(input: unknown): {
    readonly fault: string | undefined;
    readonly unknown: readonly string[];
  } {
    const given = isJsonObject(input) ? input : {};
    for (const [name, option] of Object.entries(this.#declared)) {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      if (value !== undefined && value !== null) {
        const read = readOption(name, option, value);
        if (!read.ok) {
          return { fault: read.error, unknown: [] };
        }
        this.#values[name] = read.value;
      }
    }
    return {
      fault: undefined,
      unknown: Object.keys(given).filter((name) => !Object.hasOwn(this.#declared, name)),
    };
  }

  /**
   * Serves `setconfig` (`{config, val}`): the value is typed, checked and offered to `onChange`
   * before it is taken over. Throws MethodError that names the option; the old value then stays,
   * and lightningd stores nothing.
   */
  async change(params: unknown): Promise<JsonObject> {
    const { name, option, value } = this.check(params);
    const before = this.#changes.get(name);
    const run = this.#takeOver(before, name, option, value);
    this.#changes.set(name, run);
    await run;
    return { config: name };
  }

  async #takeOver(
    before: Promise<void> | undefined,
    name: string,
    option: AnyOption,
    value: unknown,
  ): Promise<void> {
    // Only its end matters: whoever asked for it was told how it went.
    await before?.catch(() => undefined);
    await notifyChange(name, option, value);
    this.#values[name] = value;
  }

  /** Everything that {@link change} checks, with no effect. */
  check(params: unknown): { name: string; option: AnyOption; value: unknown } {
    const name = isJsonObject(params) ? params['config'] : undefined;
    if (!isJsonObject(params) || typeof name !== 'string') {
      throw new MethodError(INVALID_PARAMS, 'setconfig: config must name an option');
    }
    const option = Object.hasOwn(this.#declared, name) ? this.#declared[name] : undefined;
    if (option === undefined) {
      throw new MethodError(UNKNOWN_METHOD, `setconfig: ${name} is no option of this plugin`);
    }
    if (!option.dynamic) {
      throw new MethodError(INVALID_PARAMS, `${name} cannot be changed while the node runs`);
    }
    const given = params['val'];
    if (option.type !== 'flag' && (given === undefined || given === null)) {
      throw new MethodError(INVALID_PARAMS, `${name}: a value is missing`);
    }
    if (option.multi && Array.isArray(given) && given.length === 0 && !option.mayBeEmptied) {
      throw new MethodError(
        INVALID_PARAMS,
        `${name}: the list is empty; give it as setconfig -k config=${name} val='["a","b"]'`,
      );
    }
    const read = readOption(name, option, given);
    if (!read.ok) {
      throw new MethodError(INVALID_PARAMS, read.error, { option: name });
    }
    return { name, option, value: read.value };
  }
}

async function notifyChange(name: string, option: AnyOption, value: unknown): Promise<void> {
  try {
    await option.onChange?.(value as never);
  } catch (error) {
    if (error instanceof MethodError) {
      throw error;
    }
    throw new MethodError(
      INVALID_PARAMS,
      `${name}: ${concealed(option, value, describeError(error))}`,
    );
  }
}

type Read =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

function readOption(name: string, option: AnyOption, input: unknown): Read {
  try {
    const value = option.read(input);
    const refused = option.validate(value as never);
    return refused === undefined
      ? { ok: true, value }
      : { ok: false, error: `${name}: ${concealed(option, input, refused)}` };
  } catch (error) {
    if (!(error instanceof DecodeError)) {
      return { ok: false, error: `${name}: ${concealed(option, input, describeError(error))}` };
    }
    return {
      ok: false,
      error:
        option.type === 'string-conceal'
          ? `${name}: expected ${error.expected}`
          : error.under(name).message,
    };
  }
}

function concealed(option: AnyOption, value: unknown, text: string): string {
  return option.type === 'string-conceal' && typeof value === 'string' && value !== ''
    ? redact(text, [value])
    : text;
}
