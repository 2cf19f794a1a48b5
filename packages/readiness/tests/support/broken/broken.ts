import type { Subject } from '../../../src/index.ts';
import type { World } from '../worlds.ts';

/** A world that is broken in one way: what changes, and which check says what of it. */
export interface Broken {
  readonly name: string;
  readonly change: (world: World) => void;
  readonly config?: (config: World) => void;
  readonly subject?: Subject;
  readonly check: string;
  readonly outcome: 'fail' | 'unknown' | 'pass';
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const broken = (
  check: string,
  outcome: Broken['outcome'],
  name: string,
  change: (world: World) => void,
  config?: (config: World) => void,
): Broken => ({ check, outcome, name, change, ...(config === undefined ? {} : { config }) });
