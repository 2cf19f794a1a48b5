import { method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-invoice`: an invoice to be paid by. */
export const clientInvoice = (ready: () => CommsServices) =>
  method({
    description: 'Make an invoice to be paid by; with the key of an earlier one, show that one',
    params: {
      amount_msat: p.msat('what is to be paid; without it the payer chooses').optional(),
      description: p.text({ max: 639 }, 'what it is for').default(''),
      key: p
        .text({ match: /^[A-Za-z0-9._:-]{1,64}$/ }, 'asked again with the same key it is made once')
        .optional(),
      expiry: p.int({ min: 60, max: 31_536_000 }, 'seconds').optional(),
    },
    handle: ({ amount_msat, description, key, expiry }) =>
      ready().management.payments.invoice({
        amountMsat: amount_msat ?? 'any',
        description,
        key,
        expirySeconds: expiry,
      }),
  });
