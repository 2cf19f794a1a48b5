import { method, p } from '@cl-hive/cln-plugin';
import { openingJson } from '../openings/opening-json.ts';
import type { Openings } from '../openings/openings.ts';

/** `hive-openings`: every opening that was asked for, where it stands and why; the newest first. */
export const openings = (ready: () => Openings) =>
  method({
    description: 'Openings that were asked for: where each stands, and what it waits for',
    params: {
      state: p
        .oneOf([
          'proposed',
          'waiting',
          'opening',
          'unknown',
          'done',
          'failed',
          'cancelled',
          'rejected',
          'expired',
          'given_up',
        ])
        .optional(),
      limit: p.int({ min: 1, max: 100 }).default(20),
      cursor: p.text({ max: 16, match: /^\d+$/ }, 'of the page before').optional(),
    },
    handle: async ({ state, limit, cursor }) => {
      const page = await ready().desk.list({
        limit,
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { ...page, openings: page.openings.map(openingJson) };
    },
  });
