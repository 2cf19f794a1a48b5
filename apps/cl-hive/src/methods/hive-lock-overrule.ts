import { method, p } from '@cl-hive/cln-plugin';
import { CodedError } from '@cl-hive/core';
import { openingJson } from '../openings/opening-json.ts';
import type { Openings } from '../openings/openings.ts';

/**
 * `hive-lock-overrule`: a person opens without the majority, and answers for it: another member may
 * open to the same node.
 */
export const lockOverrule = (ready: () => Openings) =>
  method({
    description: 'Open without waiting for the majority; another member may do the same',
    params: {
      order: p.text({ min: 1, max: 64 }, 'of hive-openings'),
      confirm: p.bool('true: another member may open to the same node').default(false),
    },
    handle: async ({ order, confirm }) => {
      if (!confirm) {
        throw new CodedError('not_confirmed', 'without the majority another member may open too', {
          remedy: 'reconnect the silent members, or say confirm=true',
        });
      }
      const { desk, actions } = ready();
      const result = await desk.decisions.overrule(order);
      if (!('state' in result)) {
        const { code, message, remedy } = result;
        return { error: code, message, ...(remedy === undefined ? {} : { remedy }) };
      }
      return openingJson(await actions.outcome(result));
    },
  });
