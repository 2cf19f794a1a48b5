import { SeededRandom } from '@cl-hive/testkit';
import {
  type IncomingMessage,
  localSigner,
  memoryStorage,
  NostrTransport,
  type NostrTransportOptions,
  type Signer,
  type TransportStorage,
} from '../../src/index.ts';
import { afterwards } from './cleanup.ts';
import { systemClock } from './clock.ts';

/** A transport under test with what it was given and what it received. */
export interface Party {
  readonly transport: NostrTransport;
  readonly signer: Signer;
  readonly storage: TransportStorage;
  readonly received: IncomingMessage[];
  readonly lines: string[];
}

let seed = 0;

/** A key of its own for each call; the same for the same number. */
export function someSigner(number?: number): Signer {
  seed += 1;
  const random = new SeededRandom(number ?? 10_000 + seed);
  return localSigner(random.bytes(32), random);
}

/** Starts a transport, which is closed after the test. */
export async function startParty(
  relays: readonly string[],
  options: Partial<NostrTransportOptions> = {},
): Promise<Party> {
  seed += 1;
  const received: IncomingMessage[] = [];
  const lines: string[] = [];
  const signer = options.signer ?? someSigner();
  const storage = options.storage ?? memoryStorage();
  const transport = new NostrTransport({
    relays,
    clock: systemClock,
    random: new SeededRandom(seed),
    log: (level, message) => lines.push(`${level} ${message}`),
    onMessage: async (message) => {
      received.push(message);
    },
    foreignRelays: 'any',
    ...options,
    signer,
    storage,
  });
  afterwards(() => transport.close());
  await transport.start();
  return { transport, signer, storage, received, lines };
}
