import type { Inbound } from '@cl-hive/comms';
import type { JsonObject } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { MessageHub } from '../../src/registry/message-hub.ts';
import { SENDER_BURST } from '../../src/transports/limits.ts';
import { FakeTransport, parts } from './fakes.ts';

const KEY = 'ab'.repeat(32);
const message = (topic: string, payload: unknown = 1): string =>
  JSON.stringify({ type: 'hive.comms.message', version: 1, topic, payload });

function hubWith(
  transports: readonly FakeTransport[],
  answers: Record<string, (params: JsonObject) => unknown> = {},
) {
  const given = parts(answers);
  const hub = new MessageHub(given);
  const requests: Inbound[] = [];
  hub.onRequest(async (inbound) => {
    requests.push(inbound);
  });
  for (const transport of transports) {
    hub.add(transport);
  }
  return { ...given, hub, requests };
}

describe('what comes in', () => {
  it('is given to the pipeline with the verified key alone, and answered along its route', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub, requests } = hubWith([nostr]);
    await nostr.deliver('{"type":"hive.management.request","principal":"somebody else"}');
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      transport: 'nostr',
      source: `schnorr/${KEY}`,
      evidence: { scheme: 'schnorr', key: KEY },
    });
    const stored = JSON.parse(JSON.stringify(requests[0]?.route)) as JsonObject;
    expect(await hub.reply(stored, Buffer.from('done'))).toMatchObject({ kind: 'sent' });
    expect(nostr.sent).toEqual([{ to: { to: KEY }, text: 'done' }]);
  });

  it.each([
    {},
    { transport: 'gone', back: {} },
    { transport: 'nostr' },
    { transport: 7, back: {} },
  ])('cannot be answered along the route %j, and nothing throws', async (route) => {
    const { hub } = hubWith([new FakeTransport('nostr')]);
    const outcome = await hub.reply(route, Buffer.from('x'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'route_invalid' });
  });

  it('is answered to strangers within a bound that they share, to known senders always', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr]);
    const answer = (known: boolean) =>
      hub.reply({ transport: 'nostr', back: {} }, Buffer.from('no'), known);
    for (let n = 0; n < 100; n += 1) {
      await answer(false);
    }
    expect(nostr.sent).toHaveLength(60);
    expect(await answer(false)).toMatchObject({ kind: 'failed', code: 'transport_full' });
    expect(await answer(true)).toMatchObject({ kind: 'sent' });
  });

  it('TI-15: is handed to the handler of its topic with the verified sender, whatever it says of itself', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub, calls, requests } = hubWith([nostr], { 'hive-inject-packet': () => ({}) });
    hub.handlers.register('hive:', 'hive-inject-packet');
    const lie = { sender: { scheme: 'lightning', key: '02'.repeat(33) }, transport: 'bolt8' };
    await nostr.deliver(
      JSON.stringify({
        type: 'hive.comms.message',
        version: 1,
        topic: 'hive:x',
        payload: lie,
        ...lie,
      }),
    );
    expect(calls).toEqual([
      {
        method: 'hive-inject-packet',
        params: {
          topic: 'hive:x',
          payload: lie,
          transport: 'nostr',
          sender: { scheme: 'schnorr', key: KEY },
        },
      },
    ]);
    expect(requests).toEqual([]);
  });

  it('goes nowhere while its handler is gone, and again when it is back', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub, calls } = hubWith([nostr], { 'hive-inject-packet': () => ({}) });
    hub.handlers.register('hive:', 'hive-inject-packet');
    hub.siblings(['hive-inject-packet'], false);
    await nostr.deliver(message('hive:x'));
    expect(calls).toEqual([]);
    hub.siblings(['hive-inject-packet'], true);
    await nostr.deliver(message('hive:x'));
    expect(calls).toHaveLength(1);
    expect(hub.view()).toMatchObject({ received: { messages: 2, unhandled: 1 } });
  });

  it('marks a handler as gone when its plugin died unseen', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr]);
    hub.handlers.register('hive:', 'hive-inject-packet');
    await nostr.deliver(message('hive:x'));
    expect(hub.handlers.find('hive:x')?.present).toBe(false);
    expect(hub.view()).toMatchObject({
      handlers: [{ topic: 'hive:*', present: false, refused: 1 }],
    });
  });

  it('is dropped beyond the rate of its sender, and other senders do not notice', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub, requests } = hubWith([nostr]);
    for (let n = 0; n < SENDER_BURST + 100; n += 1) {
      await nostr.deliver('x');
    }
    await nostr.deliver('y', 'cd'.repeat(32));
    expect(requests).toHaveLength(SENDER_BURST + 1);
    expect(hub.view()).toMatchObject({ received: { over_rate: 100 } });
  });

  it('survives a pipeline that throws', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr]);
    hub.onRequest(() => Promise.reject(new Error('boom')));
    await expect(nostr.deliver('x')).resolves.toBeUndefined();
  });

  it('is worked on while the pipeline is slow, a few at once for each sender', async () => {
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr]);
    let most = 0;
    let now = 0;
    hub.onRequest(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      now -= 1;
    });
    await Promise.all(Array.from({ length: 50 }, () => nostr.deliver('x')));
    expect(most).toBe(4);
    expect(hub.view()).toMatchObject({
      received: { requests: 50, requests_waiting: 0, requests_under_way: 0, over_queue: 0 },
    });
  });
});

describe('what goes out', () => {
  const target = { nostr: KEY };
  const outgoing = { target, topic: 'hive:x', payload: { a: 1 }, sensitivity: 'routine' } as const;

  it('takes the best transport and says why', async () => {
    const bolt8 = new FakeTransport('bolt8', 'link');
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr, bolt8]);
    const dispatch = await hub.send(outgoing);
    expect(dispatch).toMatchObject({
      transport: 'bolt8',
      why: 'reaches the target now; up; goes to the node itself',
      outcome: { kind: 'sent' },
    });
    expect(dispatch.considered.map(({ id }) => id)).toEqual(['bolt8', 'nostr']);
    expect(bolt8.sent[0]?.text).toBe(message('hive:x', { a: 1 }));
    expect(await hub.send({ ...outgoing, sensitivity: 'sensitive' })).toMatchObject({
      transport: 'nostr',
    });
  });

  it('goes on to the next transport only when it was surely not sent', async () => {
    const bolt8 = new FakeTransport('bolt8', 'link');
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr, bolt8]);
    const wrong = { code: 'send_failed', message: 'm', remedy: 'r' } as const;
    bolt8.outcome = { kind: 'failed', ...wrong };
    expect(await hub.send(outgoing)).toMatchObject({ transport: 'nostr' });
    bolt8.outcome = { kind: 'unknown', ...wrong };
    expect(await hub.send(outgoing)).toMatchObject({
      transport: 'bolt8',
      outcome: { kind: 'unknown' },
    });
    bolt8.outcome = new Error('lost');
    expect(await hub.send(outgoing)).toMatchObject({
      transport: 'bolt8',
      outcome: { kind: 'unknown' },
    });
    expect(nostr.sent).toHaveLength(1);
  });

  it('says what stood in the way of each transport when none can', async () => {
    const bolt8 = new FakeTransport('bolt8', 'link');
    bolt8.reachable = { kind: 'none', reason: 'the node is not connected' };
    const { hub } = hubWith([bolt8]);
    expect(await hub.send(outgoing)).toMatchObject({
      transport: undefined,
      outcome: {
        kind: 'failed',
        code: 'target_unreachable',
        remedy: 'bolt8: the node is not connected',
      },
    });
  });

  it('uses the transport that is named and no other', async () => {
    const bolt8 = new FakeTransport('bolt8', 'link');
    const nostr = new FakeTransport('nostr');
    const { hub } = hubWith([nostr, bolt8]);
    expect(await hub.send({ ...outgoing, transport: 'nostr' })).toMatchObject({
      transport: 'nostr',
    });
    nostr.reachable = { kind: 'none', reason: 'r' };
    expect(await hub.send({ ...outgoing, transport: 'nostr' })).toMatchObject({
      outcome: { kind: 'failed', code: 'target_unreachable' },
    });
    expect(bolt8.sent).toEqual([]);
  });

  it.each(['BOLT8', 'bolt8 ', 'bolt8\0', 'b\u043elt8', '__proto__', 'nostr_dm'])(
    'TI-13: knows no transport %j',
    async (transport) => {
      const { hub } = hubWith([new FakeTransport('bolt8', 'link')]);
      expect(await hub.send({ ...outgoing, transport })).toMatchObject({
        outcome: { kind: 'failed', code: 'transport_down' },
      });
    },
  );

  it('refuses what no transport can carry', async () => {
    const { hub } = hubWith([new FakeTransport('nostr')]);
    expect(await hub.send({ ...outgoing, payload: 'x'.repeat(70_000) })).toMatchObject({
      outcome: { kind: 'failed', code: 'message_too_large' },
    });
  });
});

describe('a transport of a sibling', () => {
  const spec = {
    id: 'dmail',
    seal: 'recipient',
    sendMethod: 'dmail-send',
    reachMethod: 'dmail-reach',
  } as const;

  it.each(['bolt8', 'nostr', 'rest', 'rpc'])(
    'TI-13: cannot be called %s, whether or not that is on',
    (id) => {
      const { hub } = hubWith([]);
      expect(() => hub.register({ ...spec, id })).toThrow(
        expect.objectContaining({ code: 'transport_taken' }),
      );
    },
  );

  it('cannot be displaced while it serves; another takes its place when it is gone', () => {
    const { hub } = hubWith([]);
    hub.register(spec);
    hub.register(spec);
    const other = { ...spec, sendMethod: 'thief-send' };
    expect(() => hub.register(other)).toThrow(expect.objectContaining({ code: 'transport_taken' }));
    hub.siblings(['dmail-send'], false);
    expect(hub.view()).toMatchObject({ transports: [{ id: 'dmail', state: 'down' }] });
    hub.siblings(['dmail-send'], true);
    expect(hub.view()).toMatchObject({ transports: [{ id: 'dmail', state: 'up' }] });
    hub.siblings(['dmail-send'], false);
    hub.register(other);
    expect(hub.siblingTransport('dmail')?.spec.sendMethod).toBe('thief-send');
  });

  it('vouches for nobody: what it delivers has no evidence', async () => {
    const { hub, requests } = hubWith([]);
    hub.register(spec);
    await hub.siblingTransport('dmail')?.take({ did: 'did:cid:abc' }, Buffer.from('x'));
    expect(requests).toMatchObject([{ transport: 'dmail', source: '', evidence: {} }]);
    expect(requests[0]?.route).toEqual({ transport: 'dmail', back: { did: 'did:cid:abc' } });
  });

  it('sends by its methods, and is preferred for what is sensitive', async () => {
    const { hub, calls } = hubWith([new FakeTransport('nostr')], {
      'dmail-reach': () => ({ reach: 'now' }),
      'dmail-send': () => ({ outcome: 'queued', reason: 'the gatekeeper has it' }),
    });
    hub.register(spec);
    const dispatch = await hub.send({
      target: { did: 'did:cid:abc' },
      topic: 'dmail',
      payload: 'hello',
      sensitivity: 'sensitive',
    });
    expect(dispatch).toMatchObject({ transport: 'dmail', outcome: { kind: 'queued' } });
    expect(calls.at(-1)).toEqual({
      method: 'dmail-send',
      params: { target: { did: 'did:cid:abc' }, message: message('dmail', 'hello') },
    });
  });

  it.each([
    ['nothing', {}, 'unknown'],
    ['nonsense', { outcome: 'maybe' }, 'unknown'],
    ['a failure', { outcome: 'failed', reason: 'no such DID' }, 'failed'],
  ])('answering %s is taken at its word', async (_what, answer, kind) => {
    const { hub } = hubWith([], {
      'dmail-reach': () => ({ reach: 'now' }),
      'dmail-send': () => answer,
    });
    hub.register(spec);
    const target = { did: 'did:cid:abc' };
    const dispatch = await hub.send({ target, topic: 'x', payload: 1, sensitivity: 'routine' });
    expect(dispatch.outcome.kind).toBe(kind);
  });

  it('that is gone is noticed at the next message', async () => {
    const { hub } = hubWith([]);
    hub.register(spec);
    const target = { did: 'did:cid:abc' };
    const dispatch = await hub.send({ target, topic: 'x', payload: 1, sensitivity: 'routine' });
    expect(dispatch.outcome).toMatchObject({ kind: 'failed', code: 'target_unreachable' });
    expect(hub.view()).toMatchObject({ transports: [{ id: 'dmail', state: 'down' }] });
  });
});
