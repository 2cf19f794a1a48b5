import { expansionStrategy } from '../strategies/expansion.ts';
import { guardStrategy } from '../strategies/guard.ts';
import { requestedStrategy } from '../strategies/requested.ts';
import type { Proposal, Stage, Strategy, Universe } from './stage.ts';

/** In the sequence in which they get capital; the guard is first because it may stop the expansion. */
const STRATEGIES: readonly Strategy[] = [guardStrategy, requestedStrategy, expansionStrategy];

/** Asks every strategy what it wants. */
export const strategiesStage: Stage<Universe, readonly Proposal[]> = {
  name: 'strategies',
  run(context, universe) {
    const proposals: Proposal[] = [];
    for (const strategy of STRATEGIES) {
      proposals.push(strategy.propose(context, universe, proposals));
    }
    return proposals;
  },
};
