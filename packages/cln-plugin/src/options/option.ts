import type { JsonValue } from '@cl-hive/core';

/** Option types of lightningd. */
export type OptionType = 'string' | 'string-conceal' | 'int' | 'bool' | 'flag';

/** `true`: deprecated from the next version on; or the first and the last version, `["v26.06"]`. */
export type Deprecation = true | readonly [start: string, end?: string];

/** One declared option of the plugin. `T` is what handlers see, also when the user set nothing. */
export interface Option<T> {
  readonly type: OptionType;
  readonly description: string;
  /** The manifest's default. */
  readonly fallback: JsonValue | undefined;
  readonly multi: boolean;
  readonly dynamic: boolean;
  readonly deprecated: Deprecation | undefined;
  /** Whether `setconfig` may set a multi option to no value. */
  readonly mayBeEmptied: boolean;
  /** The value when the user set nothing. */
  readonly unset: T;
  /** Reads what `init` or `setconfig` carries. Throws DecodeError. */
  readonly read: (input: unknown) => T;
  /** The author's own check: why a well-typed value is refused. */
  readonly validate: (value: T) => string | undefined;
  /** Told before a new value is taken over; a throw refuses it. */
  readonly onChange: ((value: T) => void | Promise<void>) | undefined;
}

/** The options of a plugin by name. */
export type Options = Readonly<Record<string, AnyOption>>;

/** An option whose value type does not matter to whom it is handed. */
export interface AnyOption extends Omit<Option<unknown>, 'validate' | 'onChange'> {
  readonly validate: (value: never) => string | undefined;
  readonly onChange: ((value: never) => void | Promise<void>) | undefined;
}

/** What handlers read: always the present values, also after `setconfig`. */
export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { readonly unset: infer T } ? T : never;
};
