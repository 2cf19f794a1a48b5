import type { HivePayload } from '../message-shapes.ts';
import type { HiveMessageName } from '../message-types.ts';

/** Payloads of some of the types. */
export type SamplesOf = { readonly [Name in HiveMessageName]?: HivePayload<Name> };
