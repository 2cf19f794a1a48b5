import { RpcError } from '@cl-hive/cln-rpc';
import type { JsonObject } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { describe, expect, it } from 'vitest';
import { channelBetween, claim, clock, FaultyRpc, killedAt, portsOf, settle } from './support.ts';

interface Case {
  readonly schema: string;
  readonly action: string;
  /** lightningd's command that has the effect. */
  readonly effect: string;
  /** Nodes of its fleet; 2 unless given. */
  readonly nodes?: number;
  readonly params: (fleet: TestFleet) => Promise<JsonObject> | JsonObject;
  /** Whether the effect is there, as the node itself shows it. */
  readonly there: (node: TestNode, fleet: TestFleet) => Promise<boolean>;
}

const rows = (value: unknown): readonly JsonObject[] => value as readonly JsonObject[];

async function state(node: TestNode, peer: TestNode): Promise<unknown> {
  return rows((await node.call('listpeerchannels', { id: peer.id }))['channels'])[0]?.['state'];
}

const CASES: readonly Case[] = [
  {
    schema: 'hive:fee-policy/v1',
    action: 'set_single',
    effect: 'setchannel',
    params: async (fleet) => ({
      channel_id: await channelBetween(fleet.node(1), fleet.node(2)),
      fee_ppm: 321,
    }),
    there: async (node, fleet) =>
      rows((await node.call('listpeerchannels', { id: fleet.node(2).id }))['channels'])[0]?.[
        'fee_proportional_millionths'
      ] === 321,
  },
  {
    schema: 'hive:forwarding/v1',
    action: 'disable_channel',
    effect: 'setchannel',
    params: async (fleet) => ({ channel_id: await channelBetween(fleet.node(1), fleet.node(2)) }),
    there: async (node, fleet) =>
      rows((await node.call('listpeerchannels', { id: fleet.node(2).id }))['channels'])[0]?.[
        'maximum_htlc_out_msat'
      ] === 0,
  },
  {
    schema: 'hive:channel/v1',
    action: 'open',
    effect: 'fundchannel',
    params: (fleet) => ({ peer_id: fleet.node(2).id, amount_sats: 500_000 }),
    there: async (node, fleet) =>
      rows((await node.call('listpeerchannels', { id: fleet.node(2).id }))['channels']).length > 1,
  },
  {
    schema: 'hive:channel/v1',
    action: 'close_cooperative',
    effect: 'close',
    params: async (fleet) => ({ channel_id: await channelBetween(fleet.node(1), fleet.node(2)) }),
    there: async (node, fleet) => (await state(node, fleet.node(2))) !== 'CHANNELD_NORMAL',
  },
  {
    schema: 'hive:channel/v1',
    action: 'close_force',
    effect: 'close',
    params: async (fleet) => ({ channel_id: await channelBetween(fleet.node(1), fleet.node(2)) }),
    there: async (node, fleet) => (await state(node, fleet.node(2))) !== 'CHANNELD_NORMAL',
  },
  {
    schema: 'hive:splice/v1',
    action: 'splice_in',
    effect: 'splicein',
    params: async (fleet) => ({
      channel_id: await channelBetween(fleet.node(1), fleet.node(2)),
      amount_sats: 60_000,
    }),
    there: async (node, fleet) => (await state(node, fleet.node(2))) === 'CHANNELD_AWAITING_SPLICE',
  },
  {
    schema: 'hive:payment/v1',
    action: 'create_invoice',
    effect: 'invoice',
    params: () => ({ amount_msat: 5000, label: 'one' }),
    there: async (node) => rows((await node.call('listinvoices'))['invoices']).length === 1,
  },
  {
    schema: 'hive:payment/v1',
    action: 'pay',
    effect: 'xpay',
    params: async (fleet) => {
      const made = await fleet
        .node(2)
        .call('invoice', { amount_msat: 40_000, label: 'x', description: 'x' });
      return { bolt11: made['bolt11'] ?? '', max_fee_ppm: 1000 };
    },
    there: async (node) => rows((await node.call('listpays'))['pays']).length === 1,
  },
  {
    schema: 'hive:payment/v1',
    action: 'keysend',
    effect: 'xkeysend',
    params: (fleet) => ({ destination: fleet.node(2).id, amount_msat: 40_000 }),
    there: async (node) => rows((await node.call('listpays'))['pays']).length === 1,
  },
  {
    schema: 'hive:rebalance/v1',
    action: 'circular_rebalance',
    effect: 'sendpay',
    nodes: 3,
    params: async (fleet) => ({
      from_channel: await channelBetween(fleet.node(1), fleet.node(2)),
      to_channel: await channelBetween(fleet.node(1), fleet.node(3)),
      amount_sats: 1000,
      max_fee_ppm: 5000,
    }),
    there: async (node) =>
      rows((await node.call('listsendpays'))['payments']).some(
        ({ status }) => status === 'complete',
      ),
  },
  {
    schema: 'hive:wallet/v1',
    action: 'withdraw',
    effect: 'txsend',
    params: async (fleet) => {
      const { p2tr } = await fleet.node(2).call('newaddr', { addresstype: 'p2tr' });
      return { destination: p2tr ?? '', amount_sats: 77_000 };
    },
    there: async (node) =>
      rows((await node.call('listfunds', { spent: true }))['outputs']).some(
        ({ status }) => status === 'unconfirmed',
      ),
  },
];

/** How many calls the action makes to lightningd when all goes well. */
async function callsOf(the: Case): Promise<number> {
  return await withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
    const rpc = new FaultyRpc(fleet.node(1).rpc);
    const ports = portsOf(fleet.node(1), rpc);
    const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
    const before = rpc.calls.length;
    expect((await ports.execute({ intent })).kind).toBe('executed');
    expect(await the.there(fleet.node(1), fleet)).toBe(true);
    return rpc.calls.length - before;
  });
}

describe.each(CASES)('$schema $action', (the) => {
  it('killed before and after each call: at most once, and the outcome is found', async () => {
    const calls = await callsOf(the);
    let done = 0;
    for (let index = 0; index < calls; index += 1) {
      for (const reaches of [false, true]) {
        await withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
          const node = fleet.node(1);
          const intent = await claim(
            portsOf(node),
            the.schema,
            the.action,
            await the.params(fleet),
          );
          const dying = killedAt(node.rpc, index, reaches);
          // What a killed process would have answered is never heard.
          await portsOf(node, dying).execute({ intent });
          const rpc = new FaultyRpc(node.rpc);
          const result = await settle(portsOf(node, rpc), intent);
          const there = await the.there(node, fleet);
          const what = `${dying.calls[index]} ${reaches ? 'answered' : 'unsent'}`;
          expect([what, result.kind]).toEqual([what, there ? 'executed' : 'failed']);
          expect([what, rpc.count(the.effect)]).toEqual([what, 0]);
          expect(dying.count(the.effect)).toBeLessThanOrEqual(1);
          done += there ? 1 : 0;
        });
      }
    }
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(calls * 2);
  });

  it('an answer that is lost is looked up', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) => (method === the.effect ? 'lost' : undefined));
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      expect((await ports.execute({ intent })).kind).toBe('executed');
      expect(rpc.count(the.effect)).toBe(1);
    }));

  it('a timeout without an effect stays unknown until it cannot come any more', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === the.effect ? 'dropped' : undefined,
      );
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      expect((await ports.execute({ intent })).kind).toBe('unknown');
      expect((await ports.reconcile({ intent })).kind).toBe('unknown');
      clock.advance(10_000);
      expect((await ports.reconcile({ intent })).kind).toBe('unknown');
      expect((await settle(ports, intent)).kind).toBe('failed');
      expect(rpc.calls.filter((method) => method === the.effect)).toHaveLength(1);
      expect(await the.there(node, fleet)).toBe(false);
    }));

  it('an error, and a node out of reach, have done nothing', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const params = await the.params(fleet);
      for (const fault of [new RpcError(the.effect, -1, 'no'), 'unreachable'] as const) {
        const rpc = new FaultyRpc(node.rpc, (method) =>
          method === the.effect ? fault : undefined,
        );
        const ports = portsOf(node, rpc);
        const intent = await claim(ports, the.schema, the.action, params);
        expect((await ports.execute({ intent })).kind).toBe('failed');
        expect(await the.there(node, fleet)).toBe(false);
      }
      // What was held back for it is free again.
      const { outputs } = await node.call('listfunds');
      expect(rows(outputs).filter(({ reserved }) => reserved === true)).toEqual([]);
    }));

  it('a plugin that died under it leaves it unknown', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === the.effect ? new RpcError(method, -4, 'the plugin died') : undefined,
      );
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      expect((await ports.execute({ intent })).kind).toBe('unknown');
      expect((await settle(ports, intent)).kind).toBe('failed');
    }));

  it('an effect that is reported, and is not there, is not confirmed', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === the.effect ? 'dropped' : undefined,
      );
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      await ports.execute({ intent });
      const result = { kind: 'executed', result: {}, leftMsat: intent.facts.feeMsat } as const;
      const { confirmed, stateAfter } = await ports.observe({ intent, result });
      expect(confirmed).toBe(false);
      expect(stateAfter).toMatch(/^[0-9a-f]{64}$/);
    }));

  it('an error after its effect is no failure', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc);
      const inner = rpc.raw.bind(rpc);
      rpc.raw = async (method, params, options) => {
        const answer = await inner(method, params, options);
        if (method === the.effect) {
          throw new RpcError(method, -4, 'the plugin died');
        }
        return answer;
      };
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      expect((await ports.execute({ intent })).kind).toBe('executed');
    }));

  it('executing the same intent again only looks', () =>
    withFleet({ nodes: the.nodes ?? 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc);
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, the.schema, the.action, await the.params(fleet));
      await ports.execute({ intent });
      expect((await ports.execute({ intent })).kind).toBe('executed');
      expect(rpc.count(the.effect)).toBe(1);
    }));
});

describe('closing', () => {
  it('cooperatively never becomes forced, however long the peer is away', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const [node, peer] = [fleet.node(1), fleet.node(2)];
      const scid = await channelBetween(node, peer);
      await peer.end('stop');
      await fleet.waitFor('the peer to go', async () => {
        const { peers } = await node.call('listpeers', { id: peer.id });
        return rows(peers)[0]?.['connected'] === false;
      });
      const rpc = new FaultyRpc(node.rpc, (method) => (method === 'close' ? 'lost' : undefined));
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, 'hive:channel/v1', 'close_cooperative', {
        channel_id: scid,
      });
      const result = await ports.execute({ intent });
      expect(result).toMatchObject({
        kind: 'executed',
        result: { channels: [{ state: 'CHANNELD_SHUTTING_DOWN' }] },
      });
      expect(rpc.reached.filter(({ method }) => method === 'close')).toEqual([
        { method: 'close', params: expect.objectContaining({ unilateraltimeout: 0 }) as unknown },
      ]);
      expect(await state(node, peer)).toBe('CHANNELD_SHUTTING_DOWN');
    }));

  it('by force does so when the peer is away', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const [node, peer] = [fleet.node(1), fleet.node(2)];
      const scid = await channelBetween(node, peer);
      await peer.end('stop');
      const ports = portsOf(node);
      const intent = await claim(ports, 'hive:channel/v1', 'close_force', { channel_id: scid });
      const result = await ports.execute({ intent });
      expect(result).toMatchObject({
        kind: 'executed',
        result: { channels: [{ type: 'unilateral' }] },
      });
    }));

  it('all: what fails is said, what closes counts', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method, _params, index) =>
        method === 'close' && rpc.calls.indexOf('close') === -1 && index > 0
          ? new RpcError('close', -1, 'not this one')
          : undefined,
      );
      const ports = portsOf(node, rpc);
      const intent = await claim(ports, 'hive:channel/v1', 'close_all', {});
      const result = await ports.execute({ intent });
      expect(result).toMatchObject({
        kind: 'executed',
        result: {
          channels: [
            { error: expect.stringContaining('not this one') as string },
            { type: 'mutual' },
          ],
        },
      });
      expect((await ports.observe({ intent, result })).confirmed).toBe(true);
    }));
});

describe('of many', () => {
  const bulk = async (fleet: TestFleet, fault: 'dropped' | RpcError) => {
    const node = fleet.node(1);
    const channels = [
      await channelBetween(node, fleet.node(2)),
      await channelBetween(node, fleet.node(3)),
    ];
    let calls = 0;
    const rpc = new FaultyRpc(node.rpc, (method) => {
      calls += method === 'setchannel' ? 1 : 0;
      return method === 'setchannel' && calls === 2 ? fault : undefined;
    });
    const ports = portsOf(node, rpc);
    const params = { channels, policy: { fee_ppm: 77 } };
    const intent = await claim(ports, 'hive:fee-policy/v1', 'set_bulk', params);
    return { ports, intent, result: await ports.execute({ intent }) };
  };

  it('what lightningd refuses is said by name', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const { result } = await bulk(fleet, new RpcError('setchannel', -1, 'not this one'));
      expect(result).toMatchObject({
        kind: 'executed',
        result: {
          channels: [{ fee_ppm: 77 }, { error: expect.stringContaining('not this one') as string }],
        },
      });
    }));

  it('a part without an answer leaves the whole unknown, then done in part', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const { ports, intent, result } = await bulk(fleet, 'dropped');
      expect(result.kind).toBe('unknown');
      expect((await ports.reconcile({ intent })).kind).toBe('unknown');
      const settled = await settle(ports, intent);
      expect(settled).toMatchObject({
        kind: 'executed',
        result: { channels: [{ fee_ppm: 77 }, { fee_ppm: 10 }] },
      });
    }));
});

describe('limits', () => {
  it('a payment that would cost more than it may is not made', () =>
    withFleet({ nodes: 4 }, async (fleet) => {
      const node = fleet.node(1);
      const ports = portsOf(node);
      const far = async (label: string) =>
        (await fleet.node(3).call('invoice', { amount_msat: 1_000_000, label, description: 'x' }))[
          'bolt11'
        ] ?? '';
      const pay = async (bolt11: JsonObject[string], ppm: number) => {
        const params = { bolt11, max_fee_ppm: ppm };
        const intent = await claim(ports, 'hive:payment/v1', 'pay', params);
        return await ports.execute({ intent });
      };
      expect((await pay(await far('dear'), 10)).kind).toBe('failed');
      // One hop between charges 1 msat and 10 ppm.
      expect(await pay(await far('fair'), 11)).toMatchObject({
        kind: 'executed',
        leftMsat: 1_000_011n,
      });
      const { channels } = await node.call('listpeerchannels');
      const ours = rows(channels).reduce((sum, row) => sum + Number(row['to_us_msat']), 0);
      expect(ours).toBe(5_000_000_000 - 1_000_011);
    }));

  it('a transaction that costs more than was reserved is not sent, and its coins are free', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const { p2tr = '' } = await fleet.node(2).call('newaddr', { addresstype: 'p2tr' });
      const params = { destination: p2tr, amount_sats: 50_000 };
      const rpc = new FaultyRpc(node.rpc);
      const inner = rpc.raw.bind(rpc);
      rpc.raw = (method, given, options) =>
        inner(
          method,
          method === 'txprepare' ? { ...(given as JsonObject), feerate: '90000perkw' } : given,
          options,
        );
      const ports = portsOf(node, rpc);
      const dear = await claim(ports, 'hive:wallet/v1', 'withdraw', params);
      expect((await ports.execute({ intent: dear })).kind).toBe('failed');
      const open = await claim(portsOf(node), 'hive:channel/v1', 'open', {
        peer_id: fleet.node(2).id,
        amount_sats: 50_000,
      });
      const poor = { ...open, facts: { ...open.facts, feeMsat: 10n as typeof open.facts.feeMsat } };
      expect((await portsOf(node).execute({ intent: poor })).kind).toBe('failed');
      expect(rpc.count('txsend')).toBe(0);
      const { outputs } = await node.call('listfunds');
      expect(rows(outputs).filter(({ reserved }) => reserved === true)).toEqual([]);
    }));

  it('coins that somebody set aside are left alone', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const made = await fleet.node(2).call('newaddr', { addresstype: 'p2tr' });
      const p2tr = made['p2tr'] as string;
      const { txid = '' } = await node.call('txprepare', { outputs: [{ [p2tr]: 'all' }] });
      const params = { destination: p2tr, amount_sats: 50_000 };
      const ports = portsOf(node);
      const intent = await claim(ports, 'hive:wallet/v1', 'withdraw', params);
      expect(await ports.execute({ intent })).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('free coins') as string,
      });
      await node.call('txdiscard', { txid });
      const again = await claim(ports, 'hive:wallet/v1', 'withdraw', params);
      expect((await ports.execute({ intent: again })).kind).toBe('executed');
    }));

  it('a channel that was there before is not taken for one that was to be opened', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const [node, peer] = [fleet.node(1), fleet.node(2)];
      const { channels } = await node.call('listpeerchannels');
      const [row] = rows(channels);
      expect(row).toMatchObject({ opener: 'local', total_msat: 5_000_000_000 });
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === 'fundchannel' ? 'dropped' : undefined,
      );
      const ports = portsOf(node, rpc);
      const params = { peer_id: peer.id, amount_sats: 5_000_000 };
      const intent = await claim(ports, 'hive:channel/v1', 'open', params);
      expect((await ports.execute({ intent })).kind).toBe('unknown');
      expect((await settle(ports, intent)).kind).toBe('failed');
    }));
});

describe('the marks of effects', () => {
  it('are dropped but for what is unfinished', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const ports = portsOf(fleet.node(1));
      const make = async (label: string) => {
        const params = { amount_msat: 1000, label };
        const intent = await claim(ports, 'hive:payment/v1', 'create_invoice', params);
        await ports.execute({ intent });
        return intent;
      };
      const [first, second] = [await make('a'), await make('b')];
      expect(await ports.forgetEffects(async () => [second])).toBe(1);
      expect((await ports.reconcile({ intent: second })).kind).toBe('executed');
      expect((await ports.reconcile({ intent: first })).kind).toBe('failed');
      expect(await ports.forgetEffects(async () => [])).toBe(1);
      expect(await ports.forgetEffects(async () => [])).toBe(0);
    }));

  it('are found again after the store was restored, and are no reason to do it twice', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const params = { destination: fleet.node(2).id, amount_msat: 5_000 };
      const first = await claim(portsOf(node), 'hive:payment/v1', 'keysend', params);
      const intent = { ...first, request: { epoch: 1 } };
      expect((await portsOf(node).execute({ intent })).kind).toBe('executed');
      const restored = portsOf(node, node.rpc, undefined, 2);
      expect((await restored.reconcile({ intent })).kind).toBe('executed');
      expect(await restored.forgetEffects(async () => [])).toBe(0);
      expect((await restored.execute({ intent })).kind).toBe('executed');
      expect(rows((await node.call('listpays'))['pays'])).toHaveLength(1);
    }));

  it('beyond the end of a list that may be cut off stay', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const ports = portsOf(fleet.node(1));
      const params = { amount_msat: 1000, label: 'a' };
      const intent = await claim(ports, 'hive:payment/v1', 'create_invoice', params);
      await ports.execute({ intent });
      const full = (last: number) =>
        Array.from({ length: 500 }, (_, index) => ({ id: last - 499 + index, request: {} }));
      expect(await ports.forgetEffects(async () => full(intent.id - 1))).toBe(0);
      expect((await ports.reconcile({ intent })).kind).toBe('executed');
      expect(await ports.forgetEffects(async () => full(intent.id + 600))).toBe(1);
    }));

  it('without one nothing was tried; when none can be stored nothing is', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === 'datastore' ? new RpcError(method, -1, 'disk full') : undefined,
      );
      const ports = portsOf(node, rpc);
      const params = { amount_msat: 1000, label: 'a' };
      const intent = await claim(ports, 'hive:payment/v1', 'create_invoice', params);
      expect((await ports.execute({ intent })).kind).toBe('failed');
      expect(rpc.count('invoice')).toBe(0);
      expect((await ports.reconcile({ intent })).kind).toBe('failed');
    }));

  it('a node that cannot be asked leaves the outcome unknown', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const intent = await claim(portsOf(node), 'hive:payment/v1', 'create_invoice', {
        amount_msat: 1000,
        label: 'a',
      });
      const ports = portsOf(node, new FaultyRpc(node.rpc, () => 'unreachable'));
      expect((await ports.reconcile({ intent })).kind).toBe('unknown');
      expect(
        (await ports.observe({ intent, result: { kind: 'not_started' } })).confirmed,
      ).toBeUndefined();
      await expect(ports.facts({ command: intent.command })).rejects.toThrow();
      const pay = { bolt11: `lnbcrt1${'q'.repeat(60)}`, max_fee_ppm: 1 };
      await expect(claim(ports, 'hive:payment/v1', 'pay', pay)).rejects.toThrow();
    }));

  it('a read that was interrupted has changed nothing', () =>
    withFleet({ nodes: 1 }, async (fleet) => {
      const ports = portsOf(fleet.node(1));
      const intent = await claim(ports, 'hive:backup/v1', 'export_scb', {});
      expect((await ports.reconcile({ intent })).kind).toBe('failed');
      expect(
        (await ports.observe({ intent, result: { kind: 'not_started' } })).confirmed,
      ).toBeUndefined();
    }));
});
