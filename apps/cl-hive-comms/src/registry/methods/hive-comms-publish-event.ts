import { method, p } from '@cl-hive/cln-plugin';
import type { CommsTransports } from '../../transports/comms-transports.ts';
import {
  EVENT_CONTENT_MAX,
  EVENT_TAG_CHARS_MAX,
  EVENT_TAG_VALUES_MAX,
  EVENT_TAGS_MAX,
} from '../../transports/limits.ts';

/** `hive-comms-publish-event`: signs a Nostr event as this node and publishes it on its relays. */
export const publishEvent = (ready: () => CommsTransports) =>
  method({
    description: 'Sign a Nostr event with the key of this node and publish it on its relays',
    params: {
      kind: p.int({ min: 0, max: 65_535 }, "the event's kind"),
      content: p.text({ max: EVENT_CONTENT_MAX }, "the event's content"),
      tags: p
        .array(
          p.array(p.text({ max: EVENT_TAG_CHARS_MAX }), { min: 1, max: EVENT_TAG_VALUES_MAX }),
          { max: EVENT_TAGS_MAX },
          "the event's tags, each a list of texts",
        )
        .default([]),
    },
    handle: ({ kind, content, tags }) => ready().publishEvent(kind, content, tags),
  });
