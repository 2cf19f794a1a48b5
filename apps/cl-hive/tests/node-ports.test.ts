import type { NodeId } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import type { HiveCore } from '../src/hive-core.ts';
import { Connector } from '../src/membership/connector.ts';
import { lightningNode } from '../src/ports/lightning-node.ts';
import { lightningSigner } from '../src/ports/signer.ts';

const MEMBER = `02${'ab'.repeat(32)}` as NodeId;

/** A lightningd that notes what it is asked. */
function listening(answer: unknown) {
  const asked: unknown[] = [];
  const note = async (method: unknown, params: unknown): Promise<never> => {
    const name = typeof method === 'string' ? method : (method as { name: string }).name;
    asked.push([name, params]);
    return answer as never;
  };
  return { asked, rpc: { call: note, raw: note } };
}

describe('what the hive signs', () => {
  it('is signed by lightningd as it stands', async () => {
    const { asked, rpc } = listening({ zbase: 'd9' });
    expect(await lightningSigner(rpc).sign('a nonce')).toBe('d9');
    expect(asked).toEqual([['signmessage', { message: 'a nonce' }]]);
  });
});

describe('a member that this node has lost', () => {
  it('SS-09: is connected to where lightningd knows it to be, never at an address that somebody named, once in ten minutes', async () => {
    const { asked, rpc } = listening({});
    const clock = new VirtualClock();
    let tick = async (): Promise<void> => {};
    const core = {
      onTick: (task: () => Promise<void>) => {
        tick = task;
      },
      membership: { others: () => [MEMBER] },
      time: { now: () => clock.monotonic() },
      reachable: () => [],
      ports: { node: lightningNode(rpc) },
    };
    expect(new Connector(core as unknown as HiveCore)).toBeDefined();
    for (let minute = 0; minute < 30; minute += 1) {
      await tick();
      clock.advance(60_000);
    }
    expect(asked).toEqual(Array.from({ length: 3 }, () => ['connect', { id: MEMBER }]));
  });
});
