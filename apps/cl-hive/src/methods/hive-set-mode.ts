import { method, p } from '@cl-hive/cln-plugin';
import { DecodeError } from '@cl-hive/core';
import type { Openings } from '../openings/openings.ts';
import { isMode } from '../openings/options.ts';

/** `hive-set-mode`: advisor or failsafe, until it is set again; it holds over restarts. */
export const setMode = (ready: () => Openings) =>
  method({
    description: 'Choose who approves openings: advisor (a person) or failsafe (the budget)',
    params: {
      mode: p.custom((input) => {
        const mode = typeof input === 'string' ? input.toLowerCase() : input;
        if (isMode(mode)) {
          return mode;
        }
        throw new DecodeError('advisor or failsafe', input);
      }, 'advisor or failsafe'),
    },
    handle: async ({ mode }) => {
      const previous = await ready().setMode(mode);
      return { status: 'ok', previous_mode: previous, current_mode: mode };
    },
  });
