import type { UnixMs } from '@cl-hive/core';

/** A part of each day, by the clocks of a place, in which less is done without a person. */
export interface QuietHours {
  /** IANA time zone, such as `Europe/Berlin`. */
  readonly zone: string;
  /** Minutes after local midnight at which it begins, 0 to 1439. */
  readonly fromMinute: number;
  /** Minutes after local midnight at which it is over; below `fromMinute` it ends on the next day. */
  readonly toMinute: number;
  /** Up to this danger actions go on without a person, 0 to 10. */
  readonly dangerMax: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** One format per zone: building one costs as much as a hundred uses, and the zones are few. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether `zone` is a time zone by name; offsets such as `+01:00` know no summer time and are not taken. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(zone)) {
    return false;
  }
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Minutes after midnight that the clocks of `zone` show, 0 to 1439. Throws RangeError for an unknown zone. */
export function localMinute(now: UnixMs, zone: string): number {
  let minute = 0;
  for (const part of formatOf(zone).formatToParts(now)) {
    if (part.type === 'hour') {
      minute += Number(part.value) * 60;
    } else if (part.type === 'minute') {
      minute += Number(part.value);
    }
  }
  return minute;
}

/**
 * Whether the clocks of the place show a quiet minute. On the days when clocks are put forward or
 * back the quiet part is an hour shorter or longer, as it is for the people who sleep there.
 */
export function isQuiet(quiet: QuietHours, now: UnixMs): boolean {
  const minute = localMinute(now, quiet.zone);
  return quiet.fromMinute < quiet.toMinute
    ? minute >= quiet.fromMinute && minute < quiet.toMinute
    : minute >= quiet.fromMinute || minute < quiet.toMinute;
}
