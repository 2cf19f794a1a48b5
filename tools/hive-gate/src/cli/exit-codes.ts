import type { Outcome } from '@cl-hive/readiness';

/** What the program's exit code says. */
export const EXIT = { pass: 0, fail: 1, unknown: 2, usage: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of an outcome. */
export function exitOf(outcome: Outcome): ExitCode {
  return EXIT[outcome];
}
