import type { RelayCoverage } from './coverage.ts';
import type { BadCounts, RelayLink } from './relay-link.ts';
import type { RelayHealth, RelayState } from './relay-state.ts';

/** A relay as a status command shows it. */
export interface RelayStatus extends RelayHealth {
  readonly url: string;
  /** Whether it is one of the node's own, or a peer's that something goes to. */
  readonly own: boolean;
  readonly phase: RelayState['phase'];
  readonly auth: RelayState['auth'];
  readonly subscription: RelayState['inbox']['status'];
  /** Connections tried since the start. */
  readonly dials: number;
  /** Date of the last event that a new subscription goes on from, Unix seconds. */
  readonly cursor: number | undefined;
  /** Frames of no use, by reason. */
  readonly bad: BadCounts;
  /** Its last notice. */
  readonly notice: string | undefined;
  readonly coverage: RelayCoverage;
}

/** The status of a link. */
export function relayStatus(link: RelayLink, own: boolean, coverage: RelayCoverage): RelayStatus {
  const { phase, auth, inbox, dials, health } = link.state;
  return {
    ...health,
    url: link.url,
    own,
    phase,
    auth,
    subscription: inbox.status,
    dials,
    cursor: link.cursor,
    bad: link.bad,
    notice: link.notice,
    coverage,
  };
}
