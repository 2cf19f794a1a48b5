import type { LogLevel } from '../../contract/node.ts';

/** Log levels from least to most urgent. */
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'unusual', 'broken'];

const OF_PLUGINS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  unusual: 'unusual',
  warn: 'unusual',
  broken: 'broken',
  error: 'broken',
};

/** A level as a plugin's `log` or a client's `getlog` may spell it, in any case; undefined for others. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const key = text.toLowerCase();
  return Object.hasOwn(OF_PLUGINS, key) ? OF_PLUGINS[key] : undefined;
}
