import type { Broken } from './broken/broken.ts';
import { CANARY } from './broken/canary.ts';
import { COMPATIBILITY } from './broken/compatibility.ts';
import { NODE } from './broken/node.ts';
import { OPERATIONS } from './broken/operations.ts';
import { RELEASE } from './broken/release.ts';
import { RELIABILITY } from './broken/reliability.ts';
import { SECURITY } from './broken/security.ts';

export { UNREADABLE } from './broken/unreadable.ts';

/** Worlds that are broken in one way each, by gate. */
export const BROKEN: readonly Broken[] = [
  ...RELIABILITY,
  ...OPERATIONS,
  ...SECURITY,
  ...COMPATIBILITY,
  ...RELEASE,
  ...CANARY,
  ...NODE,
];
