import type { Clock, Random } from '@cl-hive/core';
import type { Dial } from './dial.ts';
import type { NostrEvent } from './event.ts';
import type { Received } from './inbox-feed.ts';
import type { Log, TransportStorage } from './ports.ts';
import type { Signer } from './signer.ts';

/** What a link needs of its transport. */
export interface LinkHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly signer: Signer;
  /** Keys of before, which are still read. */
  readonly formers: readonly Signer[];
  readonly storage: TransportStorage;
  readonly log: Log;
  readonly dial: Dial;
  /** Takes an event that is addressed to this node; its signature is not checked yet. */
  readonly receive: (event: NostrEvent, relay: string) => Promise<Received>;
  /** Events may be published on this link now. */
  readonly ready: () => void;
}
