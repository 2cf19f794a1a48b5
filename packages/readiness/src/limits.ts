/** Problems that a verdict's text names before it counts the rest; a table's line stays readable. */
export const PROBLEMS_SHOWN = 3;

/** Characters of a text in evidence: enough for a sentence and a path, too few to hide a log in. */
export const TEXT_MAX = 2_000;

/** Entries of any list in evidence; a fleet's logs and a plugin's methods stay far below. */
export const LIST_MAX = 50_000;

/** How far a clock may run ahead before a time counts as from the future, ms. */
export const CLOCK_AHEAD_MS = 5 * 60_000;

/** Fewest samples that a trend is told from: below, every order of values is likely by chance. */
export const TREND_SAMPLES_MIN = 12;

/** Most samples that a trend is told from: every two are compared, and 500 show what 4,000 show. */
export const TREND_POINTS_MAX = 500;

/** Days of forwards that a baseline must hold, so that every day of the week is in it once. */
export const BASELINE_DAYS_MIN = 7;

/** Longest acceptance of a risk: what is accepted for longer is a decision, not a risk for now. */
export const ACCEPTANCE_MS_MAX = 366 * 86_400_000;

/** Bytes of a report that is read: evidence of a large release is some 100 kB. */
export const REPORT_BYTES_MAX = 16 * 1024 * 1024;
