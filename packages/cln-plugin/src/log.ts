import { CodedError, describeError } from '@cl-hive/core';
import { LOG_LINE_MAX } from './limits.ts';

/** Log levels of lightningd: any other word in a `log` notification makes it kill the plugin. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'unusual' | 'broken';

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  verbose: 'trace',
  debug: 'debug',
  info: 'info',
  notice: 'info',
  log: 'info',
  unusual: 'unusual',
  warn: 'unusual',
  warning: 'unusual',
  broken: 'broken',
  error: 'broken',
  critical: 'broken',
  fatal: 'broken',
};

/** lightningd's level for any logger's word; `info` for an unknown one. */
export function logLevel(word: unknown): LogLevel {
  const name = typeof word === 'string' ? word.toLowerCase() : '';
  return Object.hasOwn(LEVELS, name) ? (LEVELS[name] ?? 'info') : 'info';
}

/** Writes lines to lightningd's log. Never throws, whatever it is given. */
export interface Logger {
  (level: LogLevel, message: unknown): void;
  readonly trace: (message: unknown) => void;
  readonly debug: (message: unknown) => void;
  readonly info: (message: unknown) => void;
  /** lightningd's UNUSUAL, which also raises a `warning` notification. */
  readonly warn: (message: unknown) => void;
  /** lightningd's BROKEN, which also raises a `warning` notification. */
  readonly error: (message: unknown) => void;
}

/** A logger on `write`, which gets a level of lightningd and a text without control characters. */
export function createLogger(write: (level: LogLevel, message: string) => void): Logger {
  const log = (level: unknown, message: unknown): void => {
    try {
      write(logLevel(level), printable(messageText(message)));
    } catch {
      // A log line that cannot be written must not become the caller's failure.
    }
  };
  const at = (level: LogLevel) => (message: unknown) => log(level, message);
  return Object.assign(log, {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('unusual'),
    error: at('broken'),
  });
}

function messageText(message: unknown): string {
  if (typeof message === 'string') {
    return message;
  }
  return message instanceof Error ? errorText(message) : describeError(message);
}

/** All there is to know of an error, for the log: code, stack, remedy, causes. */
export function errorText(error: unknown): string {
  const lines: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at !== undefined && depth < 5; depth += 1) {
    const prefix = depth === 0 ? '' : 'caused by ';
    if (at instanceof Error) {
      const code = at instanceof CodedError ? `[${at.code}] ` : '';
      lines.push(`${prefix}${code}${at.stack ?? describeError(at)}`);
      if (at instanceof CodedError && at.remedy !== undefined) {
        lines.push(`remedy: ${at.remedy}`);
      }
      at = at.cause;
    } else {
      lines.push(`${prefix}${describeError(at)}`);
      at = undefined;
    }
  }
  return lines.join('\n');
}

// oxlint-disable no-control-regex
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f]/g;
// oxlint-enable no-control-regex

/** lightningd prints JSON escapes raw, so control characters would only litter its log. */
function printable(text: string): string {
  const short = text.length > LOG_LINE_MAX ? `${text.slice(0, LOG_LINE_MAX)}… (cut)` : text;
  return short.replaceAll(COLOURS, '').replaceAll(CONTROLS, ' ');
}
