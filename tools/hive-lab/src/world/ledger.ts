import { err, ok, type Result } from '@cl-hive/core';
import { HTLCS_MAX } from './limits.ts';

/** A side of a channel: 0 opened it. */
export type SideNumber = 0 | 1;

/** The opposite side. */
export function otherSide(side: SideNumber): SideNumber {
  return side === 0 ? 1 : 0;
}

/** A payment on its way through a channel. */
export interface Htlc {
  readonly from: SideNumber;
  /** Counts from 0 on each side. */
  readonly id: number;
  readonly amountMsat: bigint;
  readonly paymentHash: string;
  /** Block height. */
  readonly expiry: number;
}

/** Whose money a channel holds. Balances and HTLCs together are always the capacity. */
export interface Ledger {
  readonly capacityMsat: bigint;
  readonly balances: readonly [bigint, bigint];
  readonly htlcs: readonly Htlc[];
  readonly nextId: readonly [number, number];
}

/** What a side must keep: its reserve, and for the opener the fee of the next commitment. */
export interface Keeps {
  readonly reserveMsat: bigint;
  readonly feeBufferMsat: bigint;
}

/** A channel of `capacityMsat` that begins with `pushMsat` on the other side. */
export function openLedger(capacityMsat: bigint, pushMsat: bigint): Ledger {
  if (pushMsat < 0n || pushMsat > capacityMsat) {
    throw new RangeError('what is pushed lies within the capacity');
  }
  return {
    capacityMsat,
    balances: [capacityMsat - pushMsat, pushMsat],
    htlcs: [],
    nextId: [0, 0],
  };
}

/** What a side can send at most. */
export function spendable(ledger: Ledger, side: SideNumber, keeps: Keeps): bigint {
  const buffer = side === 0 ? keeps.feeBufferMsat : 0n;
  const left = ledger.balances[side] - keeps.reserveMsat - buffer;
  return left > 0n ? left : 0n;
}

/** Why an HTLC was not taken. */
export type AddRefusal = 'balance' | 'htlcs';

/** Takes `amountMsat` from a side until the HTLC is fulfilled or failed. */
export function addHtlc(
  ledger: Ledger,
  from: SideNumber,
  htlc: { readonly amountMsat: bigint; readonly paymentHash: string; readonly expiry: number },
  keeps: Keeps,
): Result<{ readonly ledger: Ledger; readonly htlc: Htlc }, AddRefusal> {
  if (htlc.amountMsat <= 0n || htlc.amountMsat > spendable(ledger, from, keeps)) {
    return err('balance');
  }
  if (ledger.htlcs.filter((other) => other.from === from).length >= HTLCS_MAX) {
    return err('htlcs');
  }
  const added: Htlc = { ...htlc, from, id: ledger.nextId[from] };
  return ok({
    htlc: added,
    ledger: {
      capacityMsat: ledger.capacityMsat,
      balances: shifted(ledger.balances, from, -htlc.amountMsat),
      htlcs: [...ledger.htlcs, added],
      nextId: from === 0 ? [added.id + 1, ledger.nextId[1]] : [ledger.nextId[0], added.id + 1],
    },
  });
}

/** Ends an HTLC: fulfilled, it goes to the other side, else back. Unknown ones change nothing. */
export function endHtlc(ledger: Ledger, from: SideNumber, id: number, fulfilled: boolean): Ledger {
  const htlc = ledger.htlcs.find((other) => other.from === from && other.id === id);
  if (htlc === undefined) {
    return ledger;
  }
  const to = fulfilled ? otherSide(from) : from;
  return {
    ...ledger,
    balances: shifted(ledger.balances, to, htlc.amountMsat),
    htlcs: ledger.htlcs.filter((other) => other !== htlc),
  };
}

/** Adds `changeMsat`, which may be negative, to the capacity and to one side of it. */
export function resize(ledger: Ledger, side: SideNumber, changeMsat: bigint): Ledger {
  if (ledger.balances[side] + changeMsat < 0n) {
    throw new RangeError('a side cannot lose more than it has');
  }
  return {
    ...ledger,
    capacityMsat: ledger.capacityMsat + changeMsat,
    balances: shifted(ledger.balances, side, changeMsat),
  };
}

function shifted(
  balances: readonly [bigint, bigint],
  side: SideNumber,
  byMsat: bigint,
): [bigint, bigint] {
  return side === 0 ? [balances[0] + byMsat, balances[1]] : [balances[0], balances[1] + byMsat];
}
