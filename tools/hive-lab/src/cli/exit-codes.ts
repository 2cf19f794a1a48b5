/** Exit codes of `hive-lab`, the same as lightning-cli's where it has them. */
export const EXIT = {
  ok: 0,
  /** The command answered an error, or the fleet is not healthy. */
  failed: 1,
  /** No fleet, or its node cannot be reached. */
  unreachable: 2,
  /** The arguments are wrong. */
  usage: 3,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
