/** Why a payment is not made, as a method's quote or check says it: a closed list. */
export const ORDER_REASONS = [
  'order_invalid',
  'method_unavailable',
  'invoice_invalid',
  'wrong_network',
  'expired',
  'from_the_future',
  'amount_missing',
  'amount_differs',
  'wrong_payee',
  'own_invoice',
  'already_paid',
  'under_way',
  'fee_bound',
  'no_route',
  'offer_invalid',
  'offer_changed',
  'recurrence_not_due',
  'challenge_refused',
  'price_too_high',
  'request_failed',
  'paid_not_given',
  'mint_unknown',
  'mint_unavailable',
  'mint_lacks_locks',
  'balance_low',
  'lock_too_long',
] as const;

/** A reason code of paying. */
export type OrderReason = (typeof ORDER_REASONS)[number];
