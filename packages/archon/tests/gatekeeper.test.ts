import { isCodedError } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import {
  compareChains,
  GatekeeperClient,
  type GatekeeperHealth,
  healthWord,
  mayAsk,
  NEW_HEALTH,
  readOperation,
  retryAfterMs,
  rotateKey,
  stepHealth,
} from '../src/index.ts';
import { agent, at, extended, publicKeyOf } from './made.ts';
import { operationsOf, vectors } from './vectors.ts';

const { alice } = vectors.resolved;
const [create, update] = operationsOf(alice.did).map(readOperation);

function client(status: number, body: string) {
  const asked: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  const port = async (request: { method: string; path: string; body?: Uint8Array }) => {
    asked.push({ ...request, body: Buffer.from(request.body ?? []).toString() });
    return { status, body: Buffer.from(body) };
  };
  return { client: new GatekeeperClient(port), asked };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'taken',
    (thrown: unknown) => thrown,
  );
  return isCodedError(error) ? error.code : String(error);
}

describe('a Gatekeeper', () => {
  it('is handed operations, and has to confirm the very DID', async () => {
    if (create === undefined || update === undefined) {
      throw new Error('the vectors have two operations');
    }
    const good = client(200, JSON.stringify(alice.did));
    await good.client.submit(create);
    expect(good.asked).toEqual([
      {
        method: 'POST',
        path: '/api/v1/did',
        contentType: 'application/json',
        body: JSON.stringify(create.json),
      },
    ]);
    expect(await codeOf(client(200, alice.did).client.submit(create))).toBe('taken');
    expect(await codeOf(client(200, 'true').client.submit(update))).toBe('taken');
    expect(await codeOf(client(200, 'false').client.submit(update))).toBe('gatekeeper_answer');
    expect(await codeOf(client(400, '{}').client.submit(create))).toBe('gatekeeper_refused');
    const invalid = '"Error: Invalid operation: proof"';
    expect(await codeOf(client(500, invalid).client.submit(create))).toBe('gatekeeper_refused');
    expect(await codeOf(client(503, '').client.submit(create))).toBe('gatekeeper_away');
  });

  it.each([
    '"did:cid:x"',
    '[]',
    'null',
    '<html>',
    '{"did":{"$gt":""}}',
    `{"did":"did:cid:${'a'.repeat(100_000)}"}`,
    '',
    '{"ok":"false"}',
    '1e999',
  ])('SS-07: %s confirms nothing', async (body) => {
    const { client: strange } = client(200, body);
    expect(await codeOf(create === undefined ? Promise.resolve() : strange.submit(create))).toBe(
      'gatekeeper_answer',
    );
    expect(await codeOf(strange.ready())).toBe('gatekeeper_answer');
    const events = await codeOf(strange.events(alice.did));
    expect(events).toBe(body === '[]' ? 'taken' : 'gatekeeper_answer');
  });

  it('lists operations, each once', async () => {
    const event = {
      registry: 'local',
      time: update?.proof.created,
      ordinal: [0],
      operation: update?.json,
      did: alice.did,
    };
    const first = { ...event, time: '2026-11-21T09:24:10.331Z', operation: create?.json };
    const { client: one } = client(200, JSON.stringify([[first, event, event]]));
    expect((await one.events(alice.did)).map(({ operation }) => operation.id)).toEqual([
      create?.id,
      update?.id,
    ]);
    const { client: none } = client(200, '[[]]');
    expect(await none.events(alice.did)).toEqual([]);
  });

  it('stores data under a content id, nothing else', async () => {
    const { client: store } = client(
      200,
      'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
    );
    expect(await store.putData(new Uint8Array(3))).toMatch(/^bafk/);
    expect(await codeOf(client(200, '../x').client.putData(new Uint8Array(3)))).toBe(
      'gatekeeper_answer',
    );
    expect(await codeOf(store.getData('../../secret'))).toBe('gatekeeper_answer');
  });
});

describe('the health of a Gatekeeper', () => {
  const fail = { kind: 'failed', reason: 'away' } as const;
  const after = (events: readonly Parameters<typeof stepHealth>[1][], now = 0): GatekeeperHealth =>
    events.reduce((health, event) => stepHealth(health, event, now), NEW_HEALTH);

  it('rests after three failures in a row, longer each time, and is asked once afterwards', () => {
    expect(mayAsk(after([fail, fail]), 0)).toBe(true);
    const resting = after([fail, fail, fail]);
    expect([mayAsk(resting, 4_999), mayAsk(resting, 5_000)]).toEqual([false, true]);
    const again = stepHealth(resting, fail, 5_000);
    expect([mayAsk(again, 14_999), mayAsk(again, 15_000)]).toEqual([false, true]);
    const long = after(Array.from({ length: 50 }, () => fail));
    expect([mayAsk(long, 599_999), mayAsk(long, 600_000)]).toEqual([false, true]);
    expect(stepHealth(again, { kind: 'answered' }, 15_000)).toMatchObject({
      failures: 0,
      restsUntil: undefined,
    });
  });

  it('rests at once, and longest, after a lie', () => {
    const lied = after([{ kind: 'lied', reason: 'a broken chain' }]);
    expect(lied).toMatchObject({ lies: 1, trouble: 'a broken chain' });
    expect([mayAsk(lied, 599_999), mayAsk(lied, 600_000)]).toEqual([false, true]);
  });

  it('in a word', () => {
    expect(healthWord(NEW_HEALTH, 0)).toBe('new');
    expect(healthWord(after([{ kind: 'answered' }]), 0)).toBe('good');
    expect(healthWord(after([fail]), 0)).toBe('failing');
    expect(healthWord(after([fail, fail, fail]), 0)).toBe('resting');
  });
});

describe('chains of the same DID', () => {
  const { chain, key } = agent(1);
  const longer = extended(chain, rotateKey(chain, publicKeyOf(2), key, at(1)));
  const fork = extended(chain, rotateKey(chain, publicKeyOf(3), key, at(1)));

  it('are the same, newer, behind or forked', () => {
    expect(compareChains(chain, chain).kind).toBe('same');
    expect(compareChains(chain, longer).kind).toBe('newer');
    expect(compareChains(longer, chain).kind).toBe('behind');
    expect(compareChains(longer, fork)).toEqual({ kind: 'forked', sequence: 2 });
  });
});

describe('the wait before another attempt', () => {
  it('doubles to an hour', () => {
    expect([1, 2, 3, 100].map(retryAfterMs)).toEqual([5_000, 10_000, 20_000, 3_600_000]);
  });
});
