import { createHash } from 'node:crypto';
import { CodedError, isJsonObject, type JsonObject, stringifyJson } from '@cl-hive/core';
import { ENVELOPE_BYTES_MAX, parseStrictJson } from '@cl-hive/protocol';

/** What of a call by RPC becomes the bytes that the pipeline reads. */
export interface RequestParams {
  readonly envelope: string | JsonObject;
  readonly rune?: string | undefined;
  /** An L402 token beside the envelope; the envelope's own counts first. */
  readonly l402?: string | undefined;
  readonly schema?: string | undefined;
  readonly action?: string | undefined;
}

function lax(envelope: RequestParams['envelope']): JsonObject | undefined {
  if (typeof envelope !== 'string') {
    return envelope;
  }
  if (envelope.length > ENVELOPE_BYTES_MAX) {
    return undefined;
  }
  try {
    const value = parseStrictJson(envelope);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The envelope's bytes. `schema` and `action` beside it are what the caller's rune was checked for by
 * clnrest: they must be the envelope's own. Throws CodedError `rpc_mismatch`.
 */
export function requestBytes({ envelope, schema, action }: RequestParams): Uint8Array {
  const read = lax(envelope);
  for (const [name, given] of Object.entries({ schema, action })) {
    if (given !== undefined && read?.[name] !== given) {
      throw new CodedError('rpc_mismatch', `${name} is not that of the envelope`, {
        remedy: `give the envelope's own ${name}, or none`,
      });
    }
  }
  return Buffer.from(typeof envelope === 'string' ? envelope : stringifyJson(envelope), 'utf8');
}

/**
 * Whom a call's rate is counted under before anybody is known: the rune, else the name it claims, both
 * hashed, so that nothing long is kept. A caller by RPC is the operator's own or has passed clnrest.
 */
export function requestSource({ envelope, rune }: RequestParams): string {
  const claimed = lax(envelope)?.['principal'];
  const name = rune ?? (typeof claimed === 'string' ? claimed : '');
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
