import {
  createAgent,
  type Did,
  deactivate,
  eventJson,
  localEvent,
  newest,
  REVOCATION_CACHE_MS,
  versionAt,
} from '@cl-hive/archon';
import type { JsonObject } from '@cl-hive/core';
import { nobleCurve } from '@cl-hive/protocol';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Directory } from '../src/dids/directory.ts';
import { Gatekeepers } from '../src/dids/gatekeepers.ts';
import { Outbox } from '../src/dids/outbox.ts';
import { gatekeeperFault } from '../src/plugin-options.ts';
import { FakeGatekeeper } from './fake-gatekeeper.ts';
import { freshFile, keeperOn } from './support.ts';

const fakes: FakeGatekeeper[] = [];
let first: FakeGatekeeper;
let second: FakeGatekeeper;
beforeAll(async () => {
  first = await FakeGatekeeper.start();
  second = await FakeGatekeeper.start();
  fakes.push(first, second);
});
afterAll(async () => {
  for (const fake of fakes) {
    await fake.stop();
  }
});

/** A node with the two Gatekeepers, the network on. */
async function node(name: string, urls = [first.url, second.url], network = () => true) {
  const kept = await keeperOn(freshFile(), undefined, name);
  await kept.keeper.load();
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const gatekeepers = new Gatekeepers({
    urls,
    network,
    clock,
    warn: (text) => warnings.push(text),
  });
  const { store, dids } = kept;
  const outbox = new Outbox({ store, dids, gatekeepers, clock });
  const directory = new Directory({
    store,
    dids,
    gatekeepers,
    clock,
    askOwner: async () => undefined,
  });
  return { ...kept, clock, gatekeepers, outbox, directory, warnings };
}

/** An agent of somebody else that a Gatekeeper knows. */
function stranger(byte: number, ...at: readonly FakeGatekeeper[]) {
  const secret = new Uint8Array(32).fill(byte);
  const operation = createAgent(secret, nobleCurve.publicKey(secret), '2026-02-01T00:00:00.000Z');
  const did: Did = `did:cid:${operation.id}`;
  for (const fake of at) {
    fake.kept.set(did, [eventJson(localEvent(operation))]);
  }
  return { did, key: { secret, verificationMethod: `${did}#key-1` } };
}

describe('moving to a Gatekeeper', () => {
  it('keeps the identity: all own operations are handed over once, in order, to each', async () => {
    const { keeper, outbox, store } = await node('mover');
    await keeper.rotateKeys();
    expect(await outbox.run()).toEqual({ delivered: 4, failed: 0 });
    expect(await outbox.run()).toEqual({ delivered: 0, failed: 0 });
    const ids = keeper.current.chain.versions.map(({ id }) => id);
    expect(first.submitted.filter((id) => ids.includes(id))).toEqual(ids);
    const other = await node('reader');
    const resolved = await other.directory.resolve(keeper.current.did, 0);
    expect(resolved).toMatchObject({ source: 'gatekeeper', ageMs: 0 });
    expect(resolved && newest(resolved.chain).sequence).toBe(2);
    await keeper.moveTo('hyperswarm');
    expect(await outbox.run()).toEqual({ delivered: 2, failed: 0 });
    expect(keeper.view()).toMatchObject({ did: keeper.current.did, registry: 'hyperswarm' });
    await store.close();
    await other.store.close();
  });

  it('PO-07: an answer that was not heard leads to no second copy', async () => {
    const { keeper, outbox, store, clock } = await node('unheard', [first.url]);
    await keeper.rotateKeys();
    const before = first.submitted.length;
    first.manner = 'deaf';
    expect(await outbox.run()).toEqual({ delivered: 0, failed: 1 });
    first.manner = 'good';
    await outbox.run(true);
    first.manner = 'deaf';
    await keeper.rotateKeys();
    await outbox.run(true);
    first.manner = 'good';
    clock.advance(3_600_000);
    await outbox.run();
    const ids = keeper.current.chain.versions.map(({ id }) => id);
    expect(first.submitted.slice(before)).toEqual(ids);
    await store.close();
  });

  it('waits with back-off where one refuses, and is told on request', async () => {
    const { keeper, outbox, store, clock } = await node('refused', [first.url]);
    first.manner = 'refuses';
    expect(await outbox.run()).toMatchObject({ failed: 1 });
    expect(await outbox.run()).toMatchObject({ failed: 0 });
    expect(await outbox.view()).toMatchObject([
      {
        pending: 1,
        failed: [{ did: keeper.current.did, attempts: 1, reason: 'it refuses (500)' }],
      },
    ]);
    clock.advance(5_000);
    expect(await outbox.run()).toMatchObject({ failed: 1 });
    first.manner = 'good';
    expect(await outbox.run(true)).toEqual({ delivered: 1, failed: 0 });
    await store.close();
  });
});

describe('the network', () => {
  it('is off until the operator turns it on', async () => {
    let on = false;
    const { outbox, directory, store, clock } = await node('offline', [first.url], () => on);
    const asked = first.asked.length;
    expect(await outbox.run()).toEqual({ delivered: 0, failed: 0 });
    expect(await directory.resolve(stranger(31, first).did, 0)).toBeUndefined();
    expect(first.asked.length).toBe(asked);
    on = true;
    clock.advance(5_000);
    expect(await directory.resolve(stranger(31, first).did, 0)).toMatchObject({
      source: 'gatekeeper',
    });
    await store.close();
  });

  it.each([
    ['ftp://a.example', /https/],
    ['nonsense', /URL/],
    ['https://user:pass@a.example', /alone/],
    ['https://a.example/?key=1', /alone/],
  ])('is not asked at %s', (url, fault) => {
    expect(gatekeeperFault(url)).toMatch(fault);
  });

  it('SS-03: a name that leads inside is not dialled', async () => {
    const { store, clock } = await node('guarded');
    const asked = first.asked.length;
    const port = new URL(first.url).port;
    const gatekeepers = new Gatekeepers({
      urls: [`http://gatekeeper.example:${port}`],
      network: () => true,
      clock,
      warn: () => {},
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    const [only] = gatekeepers.available();
    const answer = only && (await gatekeepers.ask(only, (client) => client.ready()));
    expect(answer).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/not a public address/),
    });
    expect(first.asked.length).toBe(asked);
    await store.close();
  });
});

describe('a DID of somebody else', () => {
  it('is asked for at the next Gatekeeper when one is away, redirects or knows nothing', async () => {
    for (const manner of ['away', 'redirects', 'deaf', 'good'] as const) {
      const { directory, store } = await node(`next-${manner}`);
      first.manner = manner;
      expect(await directory.resolve(stranger(41, second).did, 0)).toMatchObject({
        source: 'gatekeeper',
      });
      first.manner = 'good';
      await store.close();
    }
  });

  it('is given up on a stalling Gatekeeper after its time, which then rests', async () => {
    const { directory, gatekeepers, store, clock } = await node('stalled', [first.url]);
    first.manner = 'stalls';
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const asked = first.asked.length;
      const resolving = directory.resolve(stranger(42).did, 0);
      while (first.asked.length === asked) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      clock.advance(10_000);
      expect(await resolving).toBeUndefined();
      // For a while nobody is asked for the same again.
      expect(await directory.resolve(stranger(42).did, 0)).toBeUndefined();
      expect(first.asked.length).toBe(asked + 1);
      clock.advance(attempt < 2 ? 5_000 : 0);
    }
    expect(gatekeepers.available()).toEqual([]);
    expect(gatekeepers.view()).toMatchObject({ gatekeepers: [{ health: 'resting', failures: 3 }] });
    first.manner = 'good';
    clock.advance(5_000);
    expect(await directory.resolve(stranger(42, first).did, 0)).toBeDefined();
    await store.close();
  });

  it('that is served forged names the liar, and comes from the honest one', async () => {
    const { directory, gatekeepers, warnings, store } = await node('deceived');
    const { did } = stranger(43, first, second);
    first.edit = (events) =>
      events.map((event) => {
        const operation = event['operation'] as JsonObject;
        return { ...event, operation: { ...operation, created: '2020-01-01T00:00:00.000Z' } };
      });
    expect(await directory.resolve(did, 0)).toMatchObject({ source: 'gatekeeper' });
    first.edit = (events) => events;
    expect(warnings).toEqual([expect.stringContaining(first.url)]);
    expect(gatekeepers.view()).toMatchObject({
      gatekeepers: [
        { url: first.url, health: 'resting', lies: 1 },
        { url: second.url, health: 'good', lies: 0 },
      ],
    });
    await store.close();
  });

  it('is not taken back to an older version by a Gatekeeper that leaves operations out', async () => {
    const { directory, store, dids } = await node('rolled', [first.url]);
    const { did, key } = stranger(44, first);
    const begun = await directory.resolve(did, 0);
    if (begun === undefined) {
      throw new Error('it is known');
    }
    const end = deactivate(begun.chain, key, '2026-03-01T00:00:00.000Z');
    const events = first.kept.get(did) ?? [];
    first.kept.set(did, [...events, eventJson(localEvent(end))]);
    expect((await directory.resolve(did, -1))?.chain.versions).toHaveLength(2);
    first.kept.set(did, events);
    const again = await directory.resolve(did, -1);
    expect(again && newest(again.chain).deactivated).toBe(true);
    expect((await dids.chain(did))?.versions).toHaveLength(2);
    await store.close();
  });

  it('gets a new key only when its registry has confirmed it, as Archon has it', async () => {
    const { directory, store } = await node('confirmed', [first.url]);
    const owner = await node('owner', [first.url]);
    const { did } = await owner.keeper.moveTo('hyperswarm');
    await owner.keeper.rotateKeys();
    await owner.outbox.run();
    const keyAt = async () => {
      const resolved = await directory.resolve(did, -1);
      return resolved && versionAt(resolved.chain, Number.POSITIVE_INFINITY, true).key?.id;
    };
    expect(await keyAt()).toBe('#key-1');
    const events = first.kept.get(did) ?? [];
    const [create, move, rotation] = events;
    const confirmed = { ...rotation, registry: 'hyperswarm', time: '2027-01-01T00:00:00.000Z' };
    first.kept.set(did, [create ?? {}, move ?? {}, confirmed]);
    expect(await keyAt()).toBe('#key-2');
    const own = owner.keeper.current.chain;
    expect(versionAt(own, Number.POSITIVE_INFINITY, true).key?.id).toBe('#key-2');
    await store.close();
    await owner.store.close();
  });

  it('is asked for again once the answer is older than wanted; a start forgets how old it is', async () => {
    const { directory, store, clock, dids, gatekeepers } = await node('aged', [first.url]);
    const { did } = stranger(45, first);
    await directory.resolve(did, REVOCATION_CACHE_MS);
    const asked = first.asked.length;
    clock.advance(REVOCATION_CACHE_MS);
    await directory.resolve(did, REVOCATION_CACHE_MS);
    expect(first.asked.length).toBe(asked);
    clock.advance(1);
    await directory.resolve(did, REVOCATION_CACHE_MS);
    expect(first.asked.length).toBe(asked + 1);
    first.manner = 'away';
    const restarted = new Directory({
      store,
      dids,
      gatekeepers,
      clock,
      askOwner: async () => undefined,
    });
    expect(await restarted.resolve(did, REVOCATION_CACHE_MS)).toMatchObject({
      source: 'store',
      ageMs: undefined,
    });
    first.manner = 'good';
    await store.close();
  });
});
