/** What goes wrong in a schedule; rates are per occasion, times in milliseconds of virtual time. */
export interface Profile {
  readonly loss: number;
  readonly duplicate: number;
  readonly delayMaxMs: number;
  /** Cuts of the network in one schedule, at most. */
  readonly cuts: number;
  /** Crashes between two commands of one step. */
  readonly crashPerCommand: number;
  /** Crashes at any other time in one schedule, at most. */
  readonly crashes: number;
  /** Clocks begin up to this much apart, and step by up to as much. */
  readonly skewMs: number;
  /** Blocks that a node's chain may lag behind; less than a window. */
  readonly lagBlocks: number;
  /** Changes of the membership in one schedule, at most. */
  readonly changes: number;
  /** Members that speak only the original's protocol, at most. */
  readonly originals: number;
  /** Whether one member grants whatever it is asked for. */
  readonly liar: boolean;
  /** Lying members that openings withstand. */
  readonly tolerate: number;
}

const CALM: Profile = {
  loss: 0,
  duplicate: 0,
  delayMaxMs: 500,
  cuts: 0,
  crashPerCommand: 0,
  crashes: 0,
  skewMs: 0,
  lagBlocks: 0,
  changes: 0,
  originals: 0,
  liar: false,
  tolerate: 0,
};

/** The kinds of schedules. */
export const PROFILES = {
  calm: CALM,
  partition: { ...CALM, cuts: 4 },
  crash: { ...CALM, crashPerCommand: 0.01, crashes: 8 },
  skew: { ...CALM, skewMs: 400_000, lagBlocks: 6 },
  loss: { ...CALM, loss: 0.2, duplicate: 0.2, delayMaxMs: 60_000 },
  members: { ...CALM, changes: 3 },
  mixed: { ...CALM, originals: 3, loss: 0.05, delayMaxMs: 5000, crashes: 2 },
  liar: { ...CALM, liar: true, cuts: 4, crashes: 3 },
  withstand: { ...CALM, liar: true, tolerate: 1, cuts: 4, crashes: 3, loss: 0.05 },
  all: {
    loss: 0.1,
    duplicate: 0.1,
    delayMaxMs: 20_000,
    cuts: 3,
    crashPerCommand: 0.005,
    crashes: 6,
    skewMs: 400_000,
    lagBlocks: 6,
    changes: 2,
    originals: 2,
    liar: false,
    tolerate: 0,
  },
} as const satisfies Readonly<Record<string, Profile>>;

/** The name of a kind of schedules. */
export type ProfileName = keyof typeof PROFILES;
