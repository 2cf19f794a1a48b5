import { compareCodeUnits } from '@cl-hive/core';
import type { Reach, Seal, Sensitivity, TransportHealth } from '../transports/transport-port.ts';

/** What is known of a transport when a message is to be sent. */
export interface Candidate {
  readonly id: string;
  readonly seal: Seal;
  /** Whether a sibling registered it. */
  readonly registered: boolean;
  readonly reach: Reach;
  readonly health: Pick<TransportHealth, 'state' | 'reason'>;
}

/** A transport in the order of choice, or left out; `reason` says why it stands there. */
export interface Ranked {
  readonly id: string;
  readonly usable: boolean;
  readonly reason: string;
}

type Trait = readonly [penalty: number, words: string];

function traits(candidate: Candidate, sensitivity: Sensitivity): readonly Trait[] {
  const { reach, health, seal, registered } = candidate;
  const up: Trait =
    health.state === 'up' ? [0, 'up'] : [1, `degraded: ${health.reason ?? 'without a reason'}`];
  const reached: Trait =
    reach.kind === 'now'
      ? [0, 'reaches the target now']
      : [1, `keeps the message: ${reach.kind === 'later' ? reach.reason : ''}`];
  if (sensitivity === 'sensitive') {
    // Only afterwards who is fast: a sensitive message rather waits than is read by others.
    const sealed: Trait =
      seal === 'recipient'
        ? [0, 'only the recipient can read it']
        : [1, "every plugin of the recipient's node can read it"];
    const own: Trait = registered ? [0, 'made for sensitive messages'] : [1, ''];
    return [sealed, own, reached, up];
  }
  const direct: Trait =
    seal === 'link' ? [0, 'goes to the node itself'] : [1, 'goes through others'];
  const foreign: Trait = registered ? [1, 'serves a sibling first'] : [0, ''];
  return [reached, up, foreign, direct];
}

function unusable({ reach, health }: Candidate): string | undefined {
  if (health.state === 'down') {
    return `down: ${health.reason ?? 'without a reason'}`;
  }
  return reach.kind === 'none' ? reach.reason : undefined;
}

/**
 * The order in which transports are tried, the unusable ones at the end. A routine message takes what
 * reaches its target at once, is up, and goes straight; a sensitive one first what only the recipient
 * can read. Ties go by id.
 */
export function rankTransports(
  candidates: readonly Candidate[],
  sensitivity: Sensitivity,
): readonly Ranked[] {
  const usable = candidates
    .filter((candidate) => unusable(candidate) === undefined)
    .map((candidate) => ({ id: candidate.id, found: traits(candidate, sensitivity) }))
    .sort((a, b) => {
      const differs = a.found.findIndex(([penalty], at) => penalty !== b.found[at]?.[0]);
      return differs < 0
        ? compareCodeUnits(a.id, b.id)
        : (a.found[differs]?.[0] ?? 0) - (b.found[differs]?.[0] ?? 0);
    });
  return [
    ...usable.map(({ id, found }) => ({
      id,
      usable: true,
      reason: found
        .map(([, words]) => words)
        .filter((words) => words !== '')
        .join('; '),
    })),
    ...candidates.flatMap((candidate) => {
      const reason = unusable(candidate);
      return reason === undefined ? [] : [{ id: candidate.id, usable: false, reason }];
    }),
  ];
}
