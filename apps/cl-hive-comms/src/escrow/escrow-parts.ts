import type { CashuProof, CashuWallet, Opener, Sealer } from '@cl-hive/cashu';
import type { CommsTables } from '@cl-hive/comms';
import { type Clock, CodedError, isCodedError, type NodeId } from '@cl-hive/core';
import type { SwapOutcome } from '@cl-hive/payments';
import type { Store } from '@cl-hive/store';
import type { EscrowKeys } from './escrow-keys.ts';
import type { EscrowTables } from './escrow-rows.ts';

/** What became of locking a ticket's money. */
export interface Funding {
  readonly outcome: 'done' | 'failed' | 'unknown';
  /** Number of the order, where there is one. */
  readonly intent: number | undefined;
}

/** What escrow works with. */
export interface EscrowParts {
  readonly store: Store<EscrowTables & CommsTables>;
  readonly wallet: CashuWallet;
  readonly sealer: Sealer;
  readonly keys: EscrowKeys;
  readonly clock: Pick<Clock, 'now'>;
  readonly node: NodeId;
  /** To be told after each change that left a receipt. */
  readonly wrote: () => void;
  readonly alert: (key: string, text: string) => void;
  /** Throws why a ticket's money would not be locked now. */
  readonly check: (ticket: string, mint: string) => Promise<void>;
  /** Locks a ticket's money, as every payment is made. */
  readonly fund: (ticket: string, mint: string) => Promise<Funding>;
  /** What became of it; locks nothing. */
  readonly lookFund: (ticket: string, mint: string) => Promise<Funding>;
}

/** Seconds since 1970. */
export function nowS(clock: Pick<Clock, 'now'>): number {
  return Math.floor(clock.now() / 1000);
}

/** Refuses with a reason of the state machines. */
export function refuseTicket(reason: string, remedy: string): never {
  throw new CodedError(reason, `escrow: ${reason.replaceAll('_', ' ')}`, { remedy });
}

/** Begins to swap a part's proofs to this node, under a key that is stored first. */
export async function beginSwap(
  wallet: CashuWallet,
  key: string,
  of: { readonly mint: string; readonly proofs: readonly CashuProof[]; readonly opener: Opener },
): Promise<SwapOutcome> {
  const { mint, proofs, opener } = of;
  try {
    await wallet.prepare.receive({ key, token: { mint, proofs }, opener });
  } catch (error) {
    // Nothing was asked of the mint but what it is: the part is as it was.
    if (isCodedError(error)) {
      return 'failed';
    }
    throw error;
  }
  return lookAtSwap(wallet, key, of);
}

/** What became of a swap; the wallet says done or failed only for what the mint said. */
export async function lookAtSwap(
  wallet: CashuWallet,
  key: string,
  of: { readonly mint: string; readonly proofs: readonly CashuProof[] },
): Promise<SwapOutcome> {
  if ((await wallet.find(key)) === undefined) {
    return 'failed';
  }
  const { state } = await wallet.run(key);
  switch (state) {
    case 'done':
      return 'done';
    case 'void': {
      const spent = await isSpent(wallet, of.mint, of.proofs);
      return spent === undefined ? 'unknown' : spent ? 'spent' : 'failed';
    }
    case 'prepared':
    case 'open':
    case 'disputed':
      return 'unknown';
  }
}

/** Whether the mint says that any of these proofs is spent; undefined while it does not say. */
export async function isSpent(
  wallet: CashuWallet,
  mint: string,
  proofs: readonly CashuProof[],
): Promise<boolean | undefined> {
  try {
    return (await wallet.statesOf(mint, proofs)).includes('SPENT');
  } catch (error) {
    if (isCodedError(error)) {
      return undefined;
    }
    throw error;
  }
}
