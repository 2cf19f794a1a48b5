import {
  array,
  bigInteger,
  boolean,
  type Decoder,
  hex,
  integer,
  isCodedError,
  type JsonObject,
  type Msat,
  msatToSatFloor,
  object,
  oneOf,
  optional,
  parseJson,
  record,
  satToMsat,
  text,
} from '@cl-hive/core';
import { cashuError } from './errors.ts';
import type { Keyset } from './keyset.ts';
import { CASHU_LIMITS } from './limits.ts';
import type { MintAddress, MintLink } from './mint-link.ts';
import { type CashuProof, wireProof } from './proof.ts';

/** A blinded message as requests have it (NUT-00); 0 msat: the mint chooses (NUT-08). */
export interface BlindedMessage {
  readonly keyset: string;
  readonly amountMsat: Msat;
  /** `B_`, compressed point in hexadecimal. */
  readonly point: string;
}

/** A mint's signature on a blinded message, with its proof (NUT-12). */
export interface BlindSignature {
  readonly keyset: string;
  readonly amountMsat: Msat;
  /** `C_`, compressed point in hexadecimal. */
  readonly point: string;
  readonly dleq: { readonly e: string; readonly s: string } | undefined;
}

/** What a mint says of itself (NUT-06). */
export interface MintInfo {
  readonly name: string;
  readonly version: string;
  /** Numbers of the NUTs that it says it supports. */
  readonly nuts: ReadonlySet<number>;
}

/** What a mint says of an invoice that buys proofs (NUT-04, NUT-23). */
export interface MintQuote {
  readonly quote: string;
  readonly invoice: string;
  readonly state: 'UNPAID' | 'PAID' | 'ISSUED';
  /** Unix seconds. */
  readonly expiryS: number | undefined;
}

/** What a mint says of an invoice that proofs pay (NUT-05, NUT-23). */
export interface MeltQuote {
  readonly quote: string;
  readonly amountMsat: Msat;
  readonly reserveMsat: Msat;
  readonly state: 'UNPAID' | 'PENDING' | 'PAID';
  readonly expiryS: number;
  readonly preimage: string | undefined;
  readonly change: readonly BlindSignature[];
}

/** What a mint knows of a proof (NUT-07). */
export type ProofState = 'UNSPENT' | 'PENDING' | 'SPENT';

const SAT_MAX = CASHU_LIMITS.amountMsat;
const sat: Decoder<Msat> = (input) => satToMsat(bigInteger(0n, SAT_MAX)(input));
const point = hex(33);
const dleq = object({ e: hex(32), s: hex(32) });
const keysetId = text(66);

const signature: Decoder<BlindSignature> = (input) => {
  const read = object({ id: keysetId, amount: sat, C_: point, dleq: optional(dleq) })(input);
  return { keyset: read.id, amountMsat: read.amount, point: read.C_, dleq: read.dleq };
};
const signatures = array(signature, CASHU_LIMITS.answerBytes / 256);
const signed = object({ signatures });

const mintQuote: Decoder<MintQuote> = (input) => {
  const read = object({
    quote: text(256),
    request: text(8192),
    state: oneOf('UNPAID', 'PAID', 'ISSUED'),
    expiry: optional(integer(0)),
  })(input);
  const { quote, request: invoice, state, expiry } = read;
  return { quote, invoice, state, expiryS: expiry };
};

const meltQuote: Decoder<MeltQuote> = (input) => {
  const read = object({
    quote: text(256),
    amount: sat,
    fee_reserve: sat,
    state: oneOf('UNPAID', 'PENDING', 'PAID'),
    expiry: integer(0),
    payment_preimage: optional(text(128)),
    change: optional(signatures),
  })(input);
  const { quote, amount, fee_reserve: reserve, state, expiry, payment_preimage: preimage } = read;
  return {
    quote,
    amountMsat: amount,
    reserveMsat: reserve,
    state,
    expiryS: expiry,
    preimage,
    change: read.change ?? [],
  };
};

const keysets = object({
  keysets: array(
    object({
      id: keysetId,
      unit: text(16),
      active: boolean,
      input_fee_ppk: optional(integer(0)),
      final_expiry: optional(integer(0)),
    }),
    CASHU_LIMITS.keysets,
  ),
});
const keys = object({
  keysets: array(object({ id: keysetId, keys: record(point, CASHU_LIMITS.keys) }), 64),
});
const states = object({
  states: array(
    object({ Y: point, state: oneOf('UNSPENT', 'PENDING', 'SPENT') }),
    CASHU_LIMITS.statePoints,
  ),
});
const restored = object({
  outputs: array(object({ B_: point }), CASHU_LIMITS.restoreBatch),
  signatures: array(signature, CASHU_LIMITS.restoreBatch),
});

const supported = object({ supported: optional(boolean), disabled: optional(boolean) });
const info: Decoder<MintInfo> = (input) => {
  const read = object({
    name: optional(text()),
    version: optional(text()),
    nuts: record((x) => x, 64),
  })(input);
  const nuts = new Set<number>();
  for (const [name, value] of read.nuts) {
    try {
      const flag = supported(value);
      // 4 and 5 say only when they are switched off; the others say `supported`.
      if (flag.supported ?? (['4', '5'].includes(name) && flag.disabled !== true)) {
        nuts.add(Number(name));
      }
    } catch {
      // A NUT that it describes in a way of its own is one that we do not use.
    }
  }
  return { name: shown(read.name ?? ''), version: shown(read.version ?? ''), nuts };
};

/** A mint's words, cut and without control characters. */
function shown(words: string): string {
  return words.slice(0, 200).replaceAll(/\p{Cc}/gu, ' ');
}

const refusal = object({ code: optional(integer()), detail: optional(text()) });

/**
 * One mint's requests. Each throws `mint_refused` (`data.code`: the mint's, NUT-00) when it surely was
 * not done, `mint_silent` when it may have been, `mint_url` when it was not sent.
 */
export class MintClient {
  readonly address: MintAddress;
  readonly #link: MintLink;

  constructor(address: MintAddress, link: MintLink) {
    this.address = address;
    this.#link = link;
  }

  info(): Promise<MintInfo> {
    return this.#ask(info, 'GET', '/v1/info');
  }

  /** Keysets without their keys, whatever their unit. */
  async keysets(): Promise<readonly Omit<Keyset, 'keys'>[]> {
    const read = await this.#ask(keysets, 'GET', '/v1/keysets');
    return read.keysets.map(({ id, unit, active, input_fee_ppk: fee, final_expiry: expiry }) => ({
      id,
      unit,
      active,
      feePpk: fee ?? 0,
      finalExpiryS: expiry === 0 ? undefined : expiry,
    }));
  }

  /** Public keys of a keyset by amount in sat. */
  async keys(id: string): Promise<Readonly<Record<string, string>>> {
    const read = await this.#ask(keys, 'GET', `/v1/keys/${encodeURIComponent(id)}`);
    const found = read.keysets.find((one) => one.id === id);
    return Object.fromEntries(found?.keys ?? []);
  }

  async swap(
    inputs: readonly CashuProof[],
    outputs: readonly BlindedMessage[],
  ): Promise<readonly BlindSignature[]> {
    const body = { inputs: inputs.map(wireProof), outputs: outputs.map(wireOutput) };
    return (await this.#ask(signed, 'POST', '/v1/swap', body)).signatures;
  }

  quoteMint(amountMsat: Msat): Promise<MintQuote> {
    const body = { unit: 'sat', amount: msatToSatFloor(amountMsat) };
    return this.#ask(mintQuote, 'POST', '/v1/mint/quote/bolt11', body);
  }

  mintQuote(quote: string): Promise<MintQuote> {
    return this.#ask(mintQuote, 'GET', `/v1/mint/quote/bolt11/${encodeURIComponent(quote)}`);
  }

  async mint(
    quote: string,
    outputs: readonly BlindedMessage[],
  ): Promise<readonly BlindSignature[]> {
    const body = { quote, outputs: outputs.map(wireOutput) };
    return (await this.#ask(signed, 'POST', '/v1/mint/bolt11', body)).signatures;
  }

  quoteMelt(invoice: string): Promise<MeltQuote> {
    const body = { unit: 'sat', request: invoice };
    return this.#ask(meltQuote, 'POST', '/v1/melt/quote/bolt11', body);
  }

  meltQuote(quote: string): Promise<MeltQuote> {
    return this.#ask(meltQuote, 'GET', `/v1/melt/quote/bolt11/${encodeURIComponent(quote)}`);
  }

  melt(
    quote: string,
    inputs: readonly CashuProof[],
    outputs: readonly BlindedMessage[],
  ): Promise<MeltQuote> {
    const body = { quote, inputs: inputs.map(wireProof), outputs: outputs.map(wireOutput) };
    return this.#ask(meltQuote, 'POST', '/v1/melt/bolt11', body);
  }

  /** The states of proofs by their points, in the same order. */
  async states(points: readonly string[]): Promise<readonly ProofState[]> {
    const all: ProofState[] = [];
    for (let at = 0; at < points.length; at += CASHU_LIMITS.statePoints) {
      const some = points.slice(at, at + CASHU_LIMITS.statePoints);
      const read = await this.#ask(states, 'POST', '/v1/checkstate', { Ys: [...some] });
      const byPoint = new Map(read.states.map(({ Y, state }) => [Y, state]));
      all.push(...some.map((one) => byPoint.get(one) ?? this.#strange('leaves proofs out')));
    }
    return all;
  }

  /** The signatures that it made on these messages before, in the same order. */
  async restore(
    outputs: readonly BlindedMessage[],
  ): Promise<readonly (BlindSignature | undefined)[]> {
    const all: (BlindSignature | undefined)[] = [];
    for (let at = 0; at < outputs.length; at += CASHU_LIMITS.restoreBatch) {
      const some = outputs.slice(at, at + CASHU_LIMITS.restoreBatch);
      const body = { outputs: some.map(wireOutput) };
      const read = await this.#ask(restored, 'POST', '/v1/restore', body);
      const found = new Map(read.outputs.map(({ B_ }, index) => [B_, read.signatures[index]]));
      all.push(...some.map(({ point: mine }) => found.get(mine)));
    }
    return all;
  }

  #strange(what: string): never {
    throw cashuError(
      'mint_silent',
      `${this.address.url} ${what}`,
      'wait, or ask who runs the mint; what is open is asked for again by itself',
    );
  }

  async #ask<T>(
    decode: Decoder<T>,
    method: 'GET' | 'POST',
    path: string,
    body?: JsonObject,
  ): Promise<T> {
    const request = { mint: this.address, method, path };
    const { status, text: answer } = await this.#link(
      body === undefined ? request : { ...request, body },
    );
    if (status === 200) {
      try {
        return decode(parseJson(answer));
      } catch (error) {
        const why = isCodedError(error, 'decode') ? error.message : 'no JSON';
        return this.#strange(`answers ${path.split('/')[2]} with what is not one: ${shown(why)}`);
      }
    }
    // Other statuses may come from something in between, after the mint has done it.
    const refused = status === 400 ? readRefusal(answer) : undefined;
    if (refused === undefined) {
      return this.#strange(`answers with HTTP ${status}`);
    }
    throw cashuError(
      'mint_refused',
      `${this.address.url} refuses: ${shown(refused.detail ?? '')} (${refused.code})`,
      'see what the mint says; nothing was spent by this request',
      { data: { code: refused.code } },
    );
  }
}

function readRefusal(answer: string) {
  try {
    const read = refusal(parseJson(answer));
    return read.code === undefined ? undefined : read;
  } catch {
    return undefined;
  }
}

function wireOutput({ keyset, amountMsat, point: B_ }: BlindedMessage): JsonObject {
  return { amount: msatToSatFloor(amountMsat), id: keyset, B_ };
}
