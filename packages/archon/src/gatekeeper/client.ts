import {
  array,
  CodedError,
  describeError,
  isCodedError,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { bytesToUtf8, utf8ToBytes } from '@cl-hive/protocol';
import { isContentId } from '../did/content-id.ts';
import { type DidEvent, type Operation, readEvent } from '../did/operation.ts';
import type { Did } from '../did/proof.ts';
import { CHAIN_OPERATIONS_MAX } from '../limits.ts';

/** Why a Gatekeeper's answer is of no use. `gatekeeper_refused`: it does not want what it was sent. */
export type GatekeeperErrorCode = 'gatekeeper_answer' | 'gatekeeper_refused' | 'gatekeeper_away';

/** Sends a request to one Gatekeeper. Rejects with CodedError when no whole answer came. */
export type GatekeeperPort = (request: {
  readonly method: 'GET' | 'POST';
  /** Below the Gatekeeper's address, such as `/api/v1/did`. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

function strange(what: string, cause?: unknown): CodedError<GatekeeperErrorCode> {
  return new CodedError('gatekeeper_answer', what, cause === undefined ? {} : { cause });
}

/** Archon's Gatekeeper over HTTP (`/api/v1`): what it answers is read strictly, and believed nowhere. */
export class GatekeeperClient {
  readonly #port: GatekeeperPort;

  constructor(port: GatekeeperPort) {
    this.#port = port;
  }

  /** Whether it says that it is ready. */
  async ready(): Promise<boolean> {
    const answer = await this.#ask('GET', '/api/v1/ready');
    if (typeof answer !== 'boolean') {
      throw strange('it does not say whether it is ready');
    }
    return answer;
  }

  /**
   * Hands over an operation. Throws `gatekeeper_refused` when it does not take it. It does not know
   * copies of updates: ask {@link GatekeeperClient.events} before.
   */
  async submit(operation: Operation): Promise<void> {
    const answer = await this.#ask('POST', '/api/v1/did', operation.json);
    const wanted = 'did' in operation ? true : `did:cid:${operation.id}`;
    if (answer !== wanted) {
      throw strange('it does not confirm the operation');
    }
  }

  /** The operations of a DID as it knows them, each once; empty when it knows none. */
  async events(did: Did): Promise<readonly DidEvent[]> {
    const answer = await this.#ask('POST', '/api/v1/dids/export', { dids: [did] });
    let lists: readonly (readonly DidEvent[])[];
    try {
      lists = array(array(readEvent, CHAIN_OPERATIONS_MAX), 1)(answer);
    } catch (error) {
      throw strange(`its operations are not readable: ${describeError(error)}`, error);
    }
    const seen = new Set<string>();
    return (lists[0] ?? []).filter(({ operation: { id } }) => {
      const known = seen.has(id);
      seen.add(id);
      return !known;
    });
  }

  /** Stores bytes; answers their content id. */
  async putData(body: Uint8Array): Promise<string> {
    const answer = await this.#send('POST', '/api/v1/ipfs/data', {
      body,
      contentType: 'application/octet-stream',
    });
    const text = bytesToUtf8(answer)?.trim().replace(/^"|"$/g, '');
    if (text === undefined || !/^[a-zA-Z0-9]{20,120}$/.test(text)) {
      throw strange('it does not answer a content id');
    }
    return text;
  }

  /** Bytes that were stored under a content id; whether they are those, the caller checks. */
  async getData(cid: string): Promise<Uint8Array> {
    if (!/^[a-zA-Z0-9]{20,120}$/.test(cid) && !isContentId(cid)) {
      throw strange('that is no content id');
    }
    return this.#send('GET', `/api/v1/ipfs/data/${cid}`);
  }

  async #ask(method: 'GET' | 'POST', path: string, json?: JsonValue): Promise<JsonValue> {
    const bytes = await this.#send(
      method,
      path,
      json === undefined
        ? {}
        : { body: utf8ToBytes(stringifyJson(json)), contentType: 'application/json' },
    );
    const text = bytesToUtf8(bytes);
    try {
      return parseJson(text ?? '');
    } catch (error) {
      // Creating answers the bare DID under some versions.
      if (text !== undefined && /^did:cid:[a-z0-9]{20,120}$/.test(text.trim())) {
        return text.trim();
      }
      throw strange('it does not answer JSON', error);
    }
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    more: { readonly body?: Uint8Array; readonly contentType?: string } = {},
  ): Promise<Uint8Array> {
    let answer: { readonly status: number; readonly body: Uint8Array };
    try {
      answer = await this.#port({ method, path, ...more });
    } catch (error) {
      const message = isCodedError(error) ? error.message : 'it does not answer';
      throw new CodedError<GatekeeperErrorCode>('gatekeeper_away', message, { cause: error });
    }
    const { status, body } = answer;
    // Archon 0.12 answers 500 with this text where it does not take an operation.
    const invalid = status === 500 && (bytesToUtf8(body) ?? '').includes('Invalid operation');
    if (invalid || (status >= 400 && status < 500)) {
      throw new CodedError<GatekeeperErrorCode>('gatekeeper_refused', `it refuses (${status})`);
    }
    if (status !== 200) {
      throw new CodedError<GatekeeperErrorCode>('gatekeeper_away', `it fails (${status})`);
    }
    return body;
  }
}
