// Started as a process of its own: connects, does some work, closes, and must then end by itself.
import { SeededRandom } from '@cl-hive/testkit';
import { localSigner, memoryStorage, NostrTransport } from '../../src/index.ts';
import { systemClock } from './clock.ts';

const [, , ...relays] = process.argv;
const random = new SeededRandom(5);
const transport = new NostrTransport({
  relays,
  signer: localSigner(random.bytes(32), random),
  storage: memoryStorage(),
  clock: systemClock,
  random,
  log: () => undefined,
  onMessage: async () => undefined,
  foreignRelays: 'any',
});
await transport.start();
const { outcome } = await transport.send({
  to: localSigner(random.bytes(32), random).pubkey,
  content: 'hello',
});
const waiting = transport.request({ to: transport.pubkey, content: 'nobody answers' }, 600_000);
await outcome;
await transport.close();
process.stdout.write(`${(await outcome).kind} ${(await waiting).kind}\n`);
