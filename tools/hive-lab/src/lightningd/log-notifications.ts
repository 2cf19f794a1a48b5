import type { UnixMs } from '@cl-hive/core';
import type { LogBook } from './log-book.ts';
import type { Notifier } from './plugins/notifier.ts';

/** Seconds since 1970 with nine decimals, as lightningd writes times into texts. */
export function timeText(time: UnixMs): string {
  const ms = Math.trunc(time);
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}000000`;
}

/** Makes `log` and `warning` notifications of a node's log. */
export function logNotifications(log: LogBook, notifier: Notifier): void {
  log.onEntry(({ level, source, text, time }, loud) => {
    const payload = (shown: string): Readonly<Record<string, string>> => ({
      level: shown,
      time: timeText(time),
      timestamp: new Date(time).toISOString(),
      source,
      log: text,
    });
    notifier.native('log', () => payload(level));
    if (loud) {
      notifier.native('warning', () => payload(level === 'broken' ? 'error' : 'warn'));
    }
  });
}
