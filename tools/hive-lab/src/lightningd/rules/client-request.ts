import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import { rawKind, rawText, type WireObject } from './json-members.ts';

/** What a client's message turns out to be. */
export type ClientRequest =
  | { readonly kind: 'malformed'; readonly message: string }
  | {
      readonly kind: 'invalid';
      /** The client's id as it was written. */
      readonly id: string;
      readonly code: number;
      readonly message: string;
    }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly method: string;
      /** `params` as it was written. */
      readonly params: string;
      readonly wire: WireObject;
    };

/** Reads a client's message as far as lightningd does before it looks for the command. */
export function readRequest(wire: WireObject): ClientRequest {
  const id = wire.raw('id');
  if (id === undefined) {
    return { kind: 'malformed', message: 'No id' };
  }
  if (rawKind(id) === 'object' || rawKind(id) === 'array') {
    return { kind: 'malformed', message: 'Expected string/primitive for id' };
  }
  if (wire.raw('jsonrpc') !== '"2.0"') {
    return { kind: 'malformed', message: 'jsonrpc: "2.0" must be specified in the request' };
  }
  const method = wire.raw('method');
  const params = wire.raw('params');
  const invalid = (message: string): ClientRequest => ({
    kind: 'invalid',
    id,
    code: RPC_ERROR.invalidRequest,
    message,
  });
  if (method === undefined) {
    return invalid('No method');
  }
  if (params === undefined) {
    return invalid('No params');
  }
  if (rawKind(method) !== 'string') {
    return invalid('Expected string for method');
  }
  return { kind: 'call', id, method: rawText(method), params, wire };
}
