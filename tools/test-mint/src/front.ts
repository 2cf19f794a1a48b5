import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { WireProof } from './conditions.ts';
import type { Mint } from './mint.ts';
import { Refusal } from './refusal.ts';
import type { WireOutput } from './wire.ts';

/**
 * What goes wrong with one request. `lose_request`: it never arrives; `lose_answer`: it is done, the
 * answer is lost; `error_before`, `error_after`: HTTP 500, before or after it is done; `garbage`: done,
 * the answer is no JSON; `bad_amount`, `bad_proof`: done, the signatures are changed; `stall`: done, and
 * never answered.
 */
export type MintFault =
  | 'lose_request'
  | 'lose_answer'
  | 'error_before'
  | 'error_after'
  | 'garbage'
  | 'bad_amount'
  | 'bad_proof'
  | 'stall';

/** An HTTP answer; undefined stands for a connection that broke, null for one that stays silent. */
export type FrontAnswer = { readonly status: number; readonly text: string } | undefined | null;

/** A mint's HTTP interface (NUT-03 to NUT-09), with faults on demand. */
export class MintFront {
  readonly mint: Mint;
  /** Asked before each request: what goes wrong with it. */
  fault: (method: string, path: string) => MintFault | undefined = () => undefined;
  /** Requests so far, `METHOD path`. */
  readonly seen: string[] = [];

  constructor(mint: Mint) {
    this.mint = mint;
  }

  async request(method: string, path: string, body?: string): Promise<FrontAnswer> {
    this.seen.push(`${method} ${path}`);
    const fault = this.fault(method, path);
    if (fault === 'lose_request') {
      return undefined;
    }
    if (fault === 'error_before') {
      return { status: 500, text: '{"detail":"internal"}' };
    }
    const answer = await this.#answer(method, path, body);
    switch (fault) {
      case undefined:
        return answer;
      case 'lose_answer':
        return undefined;
      case 'stall':
        return null;
      case 'error_after':
        return { status: 500, text: '{"detail":"internal"}' };
      case 'garbage':
        return { status: 200, text: '<html>' };
      case 'bad_amount':
        return { ...answer, text: answer.text.replace(/"amount":(\d+)/, '"amount":4194304') };
      case 'bad_proof':
        return { ...answer, text: answer.text.replace(/"s":"[0-9a-f]{4}/, '"s":"0000') };
    }
  }

  async #answer(method: string, path: string, body?: string) {
    try {
      const read = body === undefined ? {} : parseJson(body);
      if (!isJsonObject(read)) {
        throw new Refusal(0, 'no JSON object');
      }
      return { status: 200, text: stringifyJson(await this.#route(`${method} ${path}`, read)) };
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 0;
      const detail = error instanceof Error ? error.message : 'error';
      return { status: 400, text: stringifyJson({ code, detail }) };
    }
  }

  #route(what: string, body: JsonObject): object | Promise<object> {
    const { mint } = this;
    const rest = (start: string): string | undefined =>
      what.startsWith(start) ? what.slice(start.length) : undefined;
    const keys = rest('GET /v1/keys/');
    const mintQuote = rest('GET /v1/mint/quote/bolt11/');
    const meltQuote = rest('GET /v1/melt/quote/bolt11/');
    if (keys !== undefined) {
      return mint.keysView(keys);
    }
    if (mintQuote !== undefined) {
      return mint.mintQuoteView(mintQuote);
    }
    if (meltQuote !== undefined) {
      return mint.meltQuoteView(meltQuote);
    }
    switch (what) {
      case 'GET /v1/info':
        return mint.info();
      case 'GET /v1/keys':
        return mint.keysView();
      case 'GET /v1/keysets':
        return mint.keysetsView();
      case 'POST /v1/swap':
        return mint.swap(proofs(body['inputs']), outputs(body['outputs']));
      case 'POST /v1/mint/quote/bolt11':
        return mint.mintQuote(Number(body['amount']), textOf(body, 'unit'));
      case 'POST /v1/mint/bolt11':
        return mint.mint(textOf(body, 'quote'), outputs(body['outputs']));
      case 'POST /v1/melt/quote/bolt11':
        return mint.meltQuote(textOf(body, 'request'), textOf(body, 'unit'));
      case 'POST /v1/melt/bolt11':
        return mint.melt(
          textOf(body, 'quote'),
          proofs(body['inputs']),
          outputs(body['outputs'] ?? []),
        );
      case 'POST /v1/checkstate':
        return mint.checkState(body['Ys'] as string[]);
      case 'POST /v1/restore':
        return mint.restore(outputs(body['outputs']));
      default:
        throw new Refusal(0, `no such endpoint: ${what}`);
    }
  }
}

function outputs(value: JsonValue | undefined): readonly WireOutput[] {
  return list(value).map((one) => ({
    amount: amountOf(one),
    id: textOf(one, 'id'),
    B_: textOf(one, 'B_'),
  }));
}

function proofs(value: JsonValue | undefined): readonly WireProof[] {
  return list(value).map((one) => ({
    amount: amountOf(one),
    id: textOf(one, 'id'),
    secret: textOf(one, 'secret'),
    C: textOf(one, 'C'),
    witness: one['witness'],
  }));
}

function list(value: JsonValue | undefined): readonly JsonObject[] {
  if (!Array.isArray(value) || !value.every(isJsonObject)) {
    throw new Refusal(0, 'expected a list of objects');
  }
  return value;
}

function textOf(of: JsonObject, name: string): string {
  const value = of[name];
  if (typeof value !== 'string') {
    throw new Refusal(0, `${name}: expected a text`);
  }
  return value;
}

function amountOf({ amount }: JsonObject): number {
  const value = Number(amount);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Refusal(11_006, 'not an amount');
  }
  return value;
}
