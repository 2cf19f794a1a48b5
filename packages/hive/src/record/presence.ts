import { RECORD_DAYS } from '../limits.ts';
import { DAY_MS, type Days, dayOf, lastDays, onDay } from './days.ts';

/** When a member was connected to this node; guard times in ms, durable. */
export interface Presence {
  readonly online: boolean;
  /** Since when `online` is accounted for. */
  readonly since: number;
  /** When this node began to watch. */
  readonly watchedFrom: number;
  /** Milliseconds online, by day. */
  readonly days: Days<number>;
}

/** The record of a member that is first seen at guard time `now`. */
export function newPresence(online: boolean, now: number): Presence {
  return { online, since: now, watchedFrom: now, days: new Map() };
}

function account(presence: Presence, now: number): Presence {
  let { days } = presence;
  const first = Math.max(presence.since, now - RECORD_DAYS * DAY_MS);
  for (let from = first; presence.online && from < now; ) {
    const day = dayOf(from);
    const to = Math.min(now, (day + 1) * DAY_MS);
    const spent = to - from;
    days = onDay(days, day, (before) => (before ?? 0) + spent);
    from = to;
  }
  return { ...presence, days, since: Math.max(presence.since, now) };
}

/**
 * Notes that a member connected or left. Time in which this node did not run counts as time in which
 * nobody was watched: call {@link resumePresence} at the start.
 */
export function notePresence(presence: Presence, online: boolean, now: number): Presence {
  return { ...account(presence, now), online };
}

/** The record after a restart: what came between is no member's fault, and none's merit. */
export function resumePresence(presence: Presence, online: boolean, now: number): Presence {
  const gap = Math.max(0, now - presence.since);
  return { ...presence, online, since: now, watchedFrom: presence.watchedFrom + gap };
}

/** Share of the watched time of the last 30 days that a member was connected, ppm (the original's `uptime_pct`). */
export function uptimePpm(presence: Presence, now: number): number {
  const { days, watchedFrom } = account(presence, now);
  const online = lastDays(days, now, RECORD_DAYS).reduce((sum, ms) => sum + ms, 0);
  const begin = (dayOf(now) - RECORD_DAYS + 1) * DAY_MS;
  const watched = now - Math.max(watchedFrom, begin);
  return watched <= 0
    ? presence.online
      ? 1_000_000
      : 0
    : Math.min(1_000_000, Math.floor((online * 1_000_000) / watched));
}
