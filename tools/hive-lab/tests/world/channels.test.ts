import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { generateNetwork } from '../../src/world/network/generate.ts';
import { fundedLab, openChannel, settle, TestLab, type TestNode, transcript } from './lab.ts';

async function channels(node: TestNode): Promise<JsonObject[]> {
  return (await node.call('listpeerchannels'))['channels'] as JsonObject[];
}

async function funds(node: TestNode): Promise<bigint> {
  const { outputs } = await node.call('listfunds');
  return (outputs as JsonObject[]).reduce((sum, row) => sum + (row['amount_msat'] as bigint), 0n);
}

describe('the wallet', () => {
  it('gives real regtest addresses, both kinds', async () => {
    const node = new TestLab(1).node(1);
    const { bech32, p2tr } = await node.call('newaddr', { addresstype: 'all' });
    expect(bech32).toMatch(/^bcrt1q[a-z0-9]{38}$/);
    expect(p2tr).toMatch(/^bcrt1p[a-z0-9]{58}$/);
    expect(await node.call('newaddr')).toHaveProperty('p2tr');
    expect((await node.call('listaddresses'))['addresses']).toHaveLength(2);
    expect(await node.refused('newaddr', { addresstype: 'x' })).toMatchObject({ code: -32602 });
  });

  it('shows what it is paid, tells its plugins, and pays on', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    expect(await funds(a)).toBe(100_000_000_000n);
    expect(a.of('coin_movement')).toHaveLength(10);
    const { p2tr } = await b.call('newaddr');
    const sent = await a.call('withdraw', { destination: p2tr ?? '', satoshi: 1_234_567 });
    expect(sent['txid']).toMatch(/^[0-9a-f]{64}$/);
    lab.world.mine(1);
    expect(await funds(b)).toBe(101_234_567_000n);
    const { outputs } = await b.call('listfunds');
    expect((outputs as JsonObject[]).at(-1)).toMatchObject({
      status: 'confirmed',
      address: p2tr,
      reserved: false,
    });
    const balances = await a.call('bkpr-listbalances');
    expect(balances['accounts']).toMatchObject([
      { account: 'wallet', balances: [{ balance_msat: await funds(a) }] },
    ]);
    const income = (await a.call('bkpr-listincome'))['income_events'] as JsonObject[];
    const net = income.reduce(
      (sum, e) => sum + (e['credit_msat'] as bigint) - (e['debit_msat'] as bigint),
      0n,
    );
    expect(net).toBe(await funds(a));
    await a.call('withdraw', { destination: p2tr ?? '', satoshi: 'all' });
    lab.world.mine(1);
    expect(await funds(a)).toBe(0n);
  });

  it.each([
    [{ destination: 'bc1qxyz', satoshi: 1000 }, -32602],
    [{ satoshi: 100 }, -32602],
    [{ satoshi: 999_999_999_999 }, 301],
    [{ satoshi: 1000, utxos: ['aa:0'] }, -32602],
    [{ satoshi: 1000, feerate: 'nonsense' }, -32602],
  ])('refuses %j', async (params, code) => {
    const node = fundedLab(1).node(1);
    const { p2tr } = await node.call('newaddr');
    expect(await node.refused('withdraw', { destination: p2tr ?? '', ...params })).toMatchObject({
      code,
    });
  });
});

describe('reservations', () => {
  it('keep coins of a prepared transaction from others until it is sent or discarded', async () => {
    const lab = fundedLab(1);
    const node = lab.node(1);
    const { p2tr } = await node.call('newaddr');
    const reserved = async () =>
      ((await node.call('listfunds'))['outputs'] as JsonObject[]).filter(
        (row) => row['reserved'] === true,
      );
    const outputs = [{ [p2tr as string]: 95_000_000 }];
    const draft = await node.call('txprepare', { outputs });
    expect(await reserved()).toHaveLength(10);
    expect(
      await node.refused('withdraw', { destination: p2tr ?? '', satoshi: 10_000_000 }),
    ).toMatchObject({ code: 301 });
    await node.call('txdiscard', { txid: draft['txid'] ?? '' });
    expect(await reserved()).toEqual([]);
    const again = await node.call('txprepare', { outputs });
    await node.call('txsend', { txid: again['txid'] ?? '' });
    expect(await node.refused('txsend', { txid: again['txid'] ?? '' })).toMatchObject({ code: -1 });
    lab.world.mine(1);
    expect((await node.call('listfunds'))['outputs']).toHaveLength(2);
    for (const bad of [{ x: 1_000 }, { [p2tr as string]: 1 }]) {
      expect(await node.refused('txprepare', { outputs: [bad] })).toMatchObject({ code: -32602 });
    }
  });

  it('end by themselves', async () => {
    const lab = fundedLab(1);
    const node = lab.node(1);
    const { p2tr } = await node.call('newaddr');
    await node.call('txprepare', { outputs: [{ [p2tr as string]: 95_000_000 }] });
    lab.world.mine(72);
    await node.call('withdraw', { destination: p2tr ?? '', satoshi: 10_000_000 });
  });

  it('count an output named twice once', async () => {
    const node = fundedLab(1).node(1);
    const { p2tr } = await node.call('newaddr');
    const [output] = (await node.call('listfunds'))['outputs'] as JsonObject[];
    const name = `${output?.['txid'] as string}:${output?.['output'] as number}`;
    const params = { destination: p2tr ?? '', satoshi: 15_000_000, utxos: [name, name] };
    expect(await node.refused('withdraw', params)).toMatchObject({ code: 301 });
  });
});

describe('fundchannel', () => {
  it('opens a channel that both sides, their plugins and everyone see', async () => {
    const lab = fundedLab(3);
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    const answer = await a.call('fundchannel', { id: b.id, amount: 2_000_000 });
    expect(answer).toMatchObject({ outnum: 0, channel_type: { bits: [12, 22] } });
    expect(b.hooked.find(({ name }) => name === 'openchannel')?.payload).toMatchObject({
      openchannel: { id: a.id, funding_msat: 2_000_000_000n, channel_flags: 1 },
    });
    expect(await channels(a)).toMatchObject([
      { state: 'CHANNELD_AWAITING_LOCKIN', peer_connected: true, opener: 'local' },
    ]);
    expect(b.of('channel_opened')).toEqual([
      {
        id: a.id,
        funding_msat: 2_000_000_000n,
        funding_txid: answer['txid'],
        channel_ready: false,
      },
    ]);
    expect(await a.call('getinfo')).toMatchObject({
      num_pending_channels: 1,
      num_active_channels: 0,
    });
    lab.world.mine(1);
    const [channel] = await channels(a);
    expect(channel).toMatchObject({
      state: 'CHANNELD_NORMAL',
      to_us_msat: 2_000_000_000n,
      spendable_msat: 1_975_709_000n,
      receivable_msat: 0n,
      our_reserve_msat: 20_000_000n,
      maximum_htlc_out_msat: 1_980_000_000n,
      their_max_htlc_value_in_flight_msat: 18_446_744_073_709_551_615n,
    });
    expect(a.of('channel_state_changed')).toMatchObject([
      { new_state: 'CHANNELD_AWAITING_LOCKIN', message: 'new channel opened' },
      {
        old_state: 'CHANNELD_AWAITING_LOCKIN',
        new_state: 'CHANNELD_NORMAL',
        message: 'Lockin complete',
      },
    ]);
    expect((await c.call('listchannels'))['channels']).toEqual([]);
    lab.world.mine(5);
    expect((await c.call('listchannels'))['channels']).toHaveLength(2);
    expect((await c.call('listnodes'))['nodes']).toMatchObject([
      { alias: 'lab1' },
      { alias: 'lab2' },
    ]);
  });

  it('has every member of a real listpeerchannels entry', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 2_000_000);
    const [ours] = await channels(lab.node(1));
    const [real] = transcript('listpeerchannels').result['channels'] as JsonObject[];
    for (const part of ['', 'updates', 'feerate', 'alias', 'funding', 'channel_type']) {
      const keys = (row: JsonObject | undefined) =>
        Object.keys((part === '' ? row : row?.[part]) ?? {}).sort();
      expect(keys(ours), part).toEqual(keys(real));
    }
  });

  it('locks in only once both are connected again', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    await a.call('fundchannel', { id: b.id, amount: 100_000 });
    b.world.stop();
    lab.world.mine(3);
    expect(await channels(a)).toMatchObject([
      { state: 'CHANNELD_AWAITING_LOCKIN', peer_connected: false },
    ]);
    b.start();
    await settle();
    expect(await channels(a)).toMatchObject([{ state: 'CHANNELD_NORMAL', peer_connected: true }]);
  });

  it('answers as the real one where it cannot', async () => {
    const lab = fundedLab(2);
    const a = lab.node(1);
    const unknown = transcript('error-fundchannel-unknown-peer');
    expect(await a.refused('fundchannel', unknown.params)).toMatchObject(unknown.error);
    const missing = transcript('error-missing-param');
    expect(await a.refused('fundchannel', missing.params)).toMatchObject(missing.error);
    const small = transcript('error-fundchannel-too-small');
    const error = await a.refused('fundchannel', { id: lab.node(2).id, amount: 100 });
    expect(error.code).toBe(small.error.code);
    expect(error.message).toBe(
      small.error.message.replace(/"id":"[0-9a-f]+"/, `"id":"${lab.node(2).id}"`),
    );
  });

  it.each([
    [
      { amount: 200_000_000 },
      301,
      /^Could not afford 200000000sat using all 10 available UTXOs: \d+sat short$/,
    ],
    [{ amount: 99_990_000 }, 313, /min-emergency-msat 25000sat/],
    [{ amount: 5_000 }, 305, /below 10000sat/],
    [{ amount: 50_000, push_msat: 50_000_001 }, 300, /push_msat/],
    [{ amount: 50_000, close_to: 'x' }, -32602, /close_to/],
  ])('refuses %j', async (params, code, message) => {
    const lab = fundedLab(2);
    const error = await lab.node(1).refused('fundchannel', { id: lab.node(2).id, ...params });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await channels(lab.node(1))).toEqual([]);
  });

  it('takes all but the emergency reserve on request', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 0, { amount: 'all' });
    expect(await funds(lab.node(1))).toBe(25_000_000n);
  });

  it('lets the accepter refuse, and spends nothing then', async () => {
    const lab = fundedLab(2);
    lab.node(2).hooks = { openchannel: () => ({ result: 'reject', error_message: 'not today' }) };
    const error = await lab.node(1).refused('fundchannel', { id: lab.node(2).id, amount: 100_000 });
    expect(error.message).toContain('not today');
    lab.world.mine(1);
    expect(await funds(lab.node(1))).toBe(100_000_000_000n);
  });

  it('pushes, keeps private channels out of gossip, opens several at once', async () => {
    const lab = fundedLab(3);
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    const answer = await a.call('multifundchannel', {
      destinations: [
        { id: `${b.id}@127.0.0.1:20002`, amount: '300000sat', push_msat: '100000sat' },
        { id: c.id, amount: 400_000, announce: false },
      ],
    });
    expect(answer['channel_ids']).toHaveLength(2);
    lab.world.mine(6);
    expect((await a.call('listchannels'))['channels']).toHaveLength(2);
    expect((await channels(b))[0]).toMatchObject({ to_us_msat: 100_000_000n, private: false });
    expect((await channels(c))[0]).toMatchObject({ to_us_msat: 0n, private: true });
  });

  it('funds a public node that is not run', async () => {
    const publicNetwork = generateNetwork({ nodes: 200, seed: 4, nowSeconds: 1_700_000_000 });
    const lab = fundedLab(1, { publicNetwork });
    const [target] = (await lab.node(1).call('listnodes'))['nodes'] as JsonObject[];
    const id = target?.['nodeid'] as string;
    await lab.node(1).call('fundchannel', { id, amount: 500_000 });
    lab.world.mine(6);
    expect(await channels(lab.node(1))).toMatchObject([{ peer_id: id, state: 'CHANNELD_NORMAL' }]);
    const { channels: seen } = await lab.node(1).call('listchannels', { source: lab.node(1).id });
    expect(seen).toMatchObject([{ destination: id }]);
    const all = (await lab.node(1).call('listchannels'))['channels'] as JsonObject[];
    expect(all).toHaveLength(publicNetwork.channelCount * 2 + 2);
  });
});

describe('setchannel', () => {
  it('changes what others see', async () => {
    const lab = fundedLab(3);
    const id = await openChannel(lab, 1, 2, 2_000_000);
    const answer = await lab
      .node(1)
      .call('setchannel', { id, feebase: 0, feeppm: 250, htlcmin: 5 });
    expect(answer['channels']).toMatchObject([
      {
        peer_id: lab.node(2).id,
        fee_base_msat: 0,
        fee_proportional_millionths: 250,
        minimum_htlc_out_msat: 5n,
      },
    ]);
    const { channels: seen } = await lab.node(3).call('listchannels', { source: lab.node(1).id });
    expect(seen).toMatchObject([
      { base_fee_millisatoshi: 0, fee_per_millionth: 250, htlc_minimum_msat: 5 },
    ]);
    const capped = await lab.node(1).call('setchannel', { id: 'all', htlcmax: '3000000sat' });
    expect(capped['channels']).toMatchObject([
      { maximum_htlc_out_msat: 1_980_000_000n, warning_htlcmax_too_high: expect.any(String) },
    ]);
    expect(await lab.node(1).refused('setchannel', { id: lab.node(3).id })).toMatchObject({
      code: -32602,
    });
    expect(await lab.node(1).refused('setchannel', { id, feeppm: 2 ** 32 })).toMatchObject({
      code: -32602,
    });
  });
});

describe('close', () => {
  it('closes by agreement, pays both out and forgets in time', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    const before = [await funds(a), await funds(b)];
    const id = await openChannel(lab, 1, 2, 1_000_000, { push_msat: '400000sat' });
    const answer = await a.call('close', { id: b.id });
    expect(answer).toMatchObject({
      type: 'mutual',
      txids: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    });
    expect(await channels(a)).toMatchObject([{ state: 'CLOSINGD_COMPLETE', closer: 'local' }]);
    lab.world.mine(1);
    expect(await channels(b)).toMatchObject([{ state: 'ONCHAIN', closer: 'remote' }]);
    expect((await funds(b)) - (before[1] ?? 0n)).toBe(400_000_000n);
    const steps = (await channels(a))[0]?.['state_changes'] as JsonObject[];
    expect(steps.map((step) => step['new_state'])).toEqual([
      'CHANNELD_NORMAL',
      'CHANNELD_SHUTTING_DOWN',
      'CLOSINGD_SIGEXCHANGE',
      'CLOSINGD_COMPLETE',
      'FUNDING_SPEND_SEEN',
      'ONCHAIN',
    ]);
    expect((await a.call('listchannels'))['channels']).toHaveLength(2);
    lab.world.mine(12);
    expect((await a.call('listchannels'))['channels']).toEqual([]);
    expect((await a.call('listclosedchannels'))['closedchannels']).toEqual([]);
    lab.world.mine(100);
    expect(await channels(a)).toEqual([]);
    expect((await a.call('listclosedchannels'))['closedchannels']).toMatchObject([
      { channel_id: id, final_to_us_msat: 600_000_000n, closer: 'local' },
    ]);
    expect(a.of('channel_state_changed').at(-1)).toMatchObject({ new_state: 'CLOSED' });
  });

  it('forces the close of a peer that stays away, and says so', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    await openChannel(lab, 1, 2, 1_000_000);
    b.world.stop();
    const closing = a.call('close', { id: b.id, unilateraltimeout: 30 });
    await settle();
    expect(await channels(a)).toMatchObject([{ state: 'CHANNELD_SHUTTING_DOWN' }]);
    lab.clock.advance(30_000);
    expect(await closing).toMatchObject({ type: 'unilateral' });
    expect(a.messages[0]).toBe(
      'peer is offline, will negotiate once they reconnect (30 seconds before unilateral close).',
    );
    expect(await channels(a)).toMatchObject([{ state: 'AWAITING_UNILATERAL' }]);
    lab.world.mine(1);
    expect(await channels(a)).toMatchObject([{ state: 'ONCHAIN' }]);
  });

  it('goes on when the peer comes back', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 1_000_000);
    lab.node(2).world.stop();
    const closing = lab.node(1).call('close', { id: lab.node(2).id });
    await settle();
    lab.node(2).start();
    expect(await closing).toMatchObject({ type: 'mutual' });
  });

  it('refuses what it cannot close', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 100_000);
    await openChannel(lab, 1, 2, 100_000);
    const [a, b] = [lab.node(1), lab.node(2)];
    expect((await a.refused('close', { id: b.id })).message).toContain('multiple channels');
    expect(await a.refused('close', { id: '1x1x1' })).toMatchObject({ code: -32602 });
    const { short_channel_id: id } = (await channels(a))[0] ?? {};
    await a.call('close', { id: id ?? '' });
    expect(await a.refused('close', { id: id ?? '' })).toMatchObject({ code: -1 });
    expect((await a.refused('disconnect', { id: b.id })).message).toContain('channel in state');
  });
});

describe('splicing', () => {
  it('grows and shrinks a channel without closing it', async () => {
    const lab = fundedLab(2);
    const [a] = [lab.node(1)];
    const id = await openChannel(lab, 1, 2, 1_000_000);
    await a.call('splicein', { channel: id, amount: '500000sat' });
    expect(await channels(a)).toMatchObject([
      { state: 'CHANNELD_AWAITING_SPLICE', total_msat: 1_000_000_000n },
    ]);
    const before = (await channels(a))[0]?.['short_channel_id'];
    lab.world.mine(6);
    expect(await channels(a)).toMatchObject([
      { state: 'CHANNELD_NORMAL', channel_id: id, to_us_msat: 1_500_000_000n },
    ]);
    expect((await channels(a))[0]?.['short_channel_id']).not.toBe(before);
    const had = await funds(a);
    await a.call('spliceout', { channel: id, amount: 200_000 });
    lab.world.mine(1);
    expect((await funds(a)) - had).toBe(200_000_000n);
    const [after] = await channels(a);
    expect(after?.['to_us_msat']).toBe(after?.['total_msat']);
    expect(after?.['total_msat']).toBeLessThan(1_300_000_000n);
    expect(await a.refused('spliceout', { channel: id, amount: 99_000_000 })).toMatchObject({
      code: 360,
    });
  });
});

describe('a channel that changes while it changes', () => {
  it('cannot spend what it splices out, nor close before the splice is mined', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    const id = await openChannel(lab, 1, 2, 1_000_000);
    await a.call('spliceout', { channel: id, amount: 900_000 });
    const error = await a.refused('keysend', { destination: b.id, amount_msat: 500_000_000 });
    expect(error.code).toBe(205);
    expect(await a.refused('close', { id })).toMatchObject({ code: -1 });
    expect(await a.refused('splicein', { channel: id, amount: 1_000 })).toMatchObject({
      code: 354,
    });
    lab.world.mine(1);
    expect(await channels(a)).toMatchObject([{ state: 'CHANNELD_NORMAL' }]);
    expect(await a.call('close', { id })).toMatchObject({ type: 'mutual' });
  });

  it('may close before it was ever locked in', async () => {
    const lab = fundedLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    await a.call('fundchannel', { id: b.id, amount: 1_000_000 });
    expect(await a.call('close', { id: b.id })).toMatchObject({ type: 'mutual' });
    lab.world.mine(1);
    expect(await channels(a)).toMatchObject([{ state: 'ONCHAIN' }]);
    const { accounts } = await a.call('bkpr-listbalances');
    expect(accounts).toMatchObject([
      {},
      { balances: [{ balance_msat: 0n }], account_closed: true },
    ]);
  });
});

describe('a node that starts again', () => {
  it('finds its channels and its money', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 1_000_000);
    const before = [await lab.node(1).call('listfunds'), await lab.node(1).call('listaddresses')];
    lab.node(1).world.stop();
    lab.node(1).start();
    await settle();
    expect([await lab.node(1).call('listfunds'), await lab.node(1).call('listaddresses')]).toEqual(
      before,
    );
  });
});
