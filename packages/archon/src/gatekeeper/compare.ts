import { type Chain, newest } from '../did/chain.ts';

/** How a served chain stands to the one that is known. */
export type Comparison =
  | { readonly kind: 'same' | 'newer' | 'behind' }
  /** Two operations follow the same one: one of the two was signed twice, or somebody lies. */
  | { readonly kind: 'forked'; readonly sequence: number };

/** Compares a verified chain that was served with the verified one that is known. */
export function compareChains(known: Chain, served: Chain): Comparison {
  const length = Math.min(known.versions.length, served.versions.length);
  for (let at = 0; at < length; at += 1) {
    if (known.versions[at]?.id !== served.versions[at]?.id) {
      return { kind: 'forked', sequence: at + 1 };
    }
  }
  const difference = newest(served).sequence - newest(known).sequence;
  return { kind: difference === 0 ? 'same' : difference > 0 ? 'newer' : 'behind' };
}
