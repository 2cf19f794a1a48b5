import { DEPRECATION_VERSION } from '../version.ts';

/** When something is or was deprecated: from `start`, gone after `end`. */
export interface Deprecation {
  readonly start: string;
  readonly end?: string;
}

const VERSION = /^v(\d{1,2})\.(\d{1,2})(?:\.(\d))?/;
const PER_MONTH = 10;
const PER_YEAR = 12 * PER_MONTH;

/** A version `vYY.MM[.P]` as a number that orders them; undefined for anything else. */
export function versionNumber(version: string): number | undefined {
  const match = VERSION.exec(version);
  const month = Number(match?.[2]);
  if (match === null || month < 1 || month > 12) {
    return undefined;
  }
  return Number(match[1]) * PER_YEAR + month * PER_MONTH + Number(match[3] ?? 0);
}

/** Whether a feature with this deprecation may still be used, where deprecated ones are or are not allowed. */
export function mayUse(deprecation: Deprecation | undefined, deprecatedOk: boolean): boolean {
  if (deprecation === undefined) {
    return true;
  }
  const now = versionNumber(DEPRECATION_VERSION) ?? 0;
  const start = versionNumber(deprecation.start) ?? 0;
  const end =
    deprecation.end === undefined
      ? start + 6 * PER_MONTH
      : (versionNumber(deprecation.end) ?? start);
  if (now < start) {
    return true;
  }
  return now <= end && deprecatedOk;
}
