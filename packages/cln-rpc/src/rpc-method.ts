import type { JsonObject } from '@cl-hive/core';
import type { ListPieces } from './list-pieces.ts';

/** A command of lightningd with its types: `P` goes in, `R` comes out. */
export interface RpcMethod<P, R> {
  /** The command's name as lightningd has it. */
  readonly name: string;
  /** The parameters as they go on the wire. */
  readonly encode: (params: P) => JsonObject;
  /** The result, checked. Throws DecodeError. */
  readonly decode: (result: unknown) => R;
}

/** Progress of a running command. */
export type ProgressUpdate =
  | {
      readonly type: 'progress';
      readonly num: number;
      readonly total: number;
      readonly stage?: { readonly num: number; readonly total: number };
    }
  | { readonly type: 'message'; readonly level: string; readonly message: string };

/** Settings of one call. */
export interface CallOptions {
  /** Deadline in milliseconds, connecting included; Infinity for none. */
  readonly timeoutMs?: number;
  /** Gives the call up. A request that was sent is not undone by it. */
  readonly signal?: AbortSignal;
  /** Template of the members wanted in the result (core commands only). */
  readonly filter?: JsonObject;
  /** Prefix of the id chain: the id of the request on whose behalf this call is made. */
  readonly id?: string;
  /** Told of progress; the call then has a connection of its own. What it throws is dropped. */
  readonly onProgress?: (update: ProgressUpdate) => void;
  /** Takes a long list out of the result piece by piece; the result then has it empty. */
  readonly list?: ListPieces;
}
