import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';

/** `hive-client-offer`: offers to be paid by, again and again. */
export const clientOffer = (ready: () => CommsServices) =>
  method({
    description: 'Make an offer (BOLT 12) to be paid by, list them, or disable one',
    params: {
      action: p.oneOf(['create', 'list', 'disable'], 'what to do').default('create'),
      amount_msat: p.msat('price of one item; without it the payer chooses').optional(),
      description: p.text({ max: 512 }, 'what it is for').default(''),
      key: p.text({ match: /^[A-Za-z0-9._:-]{1,64}$/ }, 'part of its label').optional(),
      quantity_max: p.int({ min: 1, max: 1_000_000 }, 'items that one payment may buy').optional(),
      single_use: p.bool('it is paid once').default(false),
      recurrence: p
        .text({ match: /^\d{1,4}(?:seconds|days|months)$/ }, 'paid again each such period')
        .optional(),
      offer_id: p.text({ match: /^[0-9a-f]{64}$/ }, 'the offer to disable').optional(),
    },
    check: ({ action, offer_id: id }) => {
      if (action === 'disable' && id === undefined) {
        throw new MethodError(INVALID_PARAMS, 'offer_id: disable needs it');
      }
    },
    handle: ({ action, amount_msat, quantity_max, single_use, offer_id = '', ...rest }) => {
      const { payments } = ready().management;
      switch (action) {
        case 'list':
          return payments.offers();
        case 'disable':
          return payments.disableOffer(offer_id);
        case 'create':
          return payments.offer({
            amountMsat: amount_msat ?? 'any',
            description: rest.description,
            key: rest.key,
            quantityMax: quantity_max,
            singleUse: single_use,
            recurrence: rest.recurrence,
          });
      }
    },
  });
