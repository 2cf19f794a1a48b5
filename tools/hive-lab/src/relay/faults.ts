import type { Random } from '@cl-hive/core';

/** What goes wrong with `EVENT` frames in one direction. Ratios are from 0 (never) to 1 (always). */
export interface LinkFaults {
  /** Lost without a sign: incoming ones are neither stored nor answered. */
  readonly drop: number;
  /** Delivered twice. */
  readonly duplicate: number;
  /** Held back until the next frame of the connection has passed. */
  readonly reorder: number;
  /** Milliseconds by which each frame is late. */
  readonly delayMs: number;
}

/** What is wrong with a relay at present. */
export interface RelayFaults {
  readonly incoming: LinkFaults;
  readonly outgoing: LinkFaults;
  /** New connections are answered with HTTP 503. */
  readonly refuseConnections: boolean;
  /** Every event is answered with `OK false` and this reason (`blocked: …`), and not stored. */
  readonly refuseEvents: string | undefined;
  /** Each connection is cut as soon as it has sent this many messages since it was opened. */
  readonly closeAfterMessages: number | undefined;
}

const SOUND_LINK: LinkFaults = { drop: 0, duplicate: 0, reorder: 0, delayMs: 0 };

/** A relay that works. */
export const NO_FAULTS: RelayFaults = {
  incoming: SOUND_LINK,
  outgoing: SOUND_LINK,
  refuseConnections: false,
  refuseEvents: undefined,
  closeAfterMessages: undefined,
};

/** Changes to {@link RelayFaults}; what is not named stays as it is. */
export interface FaultChange {
  readonly incoming?: Partial<LinkFaults>;
  readonly outgoing?: Partial<LinkFaults>;
  readonly refuseConnections?: boolean;
  readonly refuseEvents?: string | undefined;
  readonly closeAfterMessages?: number | undefined;
}

/** The faults after a change. */
export function changeFaults(faults: RelayFaults, change: FaultChange): RelayFaults {
  return {
    ...faults,
    ...change,
    incoming: { ...faults.incoming, ...change.incoming },
    outgoing: { ...faults.outgoing, ...change.outgoing },
  };
}

/** What happens to one frame. */
export interface FrameFate {
  readonly copies: 0 | 1 | 2;
  readonly hold: boolean;
  readonly delayMs: number;
}

/** Draws the fate of a frame. The number of draws does not depend on the outcome, so that a seed repeats. */
export function frameFate(faults: LinkFaults, random: Random): FrameFate {
  const dropped = draw(random) < faults.drop;
  const doubled = draw(random) < faults.duplicate;
  const hold = draw(random) < faults.reorder;
  return { copies: dropped ? 0 : doubled ? 2 : 1, hold, delayMs: faults.delayMs };
}

function draw(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 0x1_0000_0000;
}
