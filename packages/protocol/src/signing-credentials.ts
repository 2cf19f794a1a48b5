import { canonicalJson } from './canonical-json.ts';
import { sha256Hex } from './hashes.ts';
import { type Builder, count, json, nested, type Part, text, value } from './signing-builders.ts';
import type { WireObject } from './wire-value.ts';

const CREDENTIAL = [
  text('credential_id'),
  text('issuer_id'),
  text('subject_id'),
  text('domain'),
  count('period_start'),
  count('period_end'),
  ['metrics', {}],
  ['outcome', null],
  ['issued_at', null],
  ['expires_at', null],
] as const satisfies readonly Part[];

const MANDATE = [
  text('credential_id'),
  text('issuer_id'),
  text('agent_id'),
  text('node_id'),
  text('tier'),
  ['allowed_schemas', []],
  ['constraints', {}],
  count('valid_from'),
  count('valid_until'),
] as const satisfies readonly Part[];

/** A node's credential: its members, and the hash of its evidence. */
export function credentialString(raw: WireObject): string {
  const inner = nested(raw, 'credential');
  const evidence = value(inner, ['evidence', []]);
  return json(CREDENTIAL, { evidence_hash: sha256Hex(canonicalJson(evidence)) })(inner);
}

/** A management agent's mandate: all its members but the signature. */
export const mandateString: Builder = (raw) => json(MANDATE)(nested(raw, 'credential'));
