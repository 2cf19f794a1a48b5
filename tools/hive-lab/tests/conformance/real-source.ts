import { join } from 'node:path';
import { isJsonObject, type JsonValue } from '@cl-hive/core';
import { until } from '../../src/fleet/until.ts';
import type { RealBinaries } from '../../src/real/binaries.ts';
import { startBitcoind } from '../../src/real/bitcoind.ts';
import { freePorts } from '../../src/real/daemon.ts';
import { type Lightningd, startLightningdProcess } from '../../src/real/lightningd.ts';
import { CHANNEL_SAT, RECORDER, type SubjectSource } from './source.ts';

const SYNC = { timeoutMs: 120_000, intervalMs: 200, signal: undefined } as const;

function list(answer: JsonValue, member: string): readonly JsonValue[] {
  const value = isJsonObject(answer) ? answer[member] : [];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function text(answer: JsonValue, member: string): string {
  const value = isJsonObject(answer) ? answer[member] : undefined;
  return typeof value === 'string' ? value : '';
}

/** Real lightningd processes on a regtest chain of their own. */
export function realSource(binaries: RealBinaries): SubjectSource {
  return {
    name: 'lightningd',
    start: async (dir) => {
      const failures: string[] = [];
      const bitcoind = await startBitcoind({
        program: binaries.bitcoind,
        dir: join(dir, 'bitcoind'),
        env: {},
        signal: undefined,
        onDeath: (reason) => failures.push(reason),
      });
      const nodes: Lightningd[] = [];
      const stop = async (): Promise<void> => {
        await Promise.all(nodes.map(async (node) => node.stop()));
        await bitcoind.stop();
      };
      const mine = async (blocks: number): Promise<void> => {
        const height = await bitcoind.mine(blocks);
        await Promise.all(nodes.map(async (node) => node.reach(height)));
      };
      try {
        for (const [index, port] of (await freePorts(3)).entries()) {
          nodes.push(
            await startLightningdProcess({
              number: index + 1,
              dir: join(dir, `node${index + 1}`),
              port,
              plugins: [RECORDER],
              binaries,
              bitcoind,
              allowDeprecatedApis: true,
              env: {},
              signal: undefined,
              on: () => {},
            }),
          );
        }
        for (const node of nodes) {
          const address = text(await node.rpc.raw('newaddr', { addresstype: 'p2tr' }), 'p2tr');
          await bitcoind.call('sendtoaddress', [address, 1]);
        }
        await mine(1);
        for (const { rpc, number } of nodes) {
          await until(async () => list(await rpc.raw('listfunds'), 'outputs').length > 0, {
            what: `the funds of node ${number}`,
            ...SYNC,
          });
        }
        await openChannel(nodes, mine);
      } catch (error) {
        await stop();
        throw error;
      }
      return { nodes, stop };
    },
  };
}

async function openChannel(
  nodes: readonly Lightningd[],
  mine: (blocks: number) => Promise<void>,
): Promise<void> {
  const [one, two, three] = nodes;
  if (one === undefined || two === undefined || three === undefined) {
    return;
  }
  await one.rpc.raw('connect', { id: two.id, host: '127.0.0.1', port: two.port });
  await one.rpc.raw('fundchannel', { id: two.id, amount: CHANNEL_SAT });
  await mine(6);
  // The third node learns of the channel only once both others have announced it.
  await three.rpc.raw('connect', { id: one.id, host: '127.0.0.1', port: one.port });
  for (const { rpc, number } of nodes) {
    await until(async () => list(await rpc.raw('listchannels'), 'channels').length === 2, {
      what: `the announced channel on node ${number}`,
      ...SYNC,
    });
  }
  await three.rpc.raw('disconnect', { id: one.id });
}
