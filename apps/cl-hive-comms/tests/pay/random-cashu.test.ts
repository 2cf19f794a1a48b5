import { type Clock, type Msat, satToMsat } from '@cl-hive/core';
import { withFleet } from '@cl-hive/hive-lab';
import { TestDatabases } from '@cl-hive/store/testing';
import type { MintFault } from '@cl-hive/test-mint';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { type PayAsk, railsOf } from '../../src/pay/rail.ts';
import { cashuRail, operationOf } from '../../src/pay/rails/cashu.ts';
import { BANK, CashuBank } from './cashu-bank.ts';
import { ledgerOf, openPayStore, type PayMachine, PayProcess, statesOf } from './pay-process.ts';

/** Operations of a run; 10,000 is the long version. */
const OPERATIONS = Number(process.env['CL_HIVE_PAYMENTS'] ?? 60);
const SEED = Number(process.env['CL_HIVE_PAYMENTS_SEED'] ?? 1);
const FAULTS: readonly MintFault[] = [
  'lose_request',
  'lose_answer',
  'error_before',
  'error_after',
  'garbage',
];

const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

/** Time of day as the test has it; what takes time takes it really. */
function labClock(clock: VirtualClock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => performance.now(),
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

describe('random payments by Cashu', () => {
  it(`I2, I4: ${OPERATIONS} operations with faults and restarts: the ledger is what the mint says`, async () => {
    const clock = new VirtualClock(Date.now());
    await withFleet({ nodes: 1, seed: SEED, clock: labClock(clock) }, async (fleet) => {
      const random = new SeededRandom(SEED);
      const bank = new CashuBank(clock);
      const limits = { grantMsat: 10n ** 12n, dayMsat: 400_000n };
      const store = await openPayStore(await databases.location(), clock, limits);
      const shop = await openPayStore(await databases.location(), clock, limits);
      const quiet = bank.wallet(store, 'payer');
      await quiet.mints.add(BANK, false);
      const machine: PayMachine = {
        node: fleet.node(1),
        clock,
        store,
        faults: () => (random.below(100) < 2 ? 'lost' : undefined),
        rails: (_self, alive) =>
          railsOf(
            cashuRail({
              wallet: bank.wallet(store, 'payer', alive),
              gifts: async () => undefined,
            }),
          ),
      };
      let running = await PayProcess.start(machine);
      const restart = async (): Promise<void> => {
        running.kill();
        await bank.wallet(store, 'payer').cancelPrepared();
        running = await PayProcess.start(machine);
      };
      const asks: PayAsk[] = [];
      const calm = { on: false };
      bank.front.fault = () =>
        !calm.on && random.below(100) < 15 ? random.pick(FAULTS) : undefined;
      const operate = async (): Promise<void> => {
        const draw = random.below(100);
        if (draw < 55 || asks.length === 0) {
          const ask: PayAsk = {
            method: 'cashu',
            purpose: 'service',
            amountMsat: satToMsat(2 + random.below(12)),
            maxFeeMsat: undefined,
            payee: undefined,
            idempotencyKey: `key-${asks.length}`,
            detail: { mint: BANK },
          };
          asks.push(ask);
          await running.office.pay(ask);
        } else if (draw < 70) {
          await running.office.pay(random.pick(asks));
        } else if (draw < 80) {
          await running.sweep();
        } else if (draw < 92) {
          clock.advance(random.pick([1000, 60_000, 3_600_000]));
        } else {
          await restart();
        }
      };
      for (let done = 0; done < OPERATIONS; done += 1) {
        calm.on = true;
        const held = await quiet.balance();
        if (held.every(({ unspent }) => unspent < 100_000n)) {
          await bank.buy(quiet, 200);
        }
        calm.on = false;
        // Some are killed in the middle.
        const { died } = running;
        const work = operate();
        if (random.below(100) < 10) {
          await new Promise((resolve) => setImmediate(resolve));
          await restart();
        }
        await Promise.race([work, died]);
      }
      calm.on = true;
      await restart();
      for (let round = 0; round < 40 && (await ledgerOf(store)).open > 0n; round += 1) {
        await running.sweep();
        clock.advance(120_000);
      }
      await bank.wallet(store, 'payer').cancelPrepared();
      await quiet.reconcile();

      const { settled, open } = await ledgerOf(store);
      expect(open).toBe(0n);
      const [held] = await quiet.balance();
      expect(held?.held).toBe(0n);
      const left = bank.boughtMsat - (held?.unspent ?? 0n);
      expect(settled.get('cashu') ?? 0n).toBe(left);
      // Every token that the ledger says was given can be taken, once.
      const taker = bank.wallet(shop, 'shop');
      await taker.mints.add(BANK, false);
      let given = 0n as Msat;
      for (let intent = 1; intent <= asks.length * 3; intent += 1) {
        const operation = await quiet.find(operationOf({ id: intent }));
        if (operation?.state === 'done') {
          const token = await taker.read(quiet.tokenOf(operation) ?? '');
          await taker.prepare.receive({ key: `r${intent}`, token, opener: { secrets: new Map() } });
          expect((await taker.run(`r${intent}`)).state).toBe('done');
          given = (given + operation.amountMsat + operation.feeMsat) as Msat;
        }
      }
      expect(given).toBe(left);
      await quiet.reconcile();
      const [mine] = await quiet.balance();
      const [shops] = await taker.balance();
      const inMint = BigInt(bank.front.mint.outstanding) * 1000n;
      expect((mine?.unspent ?? 0n) + (shops?.unspent ?? 0n)).toBe(inMint);
      expect(bank.troubles).toEqual([]);
      const states = await statesOf(store);
      expect(states.get('executed') ?? 0).toBeGreaterThan(OPERATIONS / 10);
      await store.close();
      await shop.close();
    });
  }, 3_600_000);
});
