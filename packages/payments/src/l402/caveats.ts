/**
 * Conditions of a token. A token may hold several of one name, since whoever holds it may add more; all of
 * them must hold, so that adding one only ever narrows.
 */
export interface TokenUse {
  /** The service that is asked, `hive-comms` here. */
  readonly service: string;
  /** `schema/action`, for `<service>_capabilities` and `hive_schema`. */
  readonly schema: string;
  readonly action: string;
  /** Who asks: a principal's name. */
  readonly payer: string;
  /** Uses of this token before this one. */
  readonly usedBefore: number;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Why a condition does not hold (closed list). */
export type CaveatProblem =
  | 'caveat_unknown'
  | 'caveat_malformed'
  | 'other_service'
  | 'other_schema'
  | 'other_payer'
  | 'token_ended'
  | 'token_used_up';

/** What a new token is good for. */
export interface TokenTerms {
  readonly service: string;
  /** A schema (`hive:fee-policy/v1`), or one of its actions (`hive:fee-policy/v1#set_anchor`). */
  readonly schema: string;
  readonly payer: string;
  /** How often it can be used. */
  readonly count: number;
  /** Seconds since 1970. */
  readonly validUntil: number;
}

/** The conditions that a new token carries, in Aperture's form where it has one. */
export function termsToCaveats(terms: TokenTerms): readonly string[] {
  return [
    `services=${terms.service}:0`,
    `${terms.service}_valid_until=${terms.validUntil}`,
    `hive_schema=${terms.schema}`,
    `hive_payer=${terms.payer}`,
    `hive_count=${terms.count}`,
  ];
}

/** Why `condition` does not hold for `use`, or undefined when it does. What is not known never holds. */
export function checkCaveat(condition: string, use: TokenUse): CaveatProblem | undefined {
  const at = condition.indexOf('=');
  const name = condition.slice(0, at);
  const value = condition.slice(at + 1);
  if (at < 1) {
    return 'caveat_malformed';
  }
  switch (name) {
    case 'services':
      return listed(value, (entry) => /^([^:]+):\d+$/u.exec(entry)?.[1] === use.service)
        ? undefined
        : 'other_service';
    case `${use.service}_capabilities`:
    case 'hive_schema':
      return listed(
        value,
        (entry) => entry === use.schema || entry === `${use.schema}#${use.action}`,
      )
        ? undefined
        : 'other_schema';
    case `${use.service}_valid_until`:
      return below(use.now, value, 'token_ended');
    case 'hive_count':
      return below(use.usedBefore, value, 'token_used_up');
    case 'hive_payer':
      return value === use.payer ? undefined : 'other_payer';
    default:
      return 'caveat_unknown';
  }
}

function listed(value: string, wanted: (entry: string) => boolean): boolean {
  return value.split(',').some(wanted);
}

function below(measured: number, bound: string, problem: CaveatProblem): CaveatProblem | undefined {
  if (!/^\d{1,15}$/u.test(bound)) {
    return 'caveat_malformed';
  }
  return measured < Number(bound) ? undefined : problem;
}

/** Seconds since 1970 at which a token under these conditions ends, whatever its service; undefined: never. */
export function endsAtLatest(conditions: readonly string[]): number | undefined {
  const ends = conditions
    .map((one) => /^[^=]*_valid_until=(\d{1,15})$/u.exec(one)?.[1])
    .flatMap((text) => (text === undefined ? [] : [Number(text)]));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** How often a token under these conditions can be used in all; once, where none says so. */
export function usesOf(conditions: readonly string[]): number {
  const counts = conditions
    .filter((one) => one.startsWith('hive_count='))
    .map((one) => Number(one.slice('hive_count='.length)));
  return counts.length === 0 ? 1 : Math.min(...counts);
}
