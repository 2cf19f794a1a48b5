import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import { PAY_METHODS, SUBSCRIPTION_EVERY_MS } from '@cl-hive/comms';
import { moment, whileMs } from '../pipeline/moment.ts';
import type { CommsServices } from '../services.ts';

const PARAMS = {
  invoice: p.text({ min: 1, max: 4296 }, 'a BOLT 11 invoice').optional(),
  offer: p.text({ min: 1, max: 4296 }, 'a BOLT 12 offer').optional(),
  url: p.text({ min: 1, max: 2048 }, 'a request that is paid for by L402').optional(),
  mint: p.text({ min: 1, max: 255 }, 'method=cashu: the mint that pays the invoice').optional(),
  amount_msat: p
    .msat('exactly this, where the payee leaves it open; of a url: at most this')
    .optional(),
  max_fee_msat: p.msat('highest fee; by default 1 percent, at least 5sat').optional(),
  payee: p.nodeId('refuse unless this node is paid').optional(),
  purpose: p.text({ min: 1, max: 32 }, 'what it is for; limits may name it').default('payment'),
  key: p
    .text({ match: /^[A-Za-z0-9._:-]{1,64}$/ }, 'asked again with the same key it is paid once')
    .optional(),
  kind: p
    .oneOf(['once', 'series', 'conditional'], 'decides the method, with pay_methods')
    .default('once'),
  method: p.oneOf(PAY_METHODS, 'pay by this one or not at all').optional(),
  quantity: p.int({ min: 1, max: 1_000_000 }, 'items of the offer').optional(),
  payer_note: p.text({ min: 1, max: 512 }, 'told to the payee of an offer').optional(),
  every: p
    .custom(moment, 'pay the offer again each such period, 1h to 366d: 30d; due at once')
    .optional(),
  times: p.int({ min: 1, max: 10_000 }, 'payments of the series in all').optional(),
  dry_run: p.bool('say what would happen, and pay nothing').default(false),
};

/** `hive-client-pay`: a payment of the operator, within grants and limits. */
export const clientPay = (ready: () => CommsServices) =>
  method({
    description:
      'Pay an invoice, an offer or a paid request, once, within grants and limits; dry_run=true only says what would happen',
    params: PARAMS,
    check: ({ every, offer, times }) => {
      const ms = every && whileMs(every);
      const { least, most } = SUBSCRIPTION_EVERY_MS;
      if (every !== undefined && (ms === undefined || ms < least || ms > most)) {
        throw new MethodError(INVALID_PARAMS, 'every: a while from 1h to 366d');
      }
      if (every !== undefined && offer === undefined) {
        throw new MethodError(INVALID_PARAMS, 'every: only an offer is paid again and again');
      }
      if (times !== undefined && every === undefined) {
        throw new MethodError(INVALID_PARAMS, 'times: needs every');
      }
    },
    handle: ({ amount_msat, max_fee_msat, payer_note, dry_run, ...rest }) =>
      rest.every !== undefined && rest.offer !== undefined
        ? ready().management.payments.subscribe(
            {
              offer: rest.offer,
              everyMs: whileMs(rest.every) ?? 0,
              times: rest.times,
              amountMsat: amount_msat,
              maxFeeMsat: max_fee_msat,
              payee: rest.payee,
              quantity: rest.quantity,
              payerNote: payer_note,
              purpose: rest.purpose,
            },
            dry_run,
          )
        : ready().management.payments.pay(
            {
              invoice: rest.invoice,
              offer: rest.offer,
              url: rest.url,
              mint: rest.mint,
              method: rest.method,
              kind: rest.kind,
              payee: rest.payee,
              purpose: rest.purpose,
              quantity: rest.quantity,
              key: rest.key,
              amountMsat: amount_msat,
              maxFeeMsat: max_fee_msat,
              payerNote: payer_note,
            },
            dry_run,
          ),
  });
