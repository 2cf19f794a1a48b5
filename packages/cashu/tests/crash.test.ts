import { CashuWallet } from '@cl-hive/cashu';
import { type Msat, satToMsat } from '@cl-hive/core';
import { TestDatabases } from '@cl-hive/store/testing';
import type { MintFault } from '@cl-hive/test-mint';
import { Killed, Killer } from '@cl-hive/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { killable, satOf, settleAll, URL_A, World } from './support/world.ts';

const databases = new TestDatabases('sqlite');
let worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.close()));
  worlds = [];
});
afterAll(() => databases.remove());

const sat = (amount: number): Msat => satToMsat(amount);
const nobody = { secrets: new Map<string, string>() };

/** What one wallet does in a scenario; called again after a kill, with the same keys. */
type Scenario = (world: World, wallet: CashuWallet, given: Given) => Promise<void>;

interface Given {
  readonly key: string;
  readonly invoice: string;
  readonly token: string;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  mint: async (world, wallet, { key }) => {
    const { terms } = await wallet.prepare.mint({ key, mint: URL_A, amountMsat: sat(21) });
    world.lightning.paid.add(terms.invoice ?? '');
    await wallet.run(key);
  },
  send: async (_world, wallet, { key }) => {
    await wallet.prepare.send({ key, mint: URL_A, gifts: [{ amountMsat: sat(37) }] });
    await wallet.run(key);
  },
  receive: async (_world, wallet, { key, token }) => {
    await wallet.prepare.receive({ key, token: await wallet.read(token), opener: nobody });
    await wallet.run(key);
  },
  melt: async (_world, wallet, { key, invoice }) => {
    await wallet.prepare.melt({ key, mint: URL_A, invoice });
    await wallet.run(key);
  },
  'melt that fails': async (world, wallet, { key, invoice }) => {
    world.lightning.feeSat = 99;
    await wallet.prepare.melt({ key, mint: URL_A, invoice });
    await wallet.run(key);
  },
  'melt that takes time': async (world, wallet, { key, invoice }) => {
    world.lightning.fates.push('pending');
    await wallet.prepare.melt({ key, mint: URL_A, invoice });
    await wallet.run(key);
  },
};

async function setUp() {
  const world = new World({ keyset: { name: 'first', version: 1, heights: 12, feePpk: 100 } });
  worlds.push(world);
  const giver = await world.wallet(await databases.location(), 'giver');
  await world.fund(giver, 2000);
  await world.wallet(await databases.location(), 'wallet');
  const [store] = world.stores.slice(-1);
  if (store === undefined) {
    throw new Error('no store');
  }
  const prepare = async (name: string): Promise<Given> => {
    const key = world.key();
    const wallet = new CashuWallet(world.parts(store, 'wallet'));
    world.lightning.feeSat = 1;
    if ((await satOf(wallet)) < 200) {
      await world.fund(wallet, 1000);
    }
    let token = '';
    if (name === 'receive') {
      const gift = await giver.prepare.send({
        key: world.key(),
        mint: URL_A,
        gifts: [{ amountMsat: sat(6) }],
      });
      token = giver.tokenOf(await giver.run(gift.key)) ?? '';
    }
    return { key, token, invoice: world.lightning.newInvoice(40) };
  };
  return { world, giver, store, prepare };
}

/** What must hold at the end, whatever happened on the way. */
async function check(world: World, wallet: CashuWallet, giver: CashuWallet): Promise<void> {
  await settleAll(world, wallet);
  await giver.reconcile();
  expect((await satOf(wallet)) + (await satOf(giver))).toBe(world.mint.outstanding);
  expect([...world.lightning.times.values()].every((times) => times === 1)).toBe(true);
  for (const { state } of await wallet.operations()) {
    expect(['done', 'void']).toContain(state);
  }
  for (const { held } of await wallet.balance()) {
    expect(held).toBe(0n);
  }
  expect(world.troubles).toEqual([]);
}

describe.each(Object.entries(scenarios))('a wallet killed during a %s', (name, scenario) => {
  it('loses nothing and does nothing twice, whatever the step', async () => {
    const { world, giver, store, prepare } = await setUp();
    let steps = 1;
    for (let at = 1; at <= steps; at += 1) {
      const given = await prepare(name);
      const doomed = new CashuWallet(killable(new Killer(at), world.parts(store, 'wallet')));
      const outcome = await scenario(world, doomed, given).then(
        () => 'done',
        (error: unknown) => error,
      );
      if (outcome !== 'done') {
        expect(outcome).toBeInstanceOf(Killed);
        steps = at + 1;
      }
      const next = new CashuWallet(world.parts(store, 'wallet'));
      await next.cancelPrepared();
      await check(world, next, giver);
      // Whoever asks again with the same key gets what there is, or has it done now.
      await scenario(world, next, given).catch(() => undefined);
      await check(world, next, giver);
    }
    expect(steps).toBeGreaterThan(8);
  });
});

// An error of the server is to the wallet what a lost request or answer is; the dearest operation has both.
const FAULTS: readonly MintFault[] = ['lose_request', 'lose_answer', 'garbage'];
const ERRORS: readonly MintFault[] = ['error_before', 'error_after'];

describe.each(Object.entries(scenarios))('a mint that fails during a %s', (name, scenario) => {
  it('costs nothing, whatever fails and whichever request it is', async () => {
    const { world, giver, store, prepare } = await setUp();
    for (const fault of name === 'melt' ? [...FAULTS, ...ERRORS] : FAULTS) {
      for (let at = 0, more = true; more; at += 1) {
        const given = await prepare(name);
        const wallet = new CashuWallet(world.parts(store, 'wallet'));
        let count = 0;
        world.front.fault = () => {
          count += 1;
          return count - 1 === at ? fault : undefined;
        };
        await scenario(world, wallet, given).catch(() => undefined);
        more = count > at;
        world.front.fault = () => undefined;
        await wallet.cancelPrepared();
        await check(world, wallet, giver);
      }
    }
  });
});
