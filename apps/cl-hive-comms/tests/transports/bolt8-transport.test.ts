import { RpcError } from '@cl-hive/cln-rpc';
import { CodedError, type NodeId } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { Bolt8Transport } from '../../src/transports/bolt8/bolt8-transport.ts';
import type { IncomingMessage } from '../../src/transports/transport-port.ts';
import { parts } from './fakes.ts';

const PEER = `02${'ab'.repeat(32)}` as NodeId;
const OTHER = `03${'cd'.repeat(32)}` as NodeId;

function pair() {
  const received: IncomingMessage[] = [];
  const sends: string[] = [];
  const given = parts({
    sendcustommsg: ({ msg }) => {
      sends.push(msg as string);
      return { status: 'sent' };
    },
    listpeers: ({ id }) => ({
      peers: id === PEER ? [{ id: PEER, connected: true, num_channels: 0 }] : [],
    }),
  });
  const transport = new Bolt8Transport(given);
  transport.onMessage(async (message) => {
    received.push(message);
  });
  return { ...given, transport, received, sends };
}

describe('BOLT 8', () => {
  it('sends what its like receives, from the peer that sent it', async () => {
    const { transport, sends } = pair();
    const body = new Uint8Array(65_535).fill(7);
    expect(await transport.send({ node: PEER }, body)).toEqual({
      kind: 'sent',
      detail: { peer: PEER, parts: 2 },
    });
    const there = pair();
    for (const payload of sends) {
      there.transport.take({ peer_id: OTHER, payload });
    }
    expect(there.received).toEqual([
      {
        transport: 'bolt8',
        sender: { scheme: 'lightning', key: OTHER },
        body,
        route: { peer: OTHER },
      },
    ]);
    expect(await there.transport.reply({ peer: OTHER }, Buffer.from('ok'))).toMatchObject({
      kind: 'sent',
    });
  });

  it('leaves the types of others alone', () => {
    const { transport, received } = pair();
    for (const payload of ['', '4c', '4c4d0000', '8000aa', '0007', 'c17', 'c17c01']) {
      transport.take({ peer_id: PEER, payload });
    }
    expect(received).toEqual([]);
    expect(transport.health().detail).toMatchObject({ malformed: 0 });
  });

  it('GP-09: counts what is badly framed and takes 65,535 bytes of the hive', () => {
    const { transport, received } = pair();
    for (const payload of ['c17d', 'c17d01', `c17d02${'00'.repeat(20)}`]) {
      transport.take({ peer_id: PEER, payload });
    }
    expect(transport.health().detail).toMatchObject({ malformed: 3, received: 0 });
    transport.take({
      peer_id: PEER,
      payload: Buffer.from(`HIVE${'x'.repeat(65_531)}`).toString('hex'),
    });
    expect(received).toHaveLength(1);
  });

  it('bounds what one peer can deliver, before anything is decoded', () => {
    const { transport, received } = pair();
    const payload = Buffer.from('HIVE{}').toString('hex');
    for (let n = 0; n < 10_000; n += 1) {
      transport.take({ peer_id: PEER, payload });
    }
    transport.take({ peer_id: OTHER, payload });
    expect(received).toHaveLength(601);
    expect(transport.health().detail).toMatchObject({ over_rate: 9_400 });
  });

  it('reaches connected peers only', async () => {
    const { transport } = pair();
    expect(await transport.reach({ node: PEER })).toEqual({ kind: 'now' });
    expect(await transport.reach({ node: OTHER })).toMatchObject({ kind: 'none' });
    expect(await transport.reach({ nostr: 'ab'.repeat(32) })).toMatchObject({ kind: 'none' });
  });

  const fault = (sent: boolean) => new CodedError('rpc_timeout', 'late', { data: { sent } });

  it.each([
    ['a refusal', new RpcError('sendcustommsg', -1, 'Peer not connected'), 1, 'failed'],
    ['a timeout of the first of two parts', fault(true), 1, 'failed'],
    ['a timeout of the last part', fault(true), 2, 'unknown'],
    ['a call that never left', fault(false), 2, 'failed'],
  ])('takes %s for what it is', async (_what, error, at, kind) => {
    let calls = 0;
    const given = parts({
      sendcustommsg: () => {
        calls += 1;
        if (calls === at) {
          throw error;
        }
        return { status: 'sent' };
      },
    });
    const transport = new Bolt8Transport(given);
    const outcome = await transport.send({ node: PEER }, new Uint8Array(65_535));
    expect(outcome.kind).toBe(kind);
    expect(calls).toBe(at);
  });
});
