import { judge } from './oracle.ts';
import { PROFILES, type ProfileName } from './profiles.ts';

/** What a run of many seeds showed. */
export interface SimReport {
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number; readonly broken: readonly string[] }[];
  readonly openings: number;
  readonly barren: number;
}

/** Whether `name` is one of the profiles. */
export function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

/** The profiles there are. */
export const PROFILE_NAMES = Object.keys(PROFILES);

/** The command that runs one seed again. */
export function replayCommand(profile: ProfileName, seed: number): string {
  return `node packages/hive/sim/run.mjs --profile ${profile} --seed ${seed} --seeds 1`;
}

/** Runs `seeds` schedules from seed `first` on; stops early after `most` failures. */
export function simulate(
  profile: ProfileName,
  first: number,
  seeds: number,
  most = Number.POSITIVE_INFINITY,
): SimReport {
  const failures: { seed: number; broken: readonly string[] }[] = [];
  let openings = 0;
  let barren = 0;
  let ran = 0;
  for (; ran < seeds && failures.length < most; ran += 1) {
    const verdict = judge(first + ran, PROFILES[profile]);
    openings += verdict.openings;
    barren += verdict.openings === 0 ? 1 : 0;
    if (verdict.broken.length > 0) {
      failures.push({ seed: first + ran, broken: verdict.broken });
    }
  }
  return { seeds: ran, failures, openings, barren };
}
