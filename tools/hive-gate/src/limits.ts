/** Largest file of settings, findings or defects that is read; a thousand entries stay below. */
export const YAML_BYTES_MAX = 1024 * 1024;

/** Largest JUnit file: some ten thousand tests. */
export const JUNIT_BYTES_MAX = 64 * 1024 * 1024;

/** Largest advisory database: npm's whole one is some 100 MB. */
export const ADVISORIES_BYTES_MAX = 256 * 1024 * 1024;

/** Most files of a folder of advisories: OSV has some 250,000 records for npm. */
export const ADVISORY_FILES_MAX = 1_000_000;

/** Advisories that speak of one release's dependencies; some dozens do at the worst of times. */
export const ADVISORY_HITS_MAX = 5_000;

/** Largest node log that is read; two weeks at level info stay far below. */
export const LOG_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/** Lines of a log that evidence quotes. */
export const LOG_LINES_QUOTED = 20;

/** How long a built plugin may take to answer getmanifest, ms; generous, for a busy machine. */
export const MANIFEST_MS = 20_000;

/** How long a command of git may take, ms. */
export const GIT_MS = 30_000;

/** How long a state of a plugin on hive-lab is waited for, ms. */
export const STATE_MS = 30_000;

/** How long one command block of a runbook may run, ms. */
export const BLOCK_MS = 60_000;

/** How long the test suites may run when they are run here, ms. */
export const TESTS_MS = 30 * 60_000;

/** Samples of a canary that are kept: 90 days, one each half hour. */
export const SAMPLES_MAX = 4_320;

/** Between two samples of `--watch` and of the canary's recorder, s. */
export const WATCH_SECONDS = 60;

/** Requests that the drill of a restore sends again. */
export const REPLAY_ENVELOPES = 100;

/** Advisors that send them: each may send 60 in a minute, and the drill sends each twice. */
export const REPLAY_ADVISORS = 10;
