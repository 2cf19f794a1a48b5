/** Features of BOLT 9 that may stand in an invoice and that a node which pays with xpay understands, by even bit. */
const KNOWN = new Map<number, string>([
  [8, 'var_onion_optin'],
  [14, 'payment_secret'],
  [16, 'basic_mpp'],
  [24, 'option_route_blinding'],
  [48, 'option_payment_metadata'],
]);

/** The first bit that demands something unknown (even, BOLT 9), or undefined. */
export function unknownRequired(bits: readonly number[]): number | undefined {
  return bits.find((bit) => bit % 2 === 0 && !KNOWN.has(bit));
}
