import { stringifyJson } from '@cl-hive/core';
import type { LogBook } from '../log-book.ts';
import { rawKind, rawText, WireObject } from '../rules/json-members.ts';
import { parseLogLevel } from '../rules/log-level.ts';
import type { Notifier } from './notifier.ts';
import type { Plugin } from './plugin.ts';

/** Escapes that lightningd cannot undo: it then prints the text as it came. */
const FOREIGN_ESCAPE = /\\[^"\\/bfnrt]/;

/**
 * Carries out a message that a plugin sent. Returns why lightningd kills the plugin for it, or
 * undefined.
 */
export function handlePluginMessage(
  plugin: Plugin,
  message: WireObject,
  log: LogBook,
  notifier: Notifier,
): string | undefined {
  if (message.has('id')) {
    plugin.settle(message);
    return undefined;
  }
  const rawMethod = message.raw('method');
  const params = message.raw('params');
  if (rawMethod === undefined || params === undefined) {
    return `Malformed JSON-RPC notification missing "method" or "params": ${message.text}`;
  }
  const method = rawText(rawMethod);
  switch (method) {
    case 'log':
      return logLines(plugin, params, log);
    case 'message':
    case 'progress':
      return toCaller(plugin, method, params);
    default:
      custom(plugin, method, params, log, notifier);
      return undefined;
  }
}

function members(params: string): WireObject | undefined {
  return rawKind(params) === 'object' ? new WireObject(params) : undefined;
}

function logLines(plugin: Plugin, params: string, log: LogBook): string | undefined {
  const fields = members(params);
  const message = fields?.raw('message');
  if (message === undefined || rawKind(message) !== 'string') {
    return 'Log notification from plugin doesn\'t have a string "message" field';
  }
  const rawLevel = fields?.raw('level');
  const level = rawLevel === undefined ? 'info' : parseLogLevel(rawText(rawLevel));
  if (level === undefined) {
    return `Unknown log-level ${rawLevel}, valid values are "trace", "debug", "info", "warn", or "error".`;
  }
  const text = rawText(message);
  const lines = FOREIGN_ESCAPE.test(text.replaceAll('\\\\', ''))
    ? [text]
    : (JSON.parse(message) as string).split('\n');
  for (const line of lines) {
    log.add(level, plugin.logSource, line);
  }
  return undefined;
}

function toCaller(plugin: Plugin, method: string, params: string): string | undefined {
  const id = members(params)?.raw('id');
  if (id === undefined) {
    return 'JSON-RPC notify "id"-field is not present';
  }
  plugin.route(id, method, params);
  return undefined;
}

function custom(
  plugin: Plugin,
  topic: string,
  params: string,
  log: LogBook,
  notifier: Notifier,
): void {
  if (plugin.manifest?.topics.includes(topic) !== true) {
    log.add(
      'unusual',
      plugin.logSource,
      `Plugin attempted to send a notification to topic ${stringifyJson(topic)} it hasn't declared in its manifest, not forwarding to subscribers.`,
    );
    return;
  }
  notifier.custom(topic, plugin, params);
}
