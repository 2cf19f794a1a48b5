import { createHash, randomBytes } from 'node:crypto';
import { CodedError, type JsonObject, type Msat, satToMsat, stringifyJson } from '@cl-hive/core';
import type { MintFront } from './front.ts';
import type { MintLightning, MintPayment } from './lightning.ts';

/** Invoices as texts `ln:<sat>:<preimage>`, and who paid them. */
export class PaperLightning implements MintLightning {
  readonly paid = new Set<string>();
  /** What the next payments do; then they succeed. */
  readonly fates: ('failed' | 'pending')[] = [];
  readonly #pending = new Set<string>();
  /** Sat that left by payments, fees included, and how often each invoice was paid. */
  leftSat = 0;
  readonly times = new Map<string, number>();
  feeSat = 1;
  /** Random bytes, from a seed where a test needs the same again. */
  bytes = (): string => randomBytes(32).toString('hex');

  newInvoice(sat: number): string {
    return `ln:${sat}:${this.bytes()}`;
  }

  async invoice(amountSat: number) {
    const request = this.newInvoice(amountSat);
    return { request, hash: request };
  }

  async isPaid(hash: string): Promise<boolean> {
    return this.paid.has(hash);
  }

  async amountOf(request: string): Promise<number | undefined> {
    return readPaper(request) === undefined ? undefined : Number(request.split(':')[1]);
  }

  async pay(request: string, maxFeeSat: number): Promise<MintPayment> {
    const fate = this.fates.shift();
    if (fate === 'failed' || maxFeeSat < this.feeSat) {
      return { state: 'failed' };
    }
    if (fate === 'pending') {
      this.#pending.add(request);
      return { state: 'pending' };
    }
    return this.#settle(request);
  }

  async look(request: string): Promise<MintPayment> {
    return this.#pending.has(request)
      ? { state: 'pending' }
      : this.paid.has(request)
        ? this.#paid(request)
        : { state: 'failed' };
  }

  /** Ends the payments that are under way. */
  settle(outcome: 'paid' | 'failed'): void {
    for (const request of this.#pending) {
      if (outcome === 'paid') {
        this.#settle(request);
      }
    }
    this.#pending.clear();
  }

  #settle(request: string): MintPayment {
    this.times.set(request, (this.times.get(request) ?? 0) + 1);
    this.paid.add(request);
    this.leftSat += Number(request.split(':')[1]) + this.feeSat;
    return this.#paid(request);
  }

  #paid(request: string): MintPayment {
    return { state: 'paid', preimage: request.split(':')[2] ?? '', feeSat: this.feeSat };
  }
}

/** Reads what {@link PaperLightning} writes. */
export function readPaper(
  invoice: string,
): { readonly amountMsat: Msat; readonly hash: string } | undefined {
  const [kind, sat, preimage = ''] = invoice.split(':');
  if (kind !== 'ln') {
    return undefined;
  }
  const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
  return { amountMsat: satToMsat(Number(sat)), hash };
}

/** One request of a wallet. */
export interface PaperRequest {
  readonly mint: { readonly url: string };
  readonly method: string;
  readonly path: string;
  readonly body?: JsonObject;
}

/** Carries requests straight to mints by their address; throws CodedError `mint_silent` as a network would. */
export function paperLink(fronts: ReadonlyMap<string, MintFront>) {
  return async ({ mint, method, path, body }: PaperRequest) => {
    const answer = await fronts
      .get(mint.url)
      ?.request(method, path, body === undefined ? undefined : stringifyJson(body));
    if (answer === undefined || answer === null) {
      throw new CodedError('mint_silent', `${mint.url} gave no whole answer`);
    }
    return answer;
  };
}
