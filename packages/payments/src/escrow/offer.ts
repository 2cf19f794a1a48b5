import { type TermsProblem, type TicketTerms, termsProblem } from './terms.ts';

/** What the receiver knows of itself and of the mint when a ticket is offered. */
export interface OfferQuestion {
  /** The receiver's own compressed public key. */
  readonly ownKey: string;
  /** Whether the operator chose this mint. */
  readonly mintListed: boolean;
  /** Whether the mint advertises NUT-10, 11 and 14 (NUT-06); without them a lock is only a text. */
  readonly mintLocks: boolean;
  /** When the keyset of the proofs ends (NUT-02), in seconds since 1970; undefined: never. */
  readonly keysetEnds: number | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Why a ticket is neither made nor taken (closed list). */
export type OfferProblem =
  | TermsProblem
  | 'mint_not_listed'
  | 'mint_without_locks'
  | 'other_receiver'
  | 'lock_outlives_keyset';

type MintQuestion = Pick<OfferQuestion, 'mintListed' | 'mintLocks' | 'keysetEnds'>;

function mintProblem(terms: TicketTerms, mint: MintQuestion): OfferProblem | undefined {
  if (!mint.mintListed) {
    return 'mint_not_listed';
  }
  if (!mint.mintLocks) {
    return 'mint_without_locks';
  }
  return mint.keysetEnds !== undefined && terms.locktime >= mint.keysetEnds
    ? 'lock_outlives_keyset'
    : undefined;
}

/** Why the payer does not lock money under these terms; undefined when it may. */
export function judgeTerms(
  terms: TicketTerms,
  question: Omit<OfferQuestion, 'ownKey'>,
): OfferProblem | undefined {
  return termsProblem(terms, question.now) ?? mintProblem(terms, question);
}

/**
 * Why the receiver does not begin to work for this ticket; undefined when it may. That the proofs are
 * what the terms say (amounts, hashes, keys, DLEQ, not spent) the wallet checks beside it.
 */
export function judgeOffer(terms: TicketTerms, question: OfferQuestion): OfferProblem | undefined {
  return terms.receiverKey === question.ownKey ? judgeTerms(terms, question) : 'other_receiver';
}
