import type { JsonObject, UnixMs } from '@cl-hive/core';
import type { LogLevel } from '../../contract/node.ts';
import { LOG_BYTES_MAX } from '../limits.ts';
import type { LogBook } from '../log-book.ts';
import { timeText } from '../log-notifications.ts';
import type { ShellCommand } from '../rpc/shell-command.ts';
import { parseLogLevel } from '../rules/log-level.ts';
import { badToken, type ParamType, rawString } from '../rules/param-type.ts';

/** `io` shows all there is: traffic itself is not kept. */
const levelType: ParamType<LogLevel> = (raw, name) => {
  const text = rawString(raw, name);
  const level = text.toLowerCase() === 'io' ? 'trace' : parseLogLevel(text);
  if (level === undefined) {
    throw badToken(name, "should be 'io', 'debug', 'info', or 'unusual'", raw);
  }
  return level;
};

/** `getlog [level]`. */
export function getLogCommand(log: LogBook): ShellCommand {
  return {
    name: 'getlog',
    run: (params) => {
      const level = params.optional('level', levelType) ?? 'info';
      const skipped: readonly JsonObject[] =
        log.skipped === 0 ? [] : [{ type: 'SKIPPED', num_skipped: log.skipped }];
      return {
        created_at: timeText(log.createdAt),
        bytes_used: log.bytesUsed,
        bytes_max: LOG_BYTES_MAX,
        log: [
          ...skipped,
          ...log.entries(level).map((entry) => ({
            type: entry.level.toUpperCase(),
            time: timeText(Math.max(0, entry.time - log.createdAt) as UnixMs),
            source: entry.source,
            log: entry.text,
          })),
        ],
      };
    },
  };
}
