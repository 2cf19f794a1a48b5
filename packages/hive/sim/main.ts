import { judgeFleet } from './fleet-oracle.ts';
import { judge } from './oracle.ts';
import { PROFILES, type ProfileName } from './profiles.ts';

/** A kind of schedules; `fleet` is of membership and state, the others of the lock. */
export type SimProfile = ProfileName | 'fleet';

/** What a run of many seeds showed. */
export interface SimReport {
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number; readonly broken: readonly string[] }[];
  readonly openings: number;
  readonly barren: number;
}

/** Whether `name` is one of the profiles. */
export function isProfile(name: string): name is SimProfile {
  return name === 'fleet' || Object.hasOwn(PROFILES, name);
}

/** The profiles there are. */
export const PROFILE_NAMES = [...Object.keys(PROFILES), 'fleet'];

/** The command that runs one seed again. */
export function replayCommand(profile: SimProfile, seed: number): string {
  return `node packages/hive/sim/run.mjs --profile ${profile} --seed ${seed} --seeds 1`;
}

/** Openings, or of the fleet: bans. */
function run(profile: SimProfile, seed: number): { openings: number; broken: readonly string[] } {
  if (profile !== 'fleet') {
    return judge(seed, PROFILES[profile]);
  }
  const { bans, broken } = judgeFleet(seed);
  return { openings: bans, broken };
}

/** Runs `seeds` schedules from seed `first` on; stops early after `most` failures. */
export function simulate(
  profile: SimProfile,
  first: number,
  seeds: number,
  most = Number.POSITIVE_INFINITY,
): SimReport {
  const failures: { seed: number; broken: readonly string[] }[] = [];
  let openings = 0;
  let barren = 0;
  let ran = 0;
  for (; ran < seeds && failures.length < most; ran += 1) {
    const verdict = run(profile, first + ran);
    openings += verdict.openings;
    barren += verdict.openings === 0 ? 1 : 0;
    if (verdict.broken.length > 0) {
      failures.push({ seed: first + ran, broken: verdict.broken });
    }
  }
  return { seeds: ran, failures, openings, barren };
}
