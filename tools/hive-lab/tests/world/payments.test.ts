import type { JsonObject } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateNetwork } from '../../src/world/network/generate.ts';
import { fundedLab, openChannel, settle, type TestLab, type TestNode, transcript } from './lab.ts';

/** 1 - 2 - 3 in a row, all announced. */
async function line(): Promise<TestLab> {
  const lab = fundedLab(3);
  await openChannel(lab, 1, 2, 2_000_000);
  await openChannel(lab, 2, 3, 1_500_000);
  return lab;
}

let labels = 0;

async function invoice(
  node: TestNode,
  amount: JsonObject[string],
  more: JsonObject = {},
): Promise<string> {
  labels += 1;
  const answer = await node.call('invoice', {
    amount_msat: amount,
    label: `l${labels}`,
    description: 'd',
    ...more,
  });
  return answer['bolt11'] as string;
}

/** Balances of all ends of all channels, and of what is under way. */
async function holdings(lab: TestLab): Promise<{ ours: bigint[]; sum: bigint; capacity: bigint }> {
  const ours: bigint[] = [];
  let sum = 0n;
  let capacity = 0n;
  for (const node of lab.nodes) {
    const rows = (await node.call('listpeerchannels'))['channels'] as JsonObject[];
    for (const row of rows) {
      ours.push(row['to_us_msat'] as bigint);
      sum += row['to_us_msat'] as bigint;
      capacity += row['opener'] === 'local' ? (row['total_msat'] as bigint) : 0n;
    }
  }
  return { ours, sum, capacity };
}

describe('invoices', () => {
  it('are real bolt11, decode, list and are unique by label', async () => {
    const node = fundedLab(1).node(1);
    const made = await node.call('invoice', {
      amount_msat: 10_000_000,
      label: 'one',
      description: 'd',
    });
    expect(made['bolt11']).toMatch(/^lnbcrt100u1/);
    const decoded = await node.call('decode', { string: made['bolt11'] ?? '' });
    expect(decoded).toMatchObject({
      type: 'bolt11 invoice',
      payee: node.id,
      amount_msat: 10_000_000n,
      description: 'd',
      payment_hash: made['payment_hash'],
      payment_secret: made['payment_secret'],
      min_final_cltv_expiry: 10,
      features: '02024100',
      valid: true,
    });
    expect(node.of('invoice_creation')).toMatchObject([{ msat: 10_000_000n, label: 'one' }]);
    expect((await node.call('listinvoices', { label: 'one' }))['invoices']).toMatchObject([
      { status: 'unpaid', created_index: 1 },
    ]);
    expect(
      await node.refused('invoice', { amount_msat: 1, label: 'one', description: '' }),
    ).toMatchObject({ code: 900 });
    expect(
      await node.refused('invoice', { amount_msat: 0, label: 'x', description: '' }),
    ).toMatchObject({ code: -32602 });
  });

  it('reads the real invoice of a transcript as the real decode does', async () => {
    const node = fundedLab(1).node(1);
    for (const name of ['decode-bolt11', 'decode-offer']) {
      const { params, result } = transcript(name);
      const { offer_paths: _, ...expected } = result;
      expect(
        JSON.parse(
          JSON.stringify(await node.call('decode', params), (_k, v: unknown) =>
            typeof v === 'bigint' ? Number(v) : v,
          ),
        ),
      ).toEqual(expected);
    }
    const { params, result } = transcript('decode-bolt12-invoice');
    const decoded = await node.call('decode', params);
    expect(decoded).toMatchObject({
      valid: true,
      offer_id: result['offer_id'],
      invoice_payment_hash: result['invoice_payment_hash'],
      signature: result['signature'],
    });
    expect(await node.refused('decode', { string: 'nonsense' })).toMatchObject({ code: -1 });
  });

  it('expire, are deleted by status, and are waited for', async () => {
    const lab = await line();
    const [payer, node] = [lab.node(1), lab.node(3)];
    const bolt11 = await invoice(node, 1_000, { label: 'short', expiry: 10 });
    expect(await node.refused('delinvoice', { label: 'short', status: 'paid' })).toMatchObject({
      code: 906,
      message: 'Invoice status is unpaid not paid',
    });
    const waiting = node.refused('waitinvoice', { label: 'short' });
    lab.clock.advance(10_000);
    expect(await waiting).toMatchObject({ code: 903 });
    expect(await payer.refused('xpay', { invstring: bolt11 })).toMatchObject({ code: 207 });
    await node.call('delinvoice', { label: 'short', status: 'expired' });
    expect(await node.refused('delinvoice', { label: 'short', status: 'expired' })).toMatchObject({
      code: 905,
    });

    const next = await invoice(node, 2_000, { label: 'paid' });
    const [any, one] = [
      node.call('waitanyinvoice', {}),
      node.call('waitinvoice', { label: 'paid' }),
    ];
    await payer.call('xpay', { invstring: next });
    expect(await any).toMatchObject({ label: 'paid', pay_index: 1, status: 'paid' });
    expect(await one).toMatchObject({ amount_received_msat: 2_000n });
    const late = node.refused('waitanyinvoice', { lastpay_index: 1, timeout: 3 });
    lab.clock.advance(3_000);
    expect(await late).toMatchObject({ code: 904 });
  });
});

describe('xpay', () => {
  it('pays over a lab node as the transcript shows, to the msat', async () => {
    const lab = await line();
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    const bolt11 = await invoice(c, 10_000_000);
    const { result } = transcript('xpay');
    const answer = await a.call('xpay', { invstring: bolt11 });
    expect(Object.keys(answer).sort()).toEqual(Object.keys(result).sort());
    expect(answer).toMatchObject({
      amount_msat: 10_000_000n,
      amount_sent_msat: 10_000_101n,
      failed_parts: 0,
      successful_parts: 1,
    });
    expect((await holdings(lab)).ours).toEqual([
      1_989_999_899n,
      10_000_101n,
      1_490_000_000n,
      10_000_000n,
    ]);
    expect((await b.call('listforwards'))['forwards']).toMatchObject([
      {
        in_msat: 10_000_101n,
        out_msat: 10_000_000n,
        fee_msat: 101n,
        status: 'settled',
        in_htlc_id: 0,
        out_htlc_id: 0,
      },
    ]);
    expect(b.of('forward_event')).toMatchObject([
      { status: 'offered', created_index: 1 },
      { status: 'settled', updated_index: 1, preimage: answer['payment_preimage'] },
    ]);
    expect(await b.call('getinfo')).toMatchObject({ fees_collected_msat: 101n });
    expect(c.of('invoice_payment')).toMatchObject([
      { msat: 10_000_000n, preimage: answer['payment_preimage'] },
    ]);
    expect(c.hooked.some(({ name }) => name === 'invoice_payment')).toBe(true);
    expect(
      [b, c].map((node) => node.hooked.filter(({ name }) => name === 'htlc_accepted').length),
    ).toEqual([1, 1]);
    expect(a.of('sendpay_success')).toMatchObject([
      { status: 'complete', amount_sent_msat: 10_000_101n, bolt11 },
    ]);
    expect((await a.call('listpays'))['pays']).toMatchObject([
      { status: 'complete', preimage: answer['payment_preimage'] },
    ]);
    expect((await a.call('listsendpays', { bolt11 }))['payments']).toHaveLength(1);
    expect((await a.call('listhtlcs'))['htlcs']).toMatchObject([
      { direction: 'out', state: 'RCVD_REMOVE_ACK_REVOCATION' },
    ]);
    expect((await a.call('listchannelmoves'))['channelmoves']).toMatchObject([
      { primary_tag: 'invoice', debit_msat: 10_000_101n, fees_msat: 101n },
    ]);
    expect((await b.call('bkpr-channelsapy'))['channels_apy']).toHaveLength(3);
    expect((await b.call('bkpr-listincome'))['income_events']).toEqual(
      expect.arrayContaining([expect.objectContaining({ tag: 'routed', credit_msat: 101n })]),
    );
    expect(await a.refused('xpay', { invstring: bolt11 })).toMatchObject(
      transcript('xpay-again').error,
    );
    expect(await a.call('pay', { bolt11 })).toMatchObject({
      payment_preimage: answer['payment_preimage'],
      status: 'complete',
    });
  });

  it('refuses what it cannot read', async () => {
    const { params, error } = transcript('error-xpay-malformed');
    expect(await fundedLab(1).node(1).refused('xpay', params)).toMatchObject(error);
  });

  it('keeps to its fee limit, to balances and to reserves', async () => {
    const lab = await line();
    const before = await holdings(lab);
    const [a, c] = [lab.node(1), lab.node(3)];
    expect(
      await a.refused('xpay', { invstring: await invoice(c, 10_000_000), maxfee: 100 }),
    ).toMatchObject({ code: 205 });
    await a.call('xpay', { invstring: await invoice(c, 1_000_000), maxfee: 11 });
    const after = await holdings(lab);
    expect(await a.refused('xpay', { invstring: await invoice(c, 1_500_000_000) })).toMatchObject({
      code: 205,
    });
    expect(await c.refused('xpay', { invstring: await invoice(a, 900_000_000) })).toMatchObject({
      code: 205,
    });
    expect(await holdings(lab)).toEqual(after);
    expect(after.sum).toBe(before.sum);
  });

  it('names its own codes for a route that is too dear, and for time that is over', async () => {
    const lab = await line();
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    const bolt11 = await invoice(c, 10_000_000);
    expect(await a.refused('pay', { bolt11, maxfee: 100 })).toMatchObject({ code: 206 });
    b.hooks = {
      htlc_accepted: () => {
        lab.clock.advance(61_000);
        return { result: 'fail', failure_message: '1007' };
      },
    };
    await openChannel(lab, 2, 3, 1_000_000);
    expect((await a.refused('xpay', { invstring: bolt11 })).code).toBe(209);
    expect((await a.refused('pay', { bolt11 })).code).toBe(210);
  });

  it('says 203 when the destination does not want it', async () => {
    const lab = await line();
    const c = lab.node(3);
    c.hooks = { invoice_payment: () => ({ result: 'reject' }) };
    const before = await holdings(lab);
    expect(await lab.node(1).refused('xpay', { invstring: await invoice(c, 1_000) })).toMatchObject(
      { code: 203 },
    );
    c.hooks = { htlc_accepted: () => ({ result: 'fail', failure_message: '400f' }) };
    expect(await lab.node(1).refused('xpay', { invstring: await invoice(c, 1_000) })).toMatchObject(
      { code: 203 },
    );
    expect(await holdings(lab)).toEqual(before);
    expect(lab.node(1).of('sendpay_failure')).toHaveLength(2);
    expect((await lab.node(2).call('listforwards', { status: 'failed' }))['forwards']).toHaveLength(
      2,
    );
  });

  it('splits what no single channel carries', async () => {
    const lab = fundedLab(2);
    await openChannel(lab, 1, 2, 500_000);
    await openChannel(lab, 1, 2, 500_000);
    const answer = await lab
      .node(1)
      .call('xpay', { invstring: await invoice(lab.node(2), 800_000_000) });
    expect(answer['successful_parts']).toBe(2);
    expect((await lab.node(1).call('listpays'))['pays']).toMatchObject([
      { number_of_parts: 2, amount_msat: 800_000_000n },
    ]);
  });

  it('takes another way after a failure', async () => {
    const lab = fundedLab(4);
    for (const [from, to] of [
      [1, 2],
      [2, 4],
      [1, 3],
      [3, 4],
    ] as const) {
      await openChannel(lab, from, to, 1_000_000);
    }
    lab.node(2).hooks = { htlc_accepted: () => ({ result: 'fail', failure_message: '2002' }) };
    await lab.node(3).call('setchannel', { id: 'all', feeppm: 500 });
    const answer = await lab
      .node(1)
      .call('xpay', { invstring: await invoice(lab.node(4), 1_000_000) });
    expect(answer).toMatchObject({ failed_parts: 1, successful_parts: 1 });
  });

  it('shows what is under way, and holds it until a hook answers', async () => {
    const lab = await line();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    lab.node(3).hooks = { htlc_accepted: () => gate.then(() => ({ result: 'continue' })) };
    const paying = lab.node(1).call('xpay', { invstring: await invoice(lab.node(3), 5_000_000) });
    await settle();
    const [row] = (await lab.node(1).call('listpeerchannels'))['channels'] as JsonObject[];
    expect(row?.['htlcs']).toMatchObject([
      { direction: 'out', amount_msat: 5_000_051n, state: 'SENT_ADD_ACK_REVOCATION' },
    ]);
    expect((await lab.node(1).call('listpays', { status: 'pending' }))['pays']).toHaveLength(1);
    release();
    await paying;
    expect((await lab.node(1).call('listpays', { status: 'pending' }))['pays']).toEqual([]);
  });

  it('loses nothing when a channel on the way is forced on the chain', async () => {
    const lab = await line();
    const before = await holdings(lab);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    lab.node(3).hooks = { invoice_payment: () => gate.then(() => ({ result: 'continue' })) };
    const paying = lab
      .node(1)
      .refused('xpay', { invstring: await invoice(lab.node(3), 5_000_000) });
    await settle();
    const closing = lab.node(2).call('close', { id: lab.node(3).id, unilateraltimeout: 5 });
    await settle();
    lab.clock.advance(5_000);
    expect(await closing).toMatchObject({ type: 'unilateral' });
    release();
    await paying;
    expect((await holdings(lab)).ours).toEqual(before.ours);
  });

  it('pays an invoice once, however many try at a time', async () => {
    const lab = await line();
    const bolt11 = await invoice(lab.node(3), 7_000);
    const tries = await Promise.allSettled(
      [1, 2, 1].map((n) => lab.node(n).call('xpay', { invstring: bolt11 })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await holdings(lab)).ours.at(-1)).toBe(7_000n);
  });

  it('keeps former terms good until enforcedelay is over', async () => {
    const lab = await line();
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    await b.call('setchannel', { id: c.id, feebase: 5_000, enforcedelay: 60 });
    await a.call('xpay', { invstring: await invoice(c, 1_000_000), maxfee: 6_000 });
    expect((await b.call('listforwards'))['forwards']).toMatchObject([{ fee_msat: 5_010n }]);
  });

  it('resolves by a hook that knows the preimage only', async () => {
    const lab = await line();
    const bolt11 = await invoice(lab.node(3), 1_000);
    lab.node(2).hooks = {
      htlc_accepted: () => ({ result: 'resolve', payment_key: '00'.repeat(32) }),
    };
    expect(await lab.node(1).refused('xpay', { invstring: bolt11 })).toMatchObject({ code: 203 });
    const { sum, capacity } = await holdings(lab);
    expect(sum).toBe(capacity);
  });
});

describe('keysend', () => {
  it('pays without an invoice, as keysend and as xkeysend', async () => {
    const lab = await line();
    const [a, c] = [lab.node(1), lab.node(3)];
    await a.call('keysend', { destination: c.id, amount_msat: 3_000 });
    await a.call('xkeysend', { destination: c.id, amount_msat: 4_000 });
    expect((await c.call('listinvoices'))['invoices']).toMatchObject([
      { status: 'paid', amount_received_msat: 3_000n, description: 'keysend' },
      { status: 'paid', amount_received_msat: 4_000n },
    ]);
    expect(
      await a.refused('keysend', { destination: `03${'11'.repeat(32)}`, amount_msat: 1 }),
    ).toMatchObject({ code: -32602 });
    expect(
      await a.refused('keysend', { destination: c.id, amount_msat: 2_000_000_000 }),
    ).toMatchObject({ code: 205 });
  });

  it('reaches a public node over a channel with one, within the network’s liquidity', async () => {
    const publicNetwork = generateNetwork({ nodes: 300, seed: 4, nowSeconds: 1_700_000_000 });
    const lab = fundedLab(1, { publicNetwork });
    const a = lab.node(1);
    const nodes = (await a.call('listnodes'))['nodes'] as JsonObject[];
    const [hub, leaf] = [nodes[0]?.['nodeid'] as string, nodes[3]?.['nodeid'] as string];
    await a.call('fundchannel', { id: hub, amount: 1_000_000 });
    lab.world.mine(6);
    await a.call('keysend', { destination: hub, amount_msat: 10_000 });
    const paid = await a.call('keysend', {
      destination: leaf,
      amount_msat: 10_000,
      maxfee: 1_000_000,
    });
    expect(paid['amount_sent_msat']).toBeGreaterThanOrEqual(10_000n);
    expect((await a.call('listpeerchannels'))['channels']).toMatchObject([
      { to_us_msat: 1_000_000_000n - 10_000n - (paid['amount_sent_msat'] as bigint) },
    ]);
  });
});

describe('offers', () => {
  it('are made, fetched, paid and disabled', async () => {
    const lab = await line();
    const [a, c] = [lab.node(1), lab.node(3)];
    const offer = await c.call('offer', { amount: 'any', description: 'settlement', label: 'x' });
    expect(offer['bolt12']).toMatch(/^lno1/);
    expect(await c.call('offer', { amount: 'any', description: 'settlement' })).toMatchObject({
      created: false,
    });
    expect(await a.call('decode', { string: offer['bolt12'] ?? '' })).toMatchObject({
      offer_id: offer['offer_id'],
      offer_description: 'settlement',
      offer_issuer_id: c.id,
      valid: true,
    });
    const fetched = await a.call('fetchinvoice', {
      offer: offer['bolt12'] ?? '',
      amount_msat: 5_000_000,
    });
    const decoded = await a.call('decode', { string: fetched['invoice'] ?? '' });
    const real = Object.keys(transcript('decode-bolt12-invoice').result).filter(
      (key) => key !== 'offer_paths',
    );
    expect(Object.keys(decoded).sort()).toEqual(real.sort());
    expect(await a.call('xpay', { invstring: fetched['invoice'] ?? '' })).toMatchObject({
      amount_sent_msat: 5_000_051n,
    });
    expect(
      (await c.call('listinvoices', { offer_id: offer['offer_id'] ?? '' }))['invoices'],
    ).toMatchObject([{ status: 'paid', local_offer_id: offer['offer_id'] }]);
    expect((await c.call('listoffers'))['offers']).toMatchObject([{ used: true, active: true }]);
    await c.call('disableoffer', { offer_id: offer['offer_id'] ?? '' });
    expect(
      await a.refused('fetchinvoice', { offer: offer['bolt12'] ?? '', amount_msat: 1 }),
    ).toMatchObject({ code: 1004 });
    const { error } = transcript('error-fetchinvoice-no-amount');
    expect(await a.refused('fetchinvoice', { offer: offer['bolt12'] ?? '' })).toMatchObject(error);
    expect(await a.refused('fetchinvoice', { offer: 'lno1qq', amount_msat: 1 })).toMatchObject({
      code: expect.any(Number),
    });
  });
});

describe('routes', () => {
  it('has the shape and the sums of the transcript', async () => {
    const lab = await line();
    const [a, c] = [lab.node(1), lab.node(3)];
    const query = {
      source: a.id,
      destination: c.id,
      amount_msat: 1_000_000,
      layers: [],
      maxfee_msat: 10_000,
      final_cltv: 18,
    };
    const answer = await a.call('getroutes', query);
    const real = (transcript('getroutes').result['routes'] as JsonObject[])[0] ?? {};
    const [route] = answer['routes'] as JsonObject[];
    const sums = (row: JsonObject | undefined) =>
      ((row?.['path'] as JsonObject[] | undefined) ?? []).map((hop) =>
        ['amount_in_msat', 'amount_out_msat', 'cltv_in', 'cltv_out'].map((key) => Number(hop[key])),
      );
    expect(sums(route)).toEqual(sums(real));
    expect(await a.refused('getroutes', { ...query, maxfee_msat: 1 })).toMatchObject({ code: 206 });
    expect(await a.refused('getroutes', { ...query, amount_msat: 9_000_000_000 })).toMatchObject({
      code: 205,
    });
    expect(await a.refused('getroutes', { ...query, layers: ['x'] })).toMatchObject({
      code: -32602,
    });
    const { layers: _, ...without } = query;
    expect((await a.refused('getroutes', without)).message).toBe(
      'missing required parameter: layers',
    );
    expect(
      (await a.call('getroute', { id: c.id, amount_msat: 1_000, riskfactor: 1 }))['route'],
    ).toHaveLength(2);
  });
});

describe('wait', () => {
  it('answers at once for 0 and when an index is reached', async () => {
    const lab = await line();
    const b = lab.node(2);
    expect(await b.call('wait', transcript('wait').params)).toEqual(transcript('wait').result);
    const waiting = b.call('wait', { subsystem: 'forwards', indexname: 'updated', nextvalue: 1 });
    await lab.node(1).call('keysend', { destination: lab.node(3).id, amount_msat: 1_000 });
    expect(await waiting).toMatchObject({
      updated: 1,
      forwards: { status: 'settled', in_msat: 1_001n },
    });
    expect(
      await b.refused('wait', { subsystem: 'x', indexname: 'created', nextvalue: 0 }),
    ).toMatchObject({ code: -32602 });
    expect(await b.refused('sql', { query: 'SELECT 1' })).toMatchObject({ code: -1 });
  });

  it('pages lists by index', async () => {
    const lab = await line();
    for (const amount of [1, 2, 3]) {
      await lab.node(1).call('keysend', { destination: lab.node(3).id, amount_msat: amount });
    }
    const page = await lab.node(3).call('listinvoices', { index: 'created', start: 2, limit: 1 });
    expect(page['invoices']).toMatchObject([{ created_index: 2 }]);
    expect(await lab.node(3).refused('listinvoices', { start: 2 })).toMatchObject({ code: -32602 });
  });
});

/** Each node's bookkeeper must come to what the node really has, and to what it earned and spent. */
async function expectBooksToMatch(lab: TestLab): Promise<void> {
  for (const node of lab.nodes) {
    const balances = (await node.call('bkpr-listbalances'))['accounts'] as JsonObject[];
    const booked = new Map(
      balances.map((row) => [
        row['account'],
        (row['balances'] as JsonObject[])[0]?.['balance_msat'],
      ]),
    );
    const { outputs } = await node.call('listfunds');
    const wallet = (outputs as JsonObject[]).reduce(
      (sum, row) => sum + (row['amount_msat'] as bigint),
      0n,
    );
    expect(booked.get('wallet')).toBe(wallet);
    let total = wallet;
    for (const row of (await node.call('listpeerchannels'))['channels'] as JsonObject[]) {
      if (row['state'] !== 'ONCHAIN') {
        expect(booked.get(row['channel_id'])).toBe(row['to_us_msat']);
        total += row['to_us_msat'] as bigint;
      }
    }
    const income = (await node.call('bkpr-listincome'))['income_events'] as JsonObject[];
    const net = income.reduce(
      (sum, e) => sum + (e['credit_msat'] as bigint) - (e['debit_msat'] as bigint),
      0n,
    );
    expect(net).toBe(total);
  }
}

describe('all of it together', () => {
  it('keeps books that match through openings, payments, splices and closes', async () => {
    const lab = await line();
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    await a.call('xpay', { invstring: await invoice(c, 10_000_001) });
    await expectBooksToMatch(lab);
    const [ab] = (await a.call('listpeerchannels'))['channels'] as JsonObject[];
    await a.call('splicein', {
      channel: ab?.['channel_id'] ?? '',
      amount: '300000sat',
    });
    lab.world.mine(6);
    await expectBooksToMatch(lab);
    await a.call('spliceout', {
      channel: ab?.['channel_id'] ?? '',
      amount: '100000sat',
    });
    lab.world.mine(6);
    await expectBooksToMatch(lab);
    await b.call('close', { id: c.id });
    lab.world.mine(1);
    await expectBooksToMatch(lab);
  });

  const action = fc.record({
    from: fc.integer({ min: 1, max: 3 }),
    to: fc.integer({ min: 1, max: 3 }),
    sat: fc.integer({ min: 1, max: 900_000 }),
    invoice: fc.boolean(),
  });

  it('keeps every msat whatever is paid, and repeats for its seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        const run = async (): Promise<unknown> => {
          const lab = await line();
          const start = await holdings(lab);
          labels = 0;
          const outcomes: unknown[] = [];
          for (const { from, to, sat, invoice: byInvoice } of actions) {
            const [payer, payee] = [lab.node(from), lab.node(to)];
            const amount = BigInt(sat) * 1_000n;
            try {
              outcomes.push(
                byInvoice
                  ? await payer.call('xpay', { invstring: await invoice(payee, amount) })
                  : await payer.call('keysend', { destination: payee.id, amount_msat: amount }),
              );
            } catch (error) {
              outcomes.push(String(error));
            }
          }
          const end = await holdings(lab);
          expect(end.sum).toBe(start.sum);
          expect(end.sum).toBe(end.capacity);
          expect(end.ours.every((amount) => amount >= 0n)).toBe(true);
          await expectBooksToMatch(lab);
          return [outcomes, end.ours, lab.nodes.map((node) => node.told)];
        };
        expect(await run()).toEqual(await run());
      }),
      { numRuns: 8 },
    );
  });
});
