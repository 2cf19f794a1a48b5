import {
  array,
  DecodeError,
  type Decoder,
  integer,
  isJsonObject,
  type JsonObject,
  object,
  oneOf,
  text,
} from '@cl-hive/core';
import type { Did } from '../did/proof.ts';
import {
  EVIDENCE_MAX,
  METRICS_MAX,
  REPUTATION_PRIOR_SHARE,
  REPUTATION_WEIGHT_MAX,
} from '../limits.ts';

/** Type and schema of a credential about how somebody behaved. */
export const REPUTATION_TYPE = 'HiveReputation';
export const REPUTATION_SCHEMA = 'urn:cl-hive:reputation:v1';

/** As what somebody is judged. */
export const REPUTATION_DOMAINS = ['advisor', 'node', 'client'] as const;
export type ReputationDomain = (typeof REPUTATION_DOMAINS)[number];

/** The score of somebody of whom nothing is known, in ppm. */
export const REPUTATION_NEUTRAL_PPM = 500_000;

/** What one issuer says about one subject. */
export interface ReputationClaim {
  readonly domain: ReputationDomain;
  readonly outcome: 'good' | 'neutral' | 'bad';
  /** 0 to 1,000,000; half is neutral. */
  readonly scorePpm: number;
  /** Unix seconds of the time that was looked at. */
  readonly from: number;
  readonly until: number;
  /** Named integers, such as `forwards` or `uptime_ppm`. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Where it can be checked: digests, DIDs, transaction ids. */
  readonly evidence: readonly string[];
}

const METRIC = /^[a-z][a-z0-9_]{0,47}$/;

const metricsDecoder: Decoder<ReadonlyMap<string, number>> = (input) => {
  const entries = isJsonObject(input) ? Object.entries(input) : undefined;
  if (entries === undefined || entries.length > METRICS_MAX) {
    throw new DecodeError(`an object of at most ${METRICS_MAX} integers`, input);
  }
  const value = integer();
  return new Map(
    entries.map(([name, number]) => {
      if (!METRIC.test(name)) {
        throw new DecodeError('names in lower case', name);
      }
      return [name, value(number)];
    }),
  );
};

const fields = object({
  domain: oneOf(...REPUTATION_DOMAINS),
  outcome: oneOf('good', 'neutral', 'bad'),
  score_ppm: integer(0, 1_000_000),
  from: integer(0),
  until: integer(0),
  metrics: metricsDecoder,
  evidence: array(text(200), EVIDENCE_MAX),
});

/** Reads the claims of a reputation credential. Throws DecodeError. */
export function readReputation(claims: JsonObject): ReputationClaim {
  const { score_ppm: scorePpm, ...rest } = fields(claims);
  if (rest.until < rest.from) {
    throw new DecodeError('a time that ends after it begins', rest.until);
  }
  return { ...rest, scorePpm };
}

/** The claims of a reputation credential. */
export function reputationClaims(claim: ReputationClaim): JsonObject {
  const { domain, outcome, scorePpm: score_ppm, from, until, metrics, evidence } = claim;
  return {
    domain,
    outcome,
    score_ppm,
    from,
    until,
    metrics: Object.fromEntries(metrics),
    evidence,
  };
}

/** A verified claim with who made it. */
export interface ReputationVote {
  readonly issuer: Did;
  /** Unix ms of issue; of several by one issuer the newest counts. */
  readonly issuedMs: number;
  readonly scorePpm: number;
}

/** What all issuers together say. */
export interface Reputation {
  /** 0 to 1,000,000. */
  readonly scorePpm: number;
  readonly issuers: number;
  /** Sum of the weights that counted. */
  readonly weight: number;
  /** The most by which the issuer with the greatest weight can move the score, in ppm. */
  readonly influencePpm: number;
}

/**
 * The weighted mean of the newest claim of each issuer and of a neutral prior. `weightOf` gives 0 (does
 * not count) to {@link REPUTATION_WEIGHT_MAX}. The prior weighs {@link REPUTATION_PRIOR_SHARE} full
 * weights, so that no issuer moves the score by more than a quarter of the scale, whatever it says;
 * with more issuers by less. Independent of the order. Rounds down.
 */
export function aggregateReputation(
  votes: readonly ReputationVote[],
  weightOf: (issuer: Did) => number,
): Reputation {
  const latest = new Map<Did, ReputationVote>();
  for (const vote of votes) {
    const known = latest.get(vote.issuer);
    const newer =
      known === undefined ||
      vote.issuedMs > known.issuedMs ||
      (vote.issuedMs === known.issuedMs && vote.scorePpm < known.scorePpm);
    if (newer) {
      latest.set(vote.issuer, vote);
    }
  }
  const prior = REPUTATION_WEIGHT_MAX * REPUTATION_PRIOR_SHARE;
  let [sum, weight, greatest, issuers] = [prior * REPUTATION_NEUTRAL_PPM, 0, 0, 0];
  for (const { issuer, scorePpm } of latest.values()) {
    const own = Math.max(0, Math.min(REPUTATION_WEIGHT_MAX, Math.floor(weightOf(issuer))));
    if (own > 0) {
      sum += own * Math.max(0, Math.min(1_000_000, scorePpm));
      weight += own;
      greatest = Math.max(greatest, own);
      issuers += 1;
    }
  }
  return {
    scorePpm: Math.floor(sum / (prior + weight)),
    issuers,
    weight,
    influencePpm: Math.ceil((greatest * 1_000_000) / (prior + weight)),
  };
}
