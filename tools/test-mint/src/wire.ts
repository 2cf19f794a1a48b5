import { Refusal } from './refusal.ts';

/** A blinded message (NUT-00). */
export interface WireOutput {
  readonly amount: number;
  readonly id: string;
  readonly B_: string;
}

/** A blind signature with its proof (NUT-12). */
export interface WireSignature {
  readonly amount: number;
  readonly id: string;
  readonly C_: string;
  readonly dleq: { readonly e: string; readonly s: string };
}

/** What proofs or outputs are worth together. */
export function sum(of: readonly { readonly amount: number }[]): number {
  return of.reduce((all, { amount }) => all + amount, 0);
}

/** Throws a {@link Refusal} for a quote that there is not. */
export function known<T>(quote: T | undefined): T {
  if (quote === undefined) {
    throw new Refusal(20_000, 'quote is not known');
  }
  return quote;
}

/** Blank outputs with the powers of two of what is given back (NUT-08). */
export function changeFor(blanks: readonly WireOutput[], over: number): readonly WireOutput[] {
  const amounts: number[] = [];
  for (let bit = 1; bit <= over; bit *= 2) {
    if (Math.floor(over / bit) % 2 === 1) {
      amounts.push(bit);
    }
  }
  return blanks.slice(0, amounts.length).map((blank, index) => ({
    ...blank,
    amount: amounts[index] ?? 0,
  }));
}
