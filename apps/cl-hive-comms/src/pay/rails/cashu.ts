import { type CashuErrorCode, type CashuWallet, type Gift, type Operation } from '@cl-hive/cashu';
import type { Intent, OrderReason } from '@cl-hive/comms';
import { CodedError, isCodedError, type JsonObject, type Msat } from '@cl-hive/core';
import { readInvoice } from '@cl-hive/payments';
import {
  absent,
  type Done,
  done,
  fail,
  go,
  type Look,
  over,
  pending,
} from '../../actions/action.ts';
import { SETTLE_MS } from '../../actions/limits.ts';
import { optionalText, textOf } from '../../actions/params.ts';
import { feeBound } from '../fee-bound.ts';
import { orderOf, type PayAsk, type PaymentRail, type Quote, refuse } from '../rail.ts';

const REASONS: Readonly<Partial<Record<CashuErrorCode, OrderReason>>> = {
  mint_unlisted: 'mint_unknown',
  mint_quarantined: 'mint_unavailable',
  mint_refused: 'mint_unavailable',
  mint_silent: 'mint_unavailable',
  mint_url: 'mint_unavailable',
  keyset_unusable: 'mint_unavailable',
  lock_unsupported: 'mint_lacks_locks',
  lock_outlives_keyset: 'lock_too_long',
  balance: 'balance_low',
  fee: 'fee_bound',
  invoice_unfit: 'invoice_invalid',
  amount: 'order_invalid',
};

/** The wallet's operation that carries an order out. */
export function operationOf({ id }: Pick<Intent, 'id'>): string {
  return `order/${id}`;
}

/** What an order for Cashu is about: an invoice that the mint pays, or proofs for somebody. */
interface CashuDetail {
  readonly mint: string;
  readonly invoice: string | undefined;
  readonly ticket: string | undefined;
}

function detailOf(detail: JsonObject): CashuDetail {
  return {
    mint: textOf(detail, 'mint'),
    invoice: optionalText(detail, 'bolt11'),
    ticket: optionalText(detail, 'ticket'),
  };
}

/** What the Cashu rail works with. */
export interface CashuRailParts {
  readonly wallet: CashuWallet;
  /** The locked parts of an escrow ticket; undefined where there is no such ticket. */
  readonly gifts: (ticket: string) => Promise<readonly Gift[] | undefined>;
}

/**
 * Pays with the proofs of a mint. `detail`: `mint`, and `bolt11` for an invoice that the mint pays, or
 * `ticket` for the parts of an escrow ticket, or neither for a token. The token stays in the wallet.
 */
export function cashuRail(parts: CashuRailParts): PaymentRail {
  const { wallet } = parts;
  return {
    method: 'cashu',
    settleMs: SETTLE_MS.payment,
    quote: (_context, ask) => quote(parts, ask),
    plan: async (_context, command, intent) => {
      const { amountMsat, feeMsat, detail } = orderOf(command);
      const { mint, invoice, ticket } = detailOf(detail);
      const wish = { key: operationOf(intent), mint, maxFeeMsat: feeMsat };
      if (invoice !== undefined) {
        const { amountMsat: asked } = await wallet.prepare.melt({ ...wish, invoice });
        if (asked > amountMsat) {
          await wallet.cancel(wish.key);
          return fail('the mint asks for more than before');
        }
        return go({ operation: wish.key });
      }
      const gifts = await giftsOf(parts, ticket, amountMsat);
      if (gifts === undefined) {
        return fail('the ticket is gone');
      }
      await wallet.prepare.send({ ...wish, gifts });
      return go({ operation: wish.key });
    },
    release: (_context, marker) => wallet.cancel(textOf(marker, 'operation')),
    perform: async (_context, { marker }) => {
      const operation = await wallet.run(textOf(marker, 'operation'));
      const outcome = lookAt(operation);
      if (outcome.kind === 'there') {
        return outcome;
      }
      throw new CodedError('cashu_open', operation.reason);
    },
    look: async (_context, { marker }) => {
      const key = textOf(marker, 'operation');
      if ((await wallet.find(key)) === undefined) {
        return absent('the wallet does not know of it');
      }
      // What a stop left prepared was never asked of the mint.
      await wallet.cancel(key);
      return lookAt(await wallet.run(key));
    },
  };
}

async function giftsOf(
  { gifts }: CashuRailParts,
  ticket: string | undefined,
  amountMsat: Msat,
): Promise<readonly Gift[] | undefined> {
  return ticket === undefined ? [{ amountMsat }] : gifts(ticket);
}

async function quote(parts: CashuRailParts, ask: PayAsk): Promise<Quote> {
  const { purpose, detail, maxFeeMsat } = ask;
  const { mint, invoice, ticket } = detailOf(detail);
  try {
    const bound = await costOf(parts, ask);
    if (bound === undefined) {
      return refuse('order_invalid', 'there is no amount', 'give amount_msat or bolt11');
    }
    const { amountMsat, feeMsat, reference } = bound;
    if (ask.amountMsat !== undefined && invoice !== undefined && ask.amountMsat > amountMsat) {
      return refuse('amount_differs', 'the invoice is over less', 'leave the amount out');
    }
    return {
      kind: 'order',
      order: {
        method: 'cashu',
        purpose,
        amountMsat,
        feeMsat: maxFeeMsat === undefined || maxFeeMsat > feeMsat ? feeMsat : maxFeeMsat,
        payee: ask.payee ?? mint,
        reference,
        peers: ask.payee === undefined ? [] : [ask.payee],
        detail: {
          mint,
          ...(invoice === undefined ? {} : { bolt11: invoice }),
          ...(ticket === undefined ? {} : { ticket }),
        },
      },
      estimate: undefined,
    };
  } catch (error) {
    const reason = isCodedError<CashuErrorCode>(error) ? REASONS[error.code] : undefined;
    if (reason === undefined || !isCodedError(error)) {
      throw error;
    }
    return refuse(reason, error.message, error.remedy ?? 'see hive-client-wallet');
  }
}

async function costOf(parts: CashuRailParts, { detail, amountMsat, maxFeeMsat }: PayAsk) {
  const { wallet } = parts;
  const { mint, invoice, ticket } = detailOf(detail);
  if (invoice !== undefined) {
    const read = readInvoice(invoice);
    const most = feeBound(read.amountMsat ?? (0n as Msat), maxFeeMsat);
    const cost = await wallet.prepare.estimateMelt({ mint, invoice, maxFeeMsat: most });
    return { ...cost, feeMsat: most, reference: read.paymentHash };
  }
  const gifts =
    ticket === undefined
      ? amountMsat === undefined
        ? undefined
        : [{ amountMsat }]
      : await parts.gifts(ticket);
  if (gifts === undefined) {
    return undefined;
  }
  const limit = maxFeeMsat === undefined ? {} : { maxFeeMsat };
  const feeMsat = await wallet.prepare.estimateSend({ mint, gifts, ...limit });
  const sum = gifts.reduce((all, gift) => all + gift.amountMsat, 0n) as Msat;
  const reference = ticket === undefined ? undefined : `ticket/${ticket}`;
  return { amountMsat: sum, feeMsat, reference };
}

/** What the wallet shows of an operation, as the pipeline reads it. */
function lookAt(
  operation: Operation,
): Extract<Look, { message: string }> | ({ kind: 'there' } & Done) {
  const { state, reason, amountMsat, feeMsat, key, mint, terms } = operation;
  const result = {
    operation: key,
    mint,
    amount_msat: String(amountMsat),
    fee_msat: String(feeMsat),
    ...(terms.preimage === undefined ? {} : { payment_preimage: terms.preimage }),
  };
  switch (state) {
    case 'done':
      return { kind: 'there', ...done(result, amountMsat + feeMsat) };
    case 'disputed':
      return {
        kind: 'there',
        ...done(result, amountMsat + feeMsat),
        undelivered: `the mint took it and gave nothing: ${reason}`,
      };
    case 'void':
      return over(reason) as Extract<Look, { message: string }>;
    case 'open':
    case 'prepared':
      return pending(reason) as Extract<Look, { message: string }>;
  }
}
