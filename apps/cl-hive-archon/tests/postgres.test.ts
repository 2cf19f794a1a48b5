import { TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { Gatekeepers } from '../src/dids/gatekeepers.ts';
import { Outbox } from '../src/dids/outbox.ts';
import { FakeGatekeeper } from './fake-gatekeeper.ts';
import { keeperOn } from './support.ts';

const databases = new TestDatabases('postgres');
afterAll(() => databases.remove());

describe('on PostgreSQL', () => {
  it('the DID appears, rotates, is found again, and moves to a Gatekeeper', async () => {
    const location = await databases.location();
    const gatekeeper = await FakeGatekeeper.start();
    const first = await keeperOn(location, undefined, 'postgres');
    await first.keeper.load();
    const { did } = await first.keeper.rotateKeys();
    await first.store.close();
    const { store, dids, keeper } = await keeperOn(location, undefined, 'postgres');
    expect(await keeper.load()).toMatchObject({ did, keyNumber: 2 });
    const clock = new VirtualClock();
    const gatekeepers = new Gatekeepers({
      urls: [gatekeeper.url],
      network: () => true,
      clock,
      warn: () => {},
    });
    const outbox = new Outbox({ store, dids, gatekeepers, clock });
    expect(await outbox.view()).toMatchObject([{ pending: 1, failed: [] }]);
    expect(await outbox.run()).toEqual({ delivered: 2, failed: 0 });
    expect(await outbox.run()).toEqual({ delivered: 0, failed: 0 });
    await store.close();
    await gatekeeper.stop();
  });
});
