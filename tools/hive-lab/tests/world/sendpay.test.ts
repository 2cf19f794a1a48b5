import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { fundedLab, openChannel, settle, type TestLab, type TestNode } from './lab.ts';

const AMOUNT = 100_000;

interface Line {
  readonly lab: TestLab;
  readonly nodes: readonly [TestNode, TestNode, TestNode];
  /** Short channel ids of 1-2 and 2-3. */
  readonly scids: readonly [string, string];
}

async function scidOf(node: TestNode, peer: TestNode): Promise<string> {
  const { channels } = await node.call('listpeerchannels', { id: peer.id });
  return (channels as readonly { short_channel_id: string }[])[0]?.short_channel_id ?? '';
}

/** Three nodes in a line. */
async function line(): Promise<Line> {
  const lab = fundedLab(3);
  await lab.node(1).call('connect', { id: lab.node(2).id });
  await lab.node(2).call('connect', { id: lab.node(3).id });
  await openChannel(lab, 1, 2, 1_000_000);
  await openChannel(lab, 2, 3, 1_000_000);
  const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
  return { lab, nodes: [a, b, c], scids: [await scidOf(a, b), await scidOf(b, c)] };
}

/** Pays an invoice of the last node with this much for the one in between, and this many blocks. */
async function pay({ nodes: [a, b, c], scids }: Line, feeMsat: number, blocks: number) {
  const invoice = await c.call('invoice', { amount_msat: AMOUNT, label: 'x', description: 'x' });
  await a.call('sendpay', {
    route: [
      { id: b.id, channel: scids[0], amount_msat: AMOUNT + feeMsat, delay: 10 + blocks },
      { id: c.id, channel: scids[1], amount_msat: AMOUNT, delay: 10 },
    ],
    payment_hash: invoice['payment_hash'] ?? '',
    payment_secret: invoice['payment_secret'] ?? '',
  });
  return { payment_hash: invoice['payment_hash'] ?? '' } satisfies JsonObject;
}

describe('sendpay over two hops', () => {
  it('pays, and the node in between earns its fee', async () => {
    const the = await line();
    const hash = await pay(the, 2, 6);
    expect(await the.nodes[0].call('waitsendpay', hash)).toMatchObject({ status: 'complete' });
    const { forwards } = await the.nodes[1].call('listforwards');
    expect(forwards).toMatchObject([{ status: 'settled', fee_msat: 2n }]);
  });

  it.each([
    ['too low a fee', 1, 6, 'WIRE_FEE_INSUFFICIENT'],
    ['too few blocks', 2, 5, 'WIRE_INCORRECT_CLTV_EXPIRY'],
  ])('fails for %s at the node in between', async (_what, fee, blocks, failcodename) => {
    const the = await line();
    const refused = await the.nodes[0].refused('waitsendpay', await pay(the, fee, blocks));
    expect(refused).toMatchObject({
      code: 204,
      data: {
        erring_index: 1,
        failcodename,
        erring_node: the.nodes[1].id,
        erring_channel: the.scids[1],
      },
    });
    expect((await the.nodes[2].call('listinvoices'))['invoices']).toMatchObject([
      { status: 'unpaid' },
    ]);
  });
});

describe('a part whose others do not come', () => {
  it('comes back after 70 seconds', async () => {
    const { lab, nodes, scids } = await line();
    const [a, b] = nodes;
    const invoice = await b.call('invoice', { amount_msat: AMOUNT, label: 'x', description: 'x' });
    const hash = { payment_hash: invoice['payment_hash'] ?? '' };
    await a.call('sendpay', {
      ...hash,
      route: [{ id: b.id, channel: scids[0], amount_msat: 40_000, delay: 10 }],
      payment_secret: invoice['payment_secret'] ?? '',
      partid: 1,
      amount_msat: AMOUNT,
    });
    await settle();
    lab.clock.advance(69_999);
    expect((await a.call('listsendpays'))['payments']).toMatchObject([{ status: 'pending' }]);
    lab.clock.advance(1);
    expect(await a.refused('waitsendpay', { ...hash, partid: 1 })).toMatchObject({
      code: 204,
      data: { failcodename: 'WIRE_MPP_TIMEOUT' },
    });
    const { channels } = await a.call('listpeerchannels', { id: b.id });
    expect(channels).toMatchObject([{ to_us_msat: 1_000_000_000n, htlcs: [] }]);
  });
});
