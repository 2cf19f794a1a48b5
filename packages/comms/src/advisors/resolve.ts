import { err, ok, type Result, type UnixMs } from '@cl-hive/core';
import type { Advisor, AdvisorBook, AdvisorKey } from './book.ts';

/** Why nobody may act under a claim. */
export type PrincipalRefusal =
  | 'principal_unknown'
  | 'principal_mismatch'
  | 'principal_revoked'
  | 'trial_over';

/** The advisor that a text names: an index, a name, an alias or one of its keys; exact, never folded. */
export function findAdvisor(book: AdvisorBook, text: string): Advisor | undefined {
  if (/^[1-9]\d{0,9}$/.test(text)) {
    return book.advisors.find(({ index }) => String(index) === text);
  }
  return (
    book.advisors.find(({ name, aliases }) => name === text || aliases.includes(text)) ??
    book.advisors.find(({ keys }) => keys.some(({ key }) => key === text))
  );
}

/**
 * The one principal behind a request: the advisor whose key was verified by the transport. What the
 * request claims must name that same advisor, under whichever of its names.
 */
export function resolvePrincipal(
  book: AdvisorBook,
  claimed: string,
  verified: AdvisorKey,
  now: UnixMs,
): Result<Advisor, PrincipalRefusal> {
  const advisor = book.advisors.find(({ keys }) =>
    keys.some(({ scheme, key }) => scheme === verified.scheme && key === verified.key),
  );
  if (advisor === undefined) {
    return err('principal_unknown');
  }
  if (findAdvisor(book, claimed) !== advisor) {
    return err('principal_mismatch');
  }
  if (advisor.revokedAt !== undefined) {
    return err('principal_revoked');
  }
  return advisor.trialUntil !== undefined && now >= advisor.trialUntil
    ? err('trial_over')
    : ok(advisor);
}
