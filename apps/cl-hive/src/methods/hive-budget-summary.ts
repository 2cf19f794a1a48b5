import { method, p } from '@cl-hive/cln-plugin';
import type { Openings } from '../openings/openings.ts';

/** `hive-budget-summary`: what openings may cost, and did. Days are 144 blocks each. */
export const budgetSummary = (ready: () => Openings) =>
  method({
    description: 'What openings may cost without a person, and what they cost in the last days',
    params: { days: p.int({ min: 1, max: 30 }, 'of 144 blocks each').default(7) },
    handle: ({ days }) => ready().budgetSummary(days),
  });
