import { array, type Decoded, integer, object, oneOf, optional, text } from '@cl-hive/core';
import { STATUS_SIBLINGS_MAX, STATUS_TEXT_MAX } from './limits.ts';

const words = text(STATUS_TEXT_MAX);

/** What every plugin of the suite answers to its `*-status` method, as far as the fleet needs it. */
export const decodePluginStatus = object({
  plugin: words,
  version: words,
  api_version: integer(0),
  state: oneOf('starting', 'ready', 'idle', 'failed'),
  waiting_for: optional(words),
  /** Why it failed. */
  problem: optional(object({ message: words, remedy: optional(words) })),
  /** Absent until it is open. */
  database: optional(
    object({
      kind: oneOf('sqlite', 'postgres'),
      location: words,
      schema_version: integer(0),
    }),
  ),
  siblings: array(
    object({
      name: words,
      state: oneOf('ready', 'waiting', 'absent', 'incompatible'),
      reason: optional(words),
      version: optional(words),
    }),
    STATUS_SIBLINGS_MAX,
  ),
  /** Who the node is on Nostr; known to the others while cl-hive-comms is ready. */
  identity: optional(object({ npub: optional(words) })),
});

/** {@inheritDoc decodePluginStatus} */
export type PluginStatus = Decoded<typeof decodePluginStatus>;

/** The status methods of the suite, by the name of the plugin's entry file without its extension. */
export const STATUS_METHODS: Readonly<Record<string, string>> = {
  'cl-hive-comms': 'hive-comms-status',
  'cl-hive-archon': 'hive-archon-status',
  'cl-hive': 'hive-status',
};
