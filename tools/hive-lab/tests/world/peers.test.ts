import { describe, expect, it } from 'vitest';
import { settle, TestLab } from './lab.ts';

async function connected(count = 2): Promise<TestLab> {
  const lab = new TestLab(count);
  for (let number = 2; number <= count; number += 1) {
    await lab.node(1).call('connect', { id: lab.node(number).id });
  }
  return lab;
}

describe('connect', () => {
  it('connects both sides and tells both', async () => {
    const lab = new TestLab(2);
    const [a, b] = [lab.node(1), lab.node(2)];
    const answer = await a.call('connect', { id: `${b.id}@127.0.0.1:20002` });
    expect(answer).toMatchObject({
      id: b.id,
      direction: 'out',
      address: { type: 'ipv4', port: 20002 },
    });
    expect(a.of('connect')).toEqual([
      { id: b.id, direction: 'out', address: { type: 'ipv4', address: '127.0.0.1', port: 20002 } },
    ]);
    expect(b.of('connect')).toMatchObject([{ id: a.id, direction: 'in' }]);
    expect(a.hooked).toMatchObject([
      {
        name: 'peer_connected',
        payload: { peer: { id: b.id, direction: 'out', addr: '127.0.0.1:20002' } },
      },
    ]);
    expect((await b.call('listpeers'))['peers']).toMatchObject([
      { id: a.id, connected: true, num_channels: 0 },
    ]);
    expect(await a.call('getinfo')).toMatchObject({ num_peers: 1, alias: 'lab1' });
  });

  it('answers again when the connection stands, and once for two calls at a time', async () => {
    const lab = await connected();
    await Promise.all([1, 2].map(() => lab.node(1).call('connect', { id: lab.node(2).id })));
    await lab.node(2).call('connect', { id: lab.node(1).id });
    expect(lab.node(1).of('connect')).toHaveLength(1);
    const fresh = new TestLab(2);
    await Promise.all([
      fresh.node(1).call('connect', { id: fresh.node(2).id }),
      fresh.node(2).call('connect', { id: fresh.node(1).id }),
    ]);
    expect(fresh.node(1).of('connect')).toHaveLength(1);
  });

  it.each([
    ['031111111111111111111111111111111111111111111111111111111111111111', 'should be a node id'],
    ['nonsense', 'should be a node id'],
  ])('refuses the id %s', async (id, message) => {
    const error = await new TestLab(1)
      .node(1)
      .refused('connect', { id, host: '127.0.0.1', port: 1 });
    expect(error).toMatchObject({
      code: -32602,
      message: `id: ${message}: invalid token '"${id}"'`,
    });
  });

  it('refuses a stranger without address, a wrong port and a node that is down', async () => {
    const lab = new TestLab(2);
    const stranger = '020202020202020202020202020202020202020202020202020202020202020202';
    expect(await lab.node(1).refused('connect', { id: stranger })).toMatchObject({ code: 400 });
    const wrong = await lab
      .node(1)
      .refused('connect', { id: lab.node(2).id, host: '127.0.0.1', port: 9 });
    expect(wrong).toMatchObject({
      code: 401,
      message: 'All addresses failed: 127.0.0.1:9: Connection establishment: Connection refused. ',
    });
    lab.node(2).world.stop();
    expect(await lab.node(1).refused('connect', { id: lab.node(2).id })).toMatchObject({
      code: 401,
    });
  });

  it('fails, without a notification, when the peer_connected hook refuses', async () => {
    const lab = new TestLab(2);
    lab.node(2).hooks = { peer_connected: () => ({ result: 'disconnect' }) };
    expect(await lab.node(1).refused('connect', { id: lab.node(2).id })).toMatchObject({
      code: 402,
    });
    expect([...lab.node(1).of('connect'), ...lab.node(2).of('connect')]).toEqual([]);
    expect((await lab.node(1).call('listpeers'))['peers']).toEqual([]);
  });
});

describe('disconnect', () => {
  it('tells both sides', async () => {
    const lab = await connected();
    await lab.node(1).call('disconnect', { id: lab.node(2).id });
    expect(lab.node(1).of('disconnect')).toEqual([{ id: lab.node(2).id }]);
    expect(lab.node(2).of('disconnect')).toEqual([{ id: lab.node(1).id }]);
    expect(await lab.node(1).refused('disconnect', { id: lab.node(2).id })).toMatchObject({
      code: -1,
      message: 'Peer not connected',
    });
    expect(await lab.node(1).refused('disconnect', { id: lab.node(1).id })).toMatchObject({
      message: expect.stringMatching(/^Unknown peer '/) as string,
    });
  });

  it('happens when a node stops', async () => {
    const lab = await connected();
    lab.node(2).world.stop();
    expect(lab.node(1).of('disconnect')).toEqual([{ id: lab.node(2).id }]);
  });
});

describe('sendcustommsg', () => {
  it('reaches the other node as notification and hook, in order', async () => {
    const lab = await connected();
    const [a, b] = [lab.node(1), lab.node(2)];
    const answer = await a.call('sendcustommsg', { node_id: b.id, msg: '8001484956457b7d' });
    expect(answer).toEqual({ status: 'Message sent to connectd for delivery' });
    await a.call('sendcustommsg', { node_id: b.id, msg: '800102' });
    await settle();
    const expected = ['8001484956457b7d', '800102'].map((payload) => ({ peer_id: a.id, payload }));
    expect(b.of('custommsg')).toEqual(expected);
    expect(
      b.hooked.filter(({ name }) => name === 'custommsg').map(({ payload }) => payload),
    ).toEqual(expected);
  });

  it('drops even types that no plugin accepts, and warns the sender only', async () => {
    const lab = await connected();
    const [a, b] = [lab.node(1), lab.node(2)];
    await a.call('sendcustommsg', { node_id: b.id, msg: '8000aa' });
    await settle();
    expect(b.of('custommsg')).toEqual([]);
    expect(a.logs.join()).toContain('Invalid unknown even msg');
    b.evenTypes.add(0x8000);
    await a.call('sendcustommsg', { node_id: b.id, msg: '8000aa' });
    await settle();
    expect(b.of('custommsg')).toHaveLength(1);
  });

  it('waits for a slow hook before the next message of that peer, not of another', async () => {
    const lab = new TestLab(3);
    const [a, b, c] = [lab.node(1), lab.node(2), lab.node(3)];
    await a.call('connect', { id: b.id });
    await c.call('connect', { id: b.id });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    b.hooks = {
      custommsg: async ({ peer_id }) => {
        if (peer_id === a.id) {
          await gate;
        }
        return { result: 'continue' };
      },
    };
    await a.call('sendcustommsg', { node_id: b.id, msg: '800101' });
    await a.call('sendcustommsg', { node_id: b.id, msg: '800102' });
    await c.call('sendcustommsg', { node_id: b.id, msg: '800103' });
    await settle();
    expect(b.of('custommsg').map(({ payload }) => payload)).toEqual(['800101', '800103']);
    release();
    await settle();
    expect(b.of('custommsg')).toHaveLength(3);
  });

  it.each([
    [{ node_id: `02${'02'.repeat(32)}`, msg: '8001aa' }, -32600, /^No such peer: 0202/],
    [{ msg: '0010' }, -32600, /^Cannot send messages of type 16 \(WIRE_INIT\)/],
    [{ msg: '8001a' }, -32602, /^msg: should be a hex value/],
    [{ msg: '80' }, -32602, /^msg: /],
    [{ msg: `8001${'00'.repeat(65_534)}` }, -32602, /65535 bytes/],
  ])('refuses %#', async (params, code, message) => {
    const lab = await connected();
    const error = await lab
      .node(1)
      .refused('sendcustommsg', { node_id: lab.node(2).id, ...params });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('takes the largest message', async () => {
    const lab = await connected();
    const msg = `8001${'00'.repeat(65_533)}`;
    await lab.node(1).call('sendcustommsg', { node_id: lab.node(2).id, msg });
    await settle();
    expect(lab.node(2).of('custommsg')).toHaveLength(1);
  });
});

describe('link faults', () => {
  const send = async (lab: TestLab, count: number): Promise<string[]> => {
    for (let i = 0; i < count; i += 1) {
      const msg = `8001${i.toString(16).padStart(4, '0')}`;
      await lab.node(1).call('sendcustommsg', { node_id: lab.node(2).id, msg });
      await settle();
    }
    lab.clock.advance(10_000);
    await settle();
    return lab
      .node(2)
      .of('custommsg')
      .map(({ payload }) => payload as string);
  };
  const withFaults = async (faults: Parameters<TestLab['world']['setFaults']>[2]) => {
    const lab = await connected();
    lab.world.setFaults(lab.node(1).id, lab.node(2).id, faults);
    return lab;
  };

  it('drops a share of messages, the same ones for the same seed', async () => {
    const first = await send(await withFaults({ drop: 0.5 }), 60);
    expect(first.length).toBeGreaterThan(10);
    expect(first.length).toBeLessThan(50);
    expect(await send(await withFaults({ drop: 0.5 }), 60)).toEqual(first);
  });

  it('duplicates, delays and reorders without loss', async () => {
    expect(await send(await withFaults({ duplicate: 1 }), 5)).toHaveLength(10);
    const delayed = await send(await withFaults({ delayMs: [10, 500] }), 40);
    expect(new Set(delayed).size).toBe(40);
    const mixed = await send(await withFaults({ reorder: 0.4 }), 40);
    expect(new Set(mixed).size).toBe(40);
    expect(mixed).not.toEqual([...mixed].sort());
  });

  it('cuts a connection by a partition until it heals', async () => {
    const lab = await withFaults({ partitioned: true });
    expect(lab.node(2).of('disconnect')).toHaveLength(1);
    expect(await lab.node(1).refused('connect', { id: lab.node(2).id })).toMatchObject({
      code: 401,
    });
    lab.world.setFaults(lab.node(1).id, lab.node(2).id, {});
    await lab.node(1).call('connect', { id: lab.node(2).id });
  });
});

describe('the chain', () => {
  it('tells running nodes of each block, and others once they start', async () => {
    const lab = new TestLab(2);
    const height = lab.world.height;
    lab.node(2).world.stop();
    lab.world.mine(3);
    expect(
      lab
        .node(1)
        .of('block_added')
        .map((block) => block['height']),
    ).toEqual([1, 2, 3].map((n) => height + n));
    expect(lab.node(2).of('block_added')).toEqual([]);
    lab.node(2).start();
    expect(lab.node(2).of('block_added')).toEqual(lab.node(1).of('block_added'));
    expect(await lab.node(1).call('getinfo')).toMatchObject({ blockheight: height + 3 });
  });

  it('mines by the clock', () => {
    const lab = new TestLab(1);
    const height = lab.world.height;
    lab.world.mineBy({ everyMs: 1000 });
    lab.clock.advance(3500);
    expect(lab.world.height).toBe(height + 3);
    lab.world.mineBy({});
    lab.clock.advance(9000);
    expect(lab.world.height).toBe(height + 3);
    expect(() => lab.world.mine(-1)).toThrow(RangeError);
  });

  it('lets calls wait for a height', async () => {
    const lab = new TestLab(1);
    const wanted = lab.world.height + 1;
    const waiting = lab.node(1).call('waitblockheight', { blockheight: wanted });
    lab.world.mine(1);
    expect(await waiting).toEqual({ blockheight: wanted });
    const late = lab.node(1).refused('waitblockheight', { blockheight: wanted + 1, timeout: 5 });
    lab.clock.advance(5_000);
    expect(await late).toMatchObject({ code: 2000 });
  });

  it('answers feerates as a quiet regtest node does', async () => {
    const node = new TestLab(1).node(1);
    for (const style of ['perkw', 'perkb']) {
      const { default: transcript } = (await import(
        `../../../../packages/cln-rpc/fixtures/transcripts/rpc/feerates-${style}.json`,
        { with: { type: 'json' } }
      )) as { default: { response: { result: unknown } } };
      expect(await node.call('feerates', { style })).toEqual(transcript.response.result);
    }
    expect(await node.refused('feerates', { style: 'x' })).toMatchObject({ code: -32602 });
  });
});
