import { once } from 'node:events';
import { type RelayOptions, startRelay } from '../relay/relay.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Runs a relay until SIGINT, SIGTERM or SIGHUP; prints its address as the first line. */
export async function runRelay(
  options: Pick<RelayOptions, 'port' | 'auth'>,
  output: Output,
): Promise<ExitCode> {
  const relay = await startRelay(options);
  output.out(`${relay.url}\n`);
  const given = new AbortController();
  const signals = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) =>
    once(process, signal, { signal: given.signal }),
  );
  await Promise.race(signals);
  given.abort();
  await Promise.allSettled(signals);
  await relay.stop();
  return EXIT.ok;
}
