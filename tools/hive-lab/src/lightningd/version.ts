/** The lightningd that is emulated. */
export const VERSION = 'v26.06.6';

/** The version that deprecations count from (`CLN_NEXT_VERSION` of this release). */
export const DEPRECATION_VERSION = 'v26.06';
