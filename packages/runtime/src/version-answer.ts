import { array, type Decoder, integer, type JsonObject, object, oneOf, text } from '@cl-hive/core';
import { PLUGINS, type PluginName } from './plugins.ts';
import type { PluginState, VersionAnswer } from './sibling-watch.ts';

const decode = object({
  version: text(64),
  api_version: integer(0, 1_000_000),
  oldest_api_version: integer(0, 1_000_000),
  features: array(text(64), 256),
  state: oneOf<PluginState>('starting', 'ready', 'idle', 'failed'),
});

/** Reads what a sibling's version method answered. Throws DecodeError. */
export const decodeVersionAnswer: Decoder<VersionAnswer> = (input) => {
  const raw = decode(input);
  return {
    version: raw.version,
    apiVersion: raw.api_version,
    oldestApi: raw.oldest_api_version,
    features: raw.features,
    state: raw.state,
  };
};

/** The answer of `self`'s own version method. */
export function encodeVersionAnswer(
  self: PluginName,
  version: string,
  features: readonly string[],
  state: PluginState,
): JsonObject {
  const { apiVersion, oldestApi } = PLUGINS[self];
  return {
    plugin: self,
    version,
    api_version: apiVersion,
    oldest_api_version: oldestApi,
    features,
    state,
  };
}
