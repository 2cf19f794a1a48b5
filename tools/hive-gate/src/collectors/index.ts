import { advisories } from './advisories.ts';
import { canarySecret } from './canary-secret.ts';
import type { Collector } from './collector.ts';
import { downgrade } from './downgrade.ts';
import { fileModes } from './file-modes.ts';
import { lightningd } from './lightningd.ts';
import { matrix } from './matrix.ts';
import { monolith } from './monolith.ts';
import { mutants } from './mutants.ts';
import { nodeLogs } from './node-logs.ts';
import { REGISTERS } from './registers.ts';
import { baselineTag, runningVersions } from './release.ts';
import { restoreDrill } from './restore-drill.ts';
import { rpcMethods } from './rpc-methods.ts';
import { runbooks } from './runbooks.ts';
import { tests } from './tests.ts';

/** All that `hive-gate check` gathers, quick things first. */
export const COLLECTORS: readonly Collector[] = [
  ...REGISTERS,
  tests,
  mutants,
  nodeLogs,
  advisories,
  baselineTag,
  rpcMethods,
  runningVersions,
  fileModes,
  canarySecret,
  ...runbooks,
  restoreDrill,
  downgrade,
  monolith,
  matrix,
  lightningd,
];
