import { p } from '@cl-hive/cln-plugin';

/** What a key gives to prove itself. */
export const PROOF_PARAMS = {
  created: p.text({ max: 40 }, 'the time of the text that was signed').optional(),
  signature: p.text({ max: 256 }, 'the signature of the text').optional(),
} as const;
