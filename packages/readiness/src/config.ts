import { CodedError, type Decoded, DecodeError, integer, text } from '@cl-hive/core';
import { ACCEPTANCE_MS_MAX } from './limits.ts';
import { list, moment, strict, words } from './strict.ts';

/** Version of the rules; a report says by which it was judged, gates.yaml for which it was written. */
export const RULES_VERSION = 1;

const acceptance = strict({
  check: words,
  subject: words,
  by: words,
  why: words,
  accepted: moment,
  until: moment,
  control: words,
});

const maintainer = strict({
  name: words,
  /** `node:<node id>` or `ed25519:<public key, 64 hexadecimal digits>`. */
  key: (input: unknown): string => {
    const value = text(200)(input);
    if (!/^(?:node:0[23][0-9a-f]{64}|ed25519:[0-9a-f]{64})$/.test(value)) {
      throw new DecodeError('node:<node id> or ed25519:<64 hexadecimal digits>', input);
    }
    return value;
  },
});

const thresholds = strict({
  evidence_hours: integer(1, 24 * 30),
  report_hours: integer(1, 24 * 30),
  soak_days: integer(1, 90),
  advisories_days: integer(1, 90),
  canary_hours: integer(1, 24 * 90),
  forwards_min: integer(1, 1_000_000),
  significance_ppm: integer(1, 200_000),
  memory_growth_ppm: integer(1, 1_000_000),
  trend_growth_ppm: integer(1, 1_000_000),
  disk_free_mib: integer(1, 1_000_000),
  clock_offset_seconds: integer(1, 3_600),
});

const decode = strict({
  version: integer(1, 1),
  rules: integer(RULES_VERSION, RULES_VERSION),
  baseline_tag: words,
  thresholds,
  approvals: strict({ required: integer(1, 100), maintainers: list(maintainer) }),
  lightningd: strict({ supported: words, tried: list(words) }),
  acceptances: list(acceptance),
});

/** What `docs/gates/gates.yaml` holds: thresholds, who approves, which risks are accepted. */
export type GatesConfig = Decoded<typeof decode>;

/** A risk that somebody answers for, until a day, with what is done against it meanwhile. */
export type Acceptance = GatesConfig['acceptances'][number];

/** Why gates.yaml was refused. */
export type ConfigErrorCode = 'gates_config';

function refuse(message: string, remedy: string): never {
  throw new CodedError<ConfigErrorCode>('gates_config', `gates.yaml: ${message}`, { remedy });
}

/**
 * Reads gates.yaml's content. `acceptable` are the checks whose findings somebody may answer for.
 * Throws CodedError `gates_config`, which names the place.
 */
export function decodeGatesConfig(input: unknown, acceptable: readonly string[]): GatesConfig {
  let config: GatesConfig;
  try {
    config = decode(input);
  } catch (error) {
    if (error instanceof DecodeError) {
      return refuse(error.message, 'see docs/gates/README.md for every key');
    }
    throw error;
  }
  for (const { check, subject, accepted, until } of config.acceptances) {
    if (!acceptable.includes(check)) {
      refuse(
        `the acceptance of ${check} ${subject} is for a check that cannot be accepted`,
        `only ${acceptable.join(', ')} can be`,
      );
    }
    if (until <= accepted || until - accepted > ACCEPTANCE_MS_MAX) {
      refuse(
        `the acceptance of ${check} ${subject} must end after it begins, within a year`,
        'accept it for a shorter time and look again then',
      );
    }
  }
  const { required, maintainers } = config.approvals;
  if (new Set(maintainers.map(({ key }) => key)).size !== maintainers.length) {
    refuse('two maintainers have the same key', 'one key, one voice');
  }
  if (maintainers.length > 0 && required > maintainers.length) {
    refuse(`${required} of ${maintainers.length} maintainers cannot approve`, 'lower `required`');
  }
  return config;
}

/** Results of looking for an acceptance. */
export type Accepted = { readonly acceptance: Acceptance; readonly lapsed: boolean } | undefined;

/** Who answers for this finding at `now`, if anybody; a lapsed acceptance is told as such. */
export function acceptanceOf(
  config: GatesConfig,
  check: string,
  subject: string,
  now: number,
): Accepted {
  const all = config.acceptances.filter((a) => a.check === check && a.subject === subject);
  const valid = all.find((a) => a.accepted <= now && now < a.until);
  if (valid !== undefined) {
    return { acceptance: valid, lapsed: false };
  }
  const lapsed = all.find((a) => a.until <= now);
  return lapsed === undefined ? undefined : { acceptance: lapsed, lapsed: true };
}
