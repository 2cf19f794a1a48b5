import { NATIVE_TOPICS } from '../data/native-topics.ts';
import type { Plugin } from './plugin.ts';
import type { PluginSet } from './plugin-set.ts';

/** Subscriptions to topics that neither lightningd nor any plugin emits. */
export function unknownTopics(
  plugins: PluginSet,
): readonly { readonly plugin: Plugin; readonly topic: string }[] {
  const known = new Set(plugins.all.flatMap((plugin) => plugin.manifest?.topics ?? []));
  return plugins.all.flatMap((plugin) =>
    (plugin.manifest?.subscriptions ?? [])
      .filter((topic) => topic !== '*' && !NATIVE_TOPICS.has(topic) && !known.has(topic))
      .map((topic) => ({ plugin, topic })),
  );
}
