import type { Check } from '../check.ts';
import { COMPATIBILITY } from './compatibility.ts';
import { OPERATIONS } from './operations.ts';
import { RELEASE } from './release.ts';
import { RELIABILITY } from './reliability.ts';
import { SECURITY } from './security.ts';

/** The checks of `hive-gate check`, in the order of the table. */
export const CHECKS: readonly Check[] = [
  ...RELIABILITY,
  ...OPERATIONS,
  ...SECURITY,
  ...COMPATIBILITY,
  ...RELEASE,
];

/** Checks whose findings a person may answer for in gates.yaml. */
export const ACCEPTABLE: readonly string[] = CHECKS.filter(({ acceptable }) => acceptable).map(
  ({ id }) => id,
);
