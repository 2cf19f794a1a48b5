/** What became of a payment that a mint makes. */
export type MintPayment =
  | { readonly state: 'paid'; readonly preimage: string; readonly feeSat: number }
  | { readonly state: 'failed' }
  | { readonly state: 'pending' };

/** The Lightning node behind a mint; amounts in sat. */
export interface MintLightning {
  /** A new invoice, and by what it is asked for later. */
  invoice(amountSat: number): Promise<{ readonly request: string; readonly hash: string }>;
  isPaid(hash: string): Promise<boolean>;
  /** What an invoice asks for; undefined when it is none. */
  amountOf(request: string): Promise<number | undefined>;
  pay(request: string, maxFeeSat: number): Promise<MintPayment>;
  /** What became of an earlier payment of that invoice. */
  look(request: string): Promise<MintPayment>;
}
