import type { Clock, Msat } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { MintLink } from './mint-link.ts';
import type { CashuTables } from './tables.ts';
import type { Sealer } from './vault.ts';

/** What an invoice asks for, as far as the wallet has to know. */
export interface InvoiceTerms {
  readonly amountMsat: Msat;
  /** Payment hash, hexadecimal. */
  readonly hash: string;
}

/** What the wallet works with. */
export interface CashuParts {
  readonly store: Store<CashuTables>;
  readonly link: MintLink;
  readonly sealer: Sealer;
  /** 64 bytes from the node's own secret, from which plain proofs can be made again (NUT-13). */
  readonly seed: Uint8Array;
  readonly clock: Pick<Clock, 'now'>;
  /** How often the database was restored: after that, counters may have been used and forgotten. */
  readonly generation: number;
  /** Reads an invoice (BOLT 11); undefined when it is none for this network, or names no amount. */
  readonly readInvoice: (invoice: string) => InvoiceTerms | undefined;
  /** Outputs without a signature after which a look for forgotten ones ends; the limits' by default. */
  readonly gap?: number;
  /** Told when a mint is not honest, or has taken what is ours. */
  readonly trouble: (message: string) => void;
}

/** Lets what else waits run between two pieces of heavy arithmetic. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
