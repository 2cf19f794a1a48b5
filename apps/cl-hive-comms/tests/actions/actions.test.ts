import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RpcError } from '@cl-hive/cln-rpc';
import type { JsonObject } from '@cl-hive/core';
import { type TestFleet, type TestNode, withFleet } from '@cl-hive/hive-lab';
import { MANAGEMENT_REGISTRY } from '@cl-hive/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import type { UnsupportedAction } from '../../src/actions/action.ts';
import { ACTIONS } from '../../src/actions/action-table.ts';
import { act, channelBetween, claim, FaultyRpc, portsOf, settle } from './support.ts';

/** Actions that some test below carried out. */
const seen = new Set<string>();

interface Scene {
  readonly fleet: TestFleet;
  readonly node: TestNode;
  readonly peer: TestNode;
  readonly rpc: FaultyRpc;
  readonly run: (
    schema: string,
    action: string,
    params?: JsonObject,
  ) => Promise<Awaited<ReturnType<typeof act>>>;
}

function scene(name: string, body: (scene: Scene) => Promise<void>, nodes = 3): void {
  it(name, () =>
    withFleet({ nodes }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc);
      const ports = portsOf(node, rpc);
      const run: Scene['run'] = (schema, action, params) => {
        seen.add(`${schema} ${action}`);
        return act(ports, schema, action, params);
      };
      await body({ fleet, node, peer: fleet.node(2), rpc, run });
    }),
  );
}

async function only(node: TestNode, scid: string): Promise<JsonObject> {
  const { channels } = await node.call('listpeerchannels', { short_channel_id: scid });
  const [row] = channels as readonly JsonObject[];
  if (row === undefined) {
    throw new Error(`no channel ${scid}`);
  }
  return row;
}

const CONFIRMED = {
  confirmed: true,
  stateAfter: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
};

it('every action of the registry stands in the table, and no other', () => {
  const registry = [...MANAGEMENT_REGISTRY].flatMap(([schema, actions]) =>
    [...actions.keys()].map((action) => `${schema} ${action}`),
  );
  expect([...ACTIONS.keys()].sort()).toEqual(registry.sort());
  expect(registry).toHaveLength(44);
});

describe('reading', () => {
  scene('monitor, wallet, plugins, options and HTLCs', async ({ node, peer, run }) => {
    const info = (await run('hive:monitor/v1', 'get_info')).result;
    expect(info).toMatchObject({ kind: 'executed', result: { id: node.id, network: 'regtest' } });
    const full = (await run('hive:monitor/v1', 'get_info', { format: 'full' })).result;
    expect(full).toMatchObject({ kind: 'executed', result: { address: expect.any(Array) } });
    const channels = (await run('hive:monitor/v1', 'list_channels')).result;
    expect(channels).toMatchObject({ kind: 'executed', result: { total: 2 } });
    const balance = (await run('hive:monitor/v1', 'get_balance')).result;
    expect(balance).toMatchObject({
      kind: 'executed',
      result: { channels_local_msat: 5_000_000_000n, channels_total_msat: 10_000_000_000n },
    });
    const peers = (await run('hive:monitor/v1', 'list_peers')).result;
    expect(
      JSON.stringify(peers, (_k, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)),
    ).toContain(peer.id);
    expect((await run('hive:wallet/v1', 'list_funds')).result).toMatchObject({
      kind: 'executed',
      result: { channels: expect.any(Array), outputs: expect.any(Array) },
    });
    expect((await run('hive:plugin/v1', 'list_plugins')).result.kind).toBe('executed');
    expect((await run('hive:htlc-mgmt/v1', 'list_htlcs')).result).toMatchObject({
      kind: 'executed',
      result: { total: 0, htlcs: [] },
    });
    const one = (await run('hive:config/v1', 'get_config', { key: 'network' })).result;
    expect(one).toMatchObject({ kind: 'executed', result: { configs: { network: 'regtest' } } });
    expect((await run('hive:config/v1', 'get_config')).result.kind).toBe('executed');
  });

  scene('forwards: the latest first, within the limit and the history window', async (the) => {
    const { fleet, node, peer, run } = the;
    for (let index = 0; index < 4; index += 1) {
      const { bolt11 } = await peer.call('invoice', {
        amount_msat: 1000 + index,
        label: `f${index}`,
        description: 'x',
      });
      // The way around: 3 -> 1 -> 2 where 3 -> 2 is closed off.
      await fleet.node(3).call('xpay', { invstring: bolt11 ?? '' });
    }
    const { forwards } = await node.call('listforwards');
    const all = forwards as readonly JsonObject[];
    const { result } = await run('hive:monitor/v1', 'list_forwards', { limit: 2 });
    expect(result).toMatchObject({ kind: 'executed' });
    const rows = (result as unknown as { result: { forwards: JsonObject[] } }).result.forwards;
    expect(rows).toHaveLength(Math.min(2, all.length));
    const late = await portsOf(node).read({
      command: (await claim(portsOf(node), 'hive:monitor/v1', 'list_forwards', {})).command,
      historySince: Date.now() + 3_600_000,
    });
    expect(late).toMatchObject({ kind: 'executed', result: { forwards: [] } });
  });

  it('the values of options that may be secrets are hidden', () =>
    withFleet({ nodes: 1 }, async (fleet) => {
      const configs = {
        'bitcoin-rpcpassword': { value_str: 'hunter2', source: 'x' },
        wallet: { value_str: 'postgres://me:pw@host/db', source: 'x' },
        'hive-comms-db': { value_str: 'postgres://me:pw@host/db', source: 'x' },
        proxy: { value_str: 'socks://me:pw@host', source: 'x' },
        alias: { value_str: 'a'.repeat(300), source: 'x' },
      };
      const rpc = new FaultyRpc(fleet.node(1).rpc, (method) =>
        method === 'listconfigs' ? { answer: { configs } } : undefined,
      );
      const { result } = await act(portsOf(fleet.node(1), rpc), 'hive:config/v1', 'get_config');
      const hidden = '(hidden)';
      expect(result).toMatchObject({
        result: {
          configs: {
            'bitcoin-rpcpassword': hidden,
            wallet: hidden,
            'hive-comms-db': hidden,
            proxy: hidden,
            alias: `${'a'.repeat(200)}…`,
          },
        },
      });
    }));
});

describe('fees and limits of channels', () => {
  scene('set_single by any of its names', async ({ node, peer, run }) => {
    const scid = await channelBetween(node, peer);
    const row = await only(node, scid);
    const names = [
      scid,
      row['channel_id'] as string,
      (row['alias'] as JsonObject)['local'] as string,
    ];
    for (const [index, name] of names.entries()) {
      const ppm = 100 + index;
      const { before, result, observation } = await run('hive:fee-policy/v1', 'set_single', {
        channel_id: name,
        fee_ppm: ppm,
        base_msat: 7,
      });
      expect(before.facts).toMatchObject({
        peers: [peer.id],
        unresolved: [],
        amountMsat: 0n,
        capacityMsat: 10_000_000_000n,
      });
      expect(before.facts.channels[0]).toEqual(expect.arrayContaining(names));
      expect(before.facts.feeChangePpm).toBe(index === 0 ? 90 + 6 : 1);
      expect(result).toMatchObject({ kind: 'executed', leftMsat: 0n });
      expect(observation).toMatchObject(CONFIRMED);
      expect(observation.stateAfter).not.toBe(before.stateBefore);
      expect(await only(node, scid)).toMatchObject({
        fee_proportional_millionths: ppm,
        fee_base_msat: 7,
      });
    }
  });

  scene(
    'a channel is never known by the alias that its peer chose',
    async ({ node, peer, run }) => {
      const scid = await channelBetween(node, peer);
      const remote = ((await only(node, scid))['alias'] as JsonObject)['remote'] as string;
      const { before, result } = await run('hive:fee-policy/v1', 'set_single', {
        channel_id: remote,
        fee_ppm: 1,
      });
      expect(before.facts.unresolved).toEqual([remote]);
      expect(result.kind).toBe('failed');
    },
  );

  scene('set_bulk and set_anchor', async ({ fleet, node, peer, run }) => {
    const channels = [await channelBetween(node, peer), await channelBetween(node, fleet.node(3))];
    const { before, result } = await run('hive:fee-policy/v1', 'set_bulk', {
      channels,
      policy: { fee_ppm: 400, htlc_minimum_msat: 1000 },
    });
    expect(before.facts.feeChangePpm).toBe(390);
    expect(before.facts.peers).toHaveLength(2);
    expect(result.kind).toBe('executed');
    for (const scid of channels) {
      expect(await only(node, scid)).toMatchObject({
        fee_proportional_millionths: 400,
        minimum_htlc_out_msat: 1000,
      });
    }
    const [scid = ''] = channels;
    const anchor = { channel_id: scid, target_fee_ppm: 55, reason: 'anchor' };
    expect((await run('hive:fee-policy/v1', 'set_anchor', anchor)).observation).toMatchObject(
      CONFIRMED,
    );
    expect(await only(node, scid)).toMatchObject({ fee_proportional_millionths: 55 });
  });

  scene(
    'HTLC limits, and one that is more than the channel carries',
    async ({ node, peer, run }) => {
      const scid = await channelBetween(node, peer);
      const limits = { channel_id: scid, htlc_minimum_msat: 2000, htlc_maximum_msat: 3_000_000 };
      expect(
        (await run('hive:htlc-policy/v1', 'set_htlc_limits', limits)).observation,
      ).toMatchObject(CONFIRMED);
      expect(await only(node, scid)).toMatchObject({ maximum_htlc_out_msat: 3_000_000 });
      const most = { channel_id: scid, htlc_maximum_msat: 9_000_000_000_000 };
      const { result, observation } = await run('hive:htlc-policy/v1', 'set_htlc_limits', most);
      expect(result).toMatchObject({ result: { channels: [{ warning: expect.any(String) }] } });
      expect(observation).toMatchObject(CONFIRMED);
    },
  );

  scene('a channel that is disabled forwards nothing, and comes back as it was', async (the) => {
    const { node, peer, run } = the;
    const scid = await channelBetween(node, peer);
    await node.call('setchannel', { id: scid, htlcmax: 123_456 });
    const off = { channel_id: scid, reason: 'test' };
    expect((await run('hive:forwarding/v1', 'disable_channel', off)).observation).toMatchObject(
      CONFIRMED,
    );
    expect(await only(node, scid)).toMatchObject({ maximum_htlc_out_msat: 0 });
    // Again: what it was before is kept.
    expect((await run('hive:forwarding/v1', 'disable_channel', off)).result.kind).toBe('executed');
    const on = { channel_id: scid };
    expect((await run('hive:forwarding/v1', 'enable_channel', on)).observation).toMatchObject(
      CONFIRMED,
    );
    expect(await only(node, scid)).toMatchObject({ maximum_htlc_out_msat: 123_456 });
    expect((await run('hive:forwarding/v1', 'enable_channel', on)).result).toMatchObject({
      kind: 'failed',
    });
  });
});

describe('channels', () => {
  scene('open: fee within what is reserved, all of it accounted', async (the) => {
    const { fleet, node, peer, run } = the;
    const { before, result, observation } = await run('hive:channel/v1', 'open', {
      peer_id: peer.id,
      amount_sats: 700_000,
      push_msat: 1_000_000,
    });
    expect(before.facts).toMatchObject({ peers: [peer.id], amountMsat: 700_000_000n });
    expect(result).toMatchObject({ kind: 'executed' });
    const left = result.kind === 'executed' ? result.leftMsat : 0n;
    expect(left).toBeGreaterThan(700_000_000n);
    expect(left).toBeLessThanOrEqual(700_000_000n + before.facts.feeMsat);
    expect(observation).toMatchObject(CONFIRMED);
    fleet.world.mine(6);
    const { channels } = await node.call('listpeerchannels', { id: peer.id });
    expect(channels).toHaveLength(2);
    const huge = { peer_id: peer.id, amount_sats: 2_000_000_000_000 };
    expect((await run('hive:channel/v1', 'open', huge)).result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('coins') as string,
    });
  });

  scene('close_cooperative: to the own wallet nothing leaves', async ({ node, peer, run }) => {
    const scid = await channelBetween(node, peer);
    const { p2tr } = await node.call('newaddr', { addresstype: 'p2tr' });
    const { before, result, observation } = await run('hive:channel/v1', 'close_cooperative', {
      channel_id: scid,
      destination: p2tr ?? '',
    });
    expect(before.facts).toMatchObject({ amountMsat: 0n, closesMsat: 5_000_000_000n });
    expect(result).toMatchObject({
      kind: 'executed',
      leftMsat: 0n,
      result: { channels: [{ type: 'mutual' }] },
    });
    expect(observation).toMatchObject(CONFIRMED);
    const again = await run('hive:channel/v1', 'close_cooperative', { channel_id: scid });
    expect(again.result.kind).toBe('failed');
  });

  scene(
    'close_cooperative: to a foreign address the balance leaves',
    async ({ node, peer, run }) => {
      const scid = await channelBetween(node, peer);
      const { p2tr } = await peer.call('newaddr', { addresstype: 'p2tr' });
      const { before, result } = await run('hive:channel/v1', 'close_cooperative', {
        channel_id: scid,
        destination: p2tr ?? '',
      });
      expect(before.facts.amountMsat).toBe(2_500_000_000n);
      expect(result).toMatchObject({ kind: 'executed', leftMsat: 2_500_000_000n });
    },
  );

  scene('close_force and close_all', async ({ node, peer, rpc, run }) => {
    const scid = await channelBetween(node, peer);
    const { before, result } = await run('hive:channel/v1', 'close_force', { channel_id: scid });
    expect(before.facts.closesMsat).toBe(5_000_000_000n);
    expect(result.kind).toBe('executed');
    expect(rpc.reached.find(({ method }) => method === 'close')?.params).toMatchObject({
      unilateraltimeout: 1,
    });
    const all = await run('hive:channel/v1', 'close_all');
    expect(all.before.facts.closesMsat).toBe(5_000_000_000n);
    expect(all.result).toMatchObject({
      kind: 'executed',
      result: { channels: [expect.anything()] },
    });
    expect(rpc.reached.filter(({ method }) => method === 'close').at(-1)?.params).toMatchObject({
      unilateraltimeout: 0,
    });
    expect((await run('hive:channel/v1', 'close_all')).result.kind).toBe('failed');
  });

  scene('splice_in and splice_out', async ({ fleet, node, peer, run }) => {
    const scid = await channelBetween(node, peer);
    const into = await run('hive:splice/v1', 'splice_in', {
      channel_id: scid,
      amount_sats: 90_000,
    });
    expect(into.before.facts.amountMsat).toBe(90_000_000n);
    expect(into.result.kind).toBe('executed');
    expect(into.observation).toMatchObject(CONFIRMED);
    // A second one has to wait for the first.
    const busy = await run('hive:splice/v1', 'splice_in', {
      channel_id: scid,
      amount_sats: 90_000,
    });
    expect(busy.result.kind).toBe('failed');
    fleet.world.mine(6);
    await fleet.waitFor('the splice', async () => {
      const { channels } = await node.call('listpeerchannels', { id: peer.id });
      const [row] = channels as readonly JsonObject[];
      return row?.['state'] === 'CHANNELD_NORMAL' && row['total_msat'] === 5_090_000_000;
    });
    const { p2tr } = await peer.call('newaddr', { addresstype: 'p2tr' });
    const out = await run('hive:splice/v1', 'splice_out', {
      channel_id: await channelBetween(node, peer),
      amount_sats: 50_000,
      destination: p2tr ?? '',
    });
    expect(out.result.kind).toBe('executed');
    const left = out.result.kind === 'executed' ? out.result.leftMsat : 0n;
    expect(left).toBeGreaterThan(50_000_000n);
    expect(left).toBeLessThanOrEqual(50_000_000n + out.before.facts.feeMsat);
    expect(out.observation).toMatchObject(CONFIRMED);
  });
});

describe('peers', () => {
  scene(
    'connect and disconnect; with a channel lightningd refuses',
    async ({ fleet, node, peer, run }) => {
      const other = fleet.node(3);
      expect((await run('hive:peer/v1', 'connect', { peer_id: other.id })).result).toMatchObject({
        kind: 'executed',
        result: { peer_id: other.id, connected: true },
      });
      const off = await run('hive:peer/v1', 'disconnect', { peer_id: other.id });
      expect(off.result.kind).toBe('executed');
      expect((await run('hive:peer/v1', 'disconnect', { peer_id: peer.id })).result).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('channel') as string,
      });
      const stranger = `02${'ab'.repeat(32)}`;
      const unknown = await run('hive:peer/v1', 'disconnect', { peer_id: stranger });
      expect(unknown.before.facts.unresolved).toEqual([stranger]);
      expect((await node.call('listpeers', { id: other.id }))['peers']).toEqual([]);
    },
    4,
  );
});

describe('payments', () => {
  scene('an invoice is made once for its label, and paid once', async ({ node, peer, run }) => {
    const params = { amount_msat: 50_000, label: 'a label', description: 'for you' };
    const { result, observation } = await run('hive:payment/v1', 'create_invoice', params);
    expect(result).toMatchObject({ kind: 'executed', result: { bolt11: expect.any(String) } });
    expect(observation).toMatchObject(CONFIRMED);
    const again = await run('hive:payment/v1', 'create_invoice', params);
    expect(again.result).toMatchObject({ kind: 'failed' });
    const bare = await run('hive:payment/v1', 'create_invoice', { amount_msat: 1, label: 'b' });
    expect(bare.result.kind).toBe('executed');

    const { bolt11 = '' } = await peer.call('invoice', {
      amount_msat: 1_000_000,
      label: 'x',
      description: 'x',
    });
    const paid = await run('hive:payment/v1', 'pay', { bolt11, max_fee_ppm: 500 });
    expect(paid.before.facts).toMatchObject({
      peers: [peer.id],
      amountMsat: 1_000_000n,
      feeMsat: 500n,
    });
    expect(paid.result).toMatchObject({ kind: 'executed', leftMsat: 1_000_000n });
    expect(paid.observation).toMatchObject(CONFIRMED);
    const twice = await run('hive:payment/v1', 'pay', { bolt11, max_fee_ppm: 500 });
    expect(twice.result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('paid already') as string,
    });
    expect((await node.call('listpays'))['pays']).toHaveLength(1);
  });

  scene('an invoice without an amount, or that is none, cannot be reckoned', async (the) => {
    const { node, peer, run } = the;
    const { bolt11 = '' } = await peer.call('invoice', {
      amount_msat: 'any',
      label: 'x',
      description: 'x',
    });
    for (const invoice of [bolt11, `lnbcrt1${'q'.repeat(60)}`]) {
      const { before, result } = await run('hive:payment/v1', 'pay', {
        bolt11: invoice,
        max_fee_ppm: 500,
      });
      expect(before.facts.amountMsat).toBeUndefined();
      expect(before.facts.unresolved).toHaveLength(1);
      expect(result.kind).toBe('failed');
    }
    expect((await node.call('listpays'))['pays']).toEqual([]);
  });

  scene('keysend, under the effect key as label', async ({ node, peer, run }) => {
    const sent = await run('hive:payment/v1', 'keysend', {
      destination: peer.id,
      amount_msat: 70_000,
    });
    expect(sent.before.facts).toMatchObject({ amountMsat: 70_000n, feeMsat: 5_000n });
    expect(sent.result).toMatchObject({ kind: 'executed', leftMsat: 70_000n });
    expect(sent.observation).toMatchObject(CONFIRMED);
    const [pay] = (await node.call('listpays'))['pays'] as readonly JsonObject[];
    expect(pay?.['label']).toBe(`hive-1-${sent.intent.id}`);
  });
});

describe('the wallet', () => {
  scene('new_address and withdraw', async ({ fleet, peer, run }) => {
    const made = await run('hive:wallet/v1', 'new_address', { type: 'bech32' });
    expect(made.result).toMatchObject({
      kind: 'executed',
      result: { address: expect.stringMatching(/^bcrt1q/) as string },
    });
    const taproot = await run('hive:wallet/v1', 'new_address');
    expect(taproot.result).toMatchObject({
      result: { address: expect.stringMatching(/^bcrt1p/) as string },
    });
    const { p2tr = '' } = await peer.call('newaddr', { addresstype: 'p2tr' });
    const sent = await run('hive:wallet/v1', 'withdraw', {
      destination: p2tr,
      amount_sats: 123_456,
      feerate: '1000perkw',
    });
    expect(sent.result).toMatchObject({ kind: 'executed' });
    const left = sent.result.kind === 'executed' ? sent.result.leftMsat : 0n;
    expect(left).toBeGreaterThan(123_456_000n);
    expect(left).toBeLessThanOrEqual(123_456_000n + sent.before.facts.feeMsat);
    expect(sent.observation).toMatchObject(CONFIRMED);
    fleet.world.mine(1);
    const { outputs } = await peer.call('listfunds');
    const amounts = (outputs as readonly JsonObject[]).map(({ amount_msat: amount }) => amount);
    expect(amounts).toContain(123_456_000);
  });
});

const PLUGIN = `#!/usr/bin/env node
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n\\n');
process.stdin.on('end', () => process.exit(0));
process.stdin.on('data', (data) => {
  for (const part of String(data).split('\\n\\n')) {
    if (part.trim() === '') continue;
    const { id, method } = JSON.parse(part);
    if (method === 'getmanifest') {
      const option = { name: 'plain-count', type: 'int', default: 3, description: 'x', dynamic: true };
      const rest = { rpcmethods: [], subscriptions: [], hooks: [], notifications: [], dynamic: true };
      answer(id, { options: [option], ...rest });
    } else if (id !== undefined) answer(id, {});
  }
});
`;

describe('plugins and options', () => {
  scene('only from the folders of plugins, never one of the hive', async ({ node, rpc, run }) => {
    const folder = path.join(node.lightningDir, 'plugins');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'plain.mjs');
    writeFileSync(file, PLUGIN.replaceAll('require', 'import'));
    chmodSync(file, 0o755);
    const started = await run('hive:plugin/v1', 'start_plugin', { path: 'plain.mjs' });
    expect(started.result).toMatchObject({ kind: 'executed', result: { active: true } });
    expect(started.observation).toMatchObject(CONFIRMED);
    expect(node.plugin.running()).toContain('plain.mjs');
    expect((await run('hive:plugin/v1', 'start_plugin', { path: file })).result.kind).toBe(
      'failed',
    );

    const set = { key: 'plain-count', value: '12' };
    const config = await run('hive:config/v1', 'set_config', set);
    expect(config.result).toMatchObject({ kind: 'executed', result: { value: 12n } });
    expect(config.observation).toMatchObject(CONFIRMED);
    // A number that is none would end lightningd for good.
    const bad = await run('hive:config/v1', 'set_config', { key: 'plain-count', value: 'many' });
    expect(bad.result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('integer') as string,
    });
    const fixed = await run('hive:config/v1', 'set_config', { key: 'network', value: 'bitcoin' });
    expect(fixed.result.kind).toBe('unsupported');
    const none = await run('hive:config/v1', 'set_config', { key: 'no-such', value: '1' });
    expect(none.before.facts.unresolved).toEqual(['the option no-such']);
    expect(none.result.kind).toBe('failed');
    expect(rpc.count('setconfig')).toBe(1);

    const stopped = await run('hive:plugin/v1', 'stop_plugin', { plugin_name: 'plain.mjs' });
    expect(stopped.result.kind).toBe('executed');
    expect(stopped.observation).toMatchObject(CONFIRMED);
    expect(node.plugin.running()).not.toContain('plain.mjs');
    const gone = await run('hive:plugin/v1', 'stop_plugin', { plugin_name: 'plain.mjs' });
    expect(gone.result.kind).toBe('failed');
  });

  scene('links and other folders do not lead out', async ({ fleet, node, rpc, run }) => {
    const folder = path.join(node.lightningDir, 'plugins');
    const outside = path.join(fleet.dir, 'outside.mjs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(outside, PLUGIN);
    chmodSync(outside, 0o755);
    symlinkSync(outside, path.join(folder, 'link.mjs'));
    writeFileSync(path.join(folder, 'cl-hive.js'), PLUGIN);
    symlinkSync(path.join(folder, 'cl-hive.js'), path.join(folder, 'harmless.js'));
    writeFileSync(path.join(folder, 'open.mjs'), PLUGIN);
    chmodSync(path.join(folder, 'open.mjs'), 0o777);
    for (const named of [
      outside,
      'link.mjs',
      'harmless.js',
      'open.mjs',
      'absent.mjs',
      '/bin/true',
    ]) {
      expect((await run('hive:plugin/v1', 'start_plugin', { path: named })).result.kind).toBe(
        'failed',
      );
    }
    for (const named of ['cl-hive.js', 'cl-hive-comms.js']) {
      const { result } = await run('hive:plugin/v1', 'stop_plugin', { plugin_name: named });
      expect(result).toMatchObject({ message: expect.stringContaining('hive itself') as string });
    }
    expect(rpc.reached.some(({ params }) => params['subcommand'] === 'start')).toBe(false);
  });
});

describe('backup', () => {
  it('what this lightningd has no command for is unsupported, else it is carried out', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const schema = 'hive:backup/v1';
      const without = new FaultyRpc(node.rpc, (method) =>
        method === 'staticbackup' ? new RpcError(method, -32_601, 'Unknown command') : undefined,
      );
      expect((await act(portsOf(node, without), schema, 'export_scb')).result.kind).toBe(
        'unsupported',
      );
      seen.add(`${schema} export_scb`);
      const { result } = await act(portsOf(node), schema, 'export_scb');
      expect(result).toMatchObject({ kind: 'executed', result: { scb: [expect.any(String)] } });
    }));

  it('verify_backup looks at backups only', () =>
    withFleet({ nodes: 1 }, async (fleet) => {
      const node = fleet.node(1);
      const schema = 'hive:backup/v1';
      const file = path.join(node.lightningDir, 'emergency.recover');
      const ports = portsOf(node);
      seen.add(`${schema} verify_backup`);
      expect((await act(ports, schema, 'verify_backup')).result).toMatchObject({
        kind: 'executed',
        result: { valid: true, bytes: statSync(file).size, current: true },
      });
      const old = path.join(node.lightningDir, 'old.recover');
      writeFileSync(old, Buffer.from('aabb', 'hex'));
      const named = await act(ports, schema, 'verify_backup', { backup_path: 'old.recover' });
      expect(named.result).toMatchObject({ result: { valid: true, bytes: 2, current: false } });
      rmSync(file);
      expect((await act(ports, schema, 'verify_backup')).result).toMatchObject({
        result: { valid: false },
      });
      writeFileSync(path.join(node.lightningDir, 'hsm_secret'), 'secret');
      symlinkSync(
        path.join(node.lightningDir, 'hsm_secret'),
        path.join(node.lightningDir, 'x.recover'),
      );
      for (const backup of ['hsm_secret', 'x.recover', '/etc/passwd']) {
        const { result } = await act(ports, schema, 'verify_backup', { backup_path: backup });
        expect(result).toMatchObject({ result: { valid: false } });
        expect(JSON.stringify(result, (_k, v: unknown) => String(v))).not.toContain('sha256');
      }
    }));

  it('restore: never on a node that has channels, and from its own file only', () =>
    withFleet({ nodes: 2 }, async (fleet) => {
      const node = fleet.node(1);
      const schema = 'hive:backup/v1';
      seen.add(`${schema} restore`);
      let empty = false;
      const rpc = new FaultyRpc(node.rpc, (method) => {
        if (method === 'emergencyrecover') {
          empty = false;
          return { answer: { stubs: ['11'.repeat(32)] } };
        }
        return method === 'listpeerchannels' && empty ? { answer: { channels: [] } } : undefined;
      });
      const ports = portsOf(node, rpc);
      const own = { backup_path: 'emergency.recover' };
      expect((await act(ports, schema, 'restore', own)).result.kind).toBe('failed');
      expect((await act(ports, schema, 'restore', { backup_path: 'other' })).result.kind).toBe(
        'unsupported',
      );
      expect(rpc.count('emergencyrecover')).toBe(0);
      empty = true;
      expect((await act(ports, schema, 'restore', own)).result).toMatchObject({
        kind: 'executed',
        result: { stubs: ['11'.repeat(32)] },
      });
    }));
});

it('a backup that holds no channel is nothing to restore from', () =>
  withFleet({ nodes: 1 }, async (fleet) => {
    const rpc = new FaultyRpc(fleet.node(1).rpc);
    const { result } = await act(portsOf(fleet.node(1), rpc), 'hive:backup/v1', 'restore', {
      backup_path: 'emergency.recover',
    });
    expect(result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('no channels'),
    });
    expect(rpc.count('emergencyrecover')).toBe(0);
  }));

describe('emergency', () => {
  scene('emergency_close_all', async ({ fleet, node, rpc, run }) => {
    const { before, result, observation } = await run('hive:emergency/v1', 'emergency_close_all');
    expect(before.facts.closesMsat).toBe(10_000_000_000n);
    expect(result).toMatchObject({ kind: 'executed' });
    expect(observation).toMatchObject(CONFIRMED);
    const closes = rpc.reached.filter(({ method }) => method === 'close');
    expect(closes.map(({ params }) => params['unilateraltimeout'])).toEqual([30, 30]);
    fleet.world.mine(1);
    const { channels } = await node.call('listpeerchannels');
    expect(
      (channels as readonly JsonObject[]).filter(({ state }) => state === 'CHANNELD_NORMAL'),
    ).toEqual([]);
  });

  it('stop_node is over when another lightningd runs', () =>
    withFleet({ nodes: 1 }, async (fleet) => {
      const node = fleet.node(1);
      seen.add('hive:emergency/v1 stop_node');
      const ports = portsOf(node);
      const intent = await claim(ports, 'hive:emergency/v1', 'stop_node', {});
      const result = await ports.execute({ intent });
      expect(['executed', 'unknown']).toContain(result.kind);
      await fleet.waitFor('the node to end', () => node.ended() !== undefined);
      await node.restart();
      await fleet.waitFor('the node', () => node.call('getinfo'));
      expect((await portsOf(node).reconcile({ intent })).kind).toBe('executed');

      const other = await claim(ports, 'hive:emergency/v1', 'stop_node', {});
      const dropping = new FaultyRpc(node.rpc, (method) =>
        method === 'stop' ? 'dropped' : undefined,
      );
      expect((await portsOf(node, dropping).execute({ intent: other })).kind).toBe('unknown');
      expect((await settle(ports, other)).kind).toBe('failed');
    }));
});

describe('what this node cannot do', () => {
  const CASES: readonly (readonly [string, string, JsonObject])[] = [
    ['hive:htlc-policy/v1', 'set_cltv_delta', { channel_id: '1x1x1', cltv_expiry_delta: 40 }],
    ['hive:forwarding/v1', 'set_routing_hints', { hints: ['1x1x1'] }],
    ['hive:rebalance/v1', 'swap_out', { amount_sats: 1000 }],
    ['hive:rebalance/v1', 'swap_in', { amount_sats: 1000 }],
    ['hive:emergency/v1', 'ban_peer', { peer_id: `02${'ab'.repeat(32)}`, reason: 'x' }],
    ['hive:htlc-mgmt/v1', 'settle_htlc', { htlc_id: '1x1x1:1', preimage: '00'.repeat(32) }],
    ['hive:htlc-mgmt/v1', 'fail_htlc', { htlc_id: '1x1x1:1' }],
  ];

  scene('says why, costs nothing and does not even ask', async ({ rpc, run }) => {
    for (const [schema, action, params] of CASES) {
      const { before, result } = await run(schema, action, params);
      const reason = ACTIONS.get(`${schema} ${action}`);
      expect(reason).toMatchObject({ kind: 'unsupported', reason: expect.any(String) });
      expect(result).toEqual({
        kind: 'unsupported',
        message: (reason as UnsupportedAction).reason,
      });
      expect(before.facts).toMatchObject({ amountMsat: 0n, feeMsat: 0n, closesMsat: 0n });
    }
    expect(rpc.calls).toEqual([]);
  });

  it('a rebalance without sendpay', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const node = fleet.node(1);
      const rpc = new FaultyRpc(node.rpc, (method) =>
        method === 'help' ? new RpcError(method, -32_601, 'Unknown command') : undefined,
      );
      const { result } = await act(portsOf(node, rpc), 'hive:rebalance/v1', 'circular_rebalance', {
        from_channel: await channelBetween(node, fleet.node(2)),
        to_channel: await channelBetween(node, fleet.node(3)),
        amount_sats: 1000,
        max_fee_ppm: 5000,
      });
      expect(result.kind).toBe('unsupported');
      expect((await node.call('listinvoices'))['invoices']).toEqual([]);
    }));
});

describe('a circular rebalance', () => {
  /** Leaves a payment to the node, or ends it as told; `route` is the one that was asked for. */
  function withSendpay(node: TestNode, outcome: 'as it comes' | 'failed' | 'pending') {
    let sent: JsonObject | undefined;
    const rpc = new FaultyRpc(node.rpc, (method, params) => {
      if (method === 'sendpay') {
        sent = params as JsonObject;
      }
      if (outcome === 'as it comes') {
        return undefined;
      }
      const [first] = (sent?.['route'] ?? []) as readonly JsonObject[];
      const row = {
        created_index: 1,
        id: 1,
        groupid: 1,
        payment_hash: sent?.['payment_hash'] ?? '',
        created_at: 1,
        amount_sent_msat: first?.['amount_msat'] ?? 0,
      };
      switch (method) {
        case 'sendpay':
          return { answer: { ...row, status: 'pending' } };
        case 'waitsendpay':
          return new RpcError(method, outcome === 'failed' ? 204 : 200, outcome);
        case 'listsendpays':
          return { answer: { payments: sent === undefined ? [] : [{ ...row, status: outcome }] } };
        default:
          return undefined;
      }
    });
    return { rpc, route: () => (sent?.['route'] ?? []) as readonly JsonObject[] };
  }

  async function rebalance(
    fleet: TestFleet,
    outcome: 'as it comes' | 'failed' | 'pending',
    maxFeePpm = 5000,
  ) {
    const [node, out, back] = [fleet.node(1), fleet.node(2), fleet.node(3)];
    const fake = withSendpay(node, outcome);
    const ports = portsOf(node, fake.rpc);
    seen.add('hive:rebalance/v1 circular_rebalance');
    const ends = { from: await channelBetween(node, out), to: await channelBetween(node, back) };
    const start = {
      from: (await only(node, ends.from))['to_us_msat'],
      to: (await only(node, ends.to))['to_us_msat'],
    };
    const acted = await act(ports, 'hive:rebalance/v1', 'circular_rebalance', {
      from_channel: ends.from,
      to_channel: ends.to,
      amount_sats: 1000,
      max_fee_ppm: maxFeePpm,
    });
    return { ...acted, ...fake, ports, ends, start };
  }

  it('goes out through one channel and comes back through the other', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const { before, result, observation, route, ends, start } = await rebalance(
        fleet,
        'as it comes',
      );
      expect(before.facts).toMatchObject({
        amountMsat: 1_000_000n,
        feeMsat: 5000n,
        unresolved: [],
      });
      expect(before.facts.peers).toHaveLength(2);
      // Each of the two peers charges 1 msat and 10 ppm: 11 msat on what it forwards.
      expect(result).toMatchObject({ kind: 'executed', leftMsat: 22n });
      expect(observation.confirmed).toBe(true);
      const hops = route();
      expect(hops).toHaveLength(3);
      expect(hops[0]).toMatchObject({
        id: fleet.node(2).id,
        channel: ends.from,
        amount_msat: 1_000_022n,
      });
      expect(hops[1]).toMatchObject({ id: fleet.node(3).id, amount_msat: 1_000_011n });
      expect(hops[2]).toMatchObject({
        id: fleet.node(1).id,
        channel: ends.to,
        amount_msat: 1_000_000n,
      });
      const delays = hops.map(({ delay }) => delay);
      expect(delays).toEqual([30, 24, 18]);
      const { to_us_msat: left } = await only(fleet.node(1), ends.from);
      const { to_us_msat: back } = await only(fleet.node(1), ends.to);
      expect([left, back].map(Number)).toEqual([
        Number(start.from) - 1_000_022,
        Number(start.to) + 1_000_000,
      ]);
    }));

  it('never pays more than the limit, and sends nothing then', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const { result, rpc } = await rebalance(fleet, 'as it comes', 21);
      expect(result.kind).toBe('failed');
      expect(rpc.calls).not.toContain('sendpay');
      expect((await fleet.node(1).call('listinvoices'))['invoices']).toEqual([]);
    }));

  it('does not lead through the node itself, nor over several ways, nor for more than the limit', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      const node = fleet.node(1);
      const [out, back] = [fleet.node(2), fleet.node(3)];
      const hop = (from: string, to: string) => ({
        short_channel_id_dir: '9x9x9/0',
        node_id_in: from,
        node_id_out: to,
        amount_in_msat: 1_000_011,
        amount_out_msat: 1_000_011,
        cltv_in: 24,
        cltv_out: 24,
      });
      const way = (...path: readonly JsonObject[]) => ({
        probability_ppm: 1,
        amount_msat: 1_000_011,
        final_cltv: 24,
        path,
      });
      const through = way(hop(out.id, node.id), hop(node.id, back.id));
      const direct = way(hop(out.id, back.id));
      const dear = way({ ...hop(out.id, back.id), amount_in_msat: 1_005_001 });
      for (const routes of [[through], [direct, direct], [dear], []]) {
        const rpc = new FaultyRpc(node.rpc, (method) =>
          method === 'getroutes' ? { answer: { probability_ppm: 1, routes } } : undefined,
        );
        const { result } = await act(
          portsOf(node, rpc),
          'hive:rebalance/v1',
          'circular_rebalance',
          {
            from_channel: await channelBetween(node, out),
            to_channel: await channelBetween(node, back),
            amount_sats: 1000,
            max_fee_ppm: 5000,
          },
        );
        expect(result.kind).toBe('failed');
        expect(rpc.calls).not.toContain('invoice');
        expect(rpc.calls).not.toContain('sendpay');
      }
    }));

  it('one that fails has failed, one that is under way is unknown', () =>
    withFleet({ nodes: 3 }, async (fleet) => {
      expect((await rebalance(fleet, 'failed')).result.kind).toBe('failed');
      const { result, ports, intent } = await rebalance(fleet, 'pending');
      expect(result.kind).toBe('unknown');
      expect((await ports.reconcile({ intent })).kind).toBe('unknown');
    }));
});

afterAll(() => {
  expect([...ACTIONS.keys()].filter((name) => !seen.has(name))).toEqual([]);
});
