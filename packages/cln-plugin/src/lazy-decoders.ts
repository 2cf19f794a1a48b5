import type { Decoder } from '@cl-hive/core';

type Decoders = typeof import('./decoders.ts');

let loading: Promise<Decoders> | undefined;

/** Loads the generated decoders, which nothing needs before `init` is answered. */
export function loadDecoders(): Promise<Decoders> {
  loading ??= import('./decoders.ts');
  return loading;
}

/** A decoder out of a table; identity where the table has none. */
export function decoderOf(
  table: Readonly<Record<string, Decoder<unknown>>>,
  name: string,
): Decoder<unknown> {
  return (Object.hasOwn(table, name) ? table[name] : undefined) ?? ((input) => input);
}
