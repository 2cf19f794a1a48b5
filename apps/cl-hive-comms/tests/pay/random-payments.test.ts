import { RpcError } from '@cl-hive/cln-rpc';
import { listStops, removeStop } from '@cl-hive/comms';
import type { Msat } from '@cl-hive/core';
import { type TestFleet, withFleet } from '@cl-hive/hive-lab';
import { TestDatabases } from '@cl-hive/store/testing';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { type PayAsk, railsOf } from '../../src/pay/rail.ts';
import type { FaultPlan } from '../actions/support.ts';
import {
  labClock,
  ledgerOf,
  openPayStore,
  type PayMachine,
  PayProcess,
  statesOf,
} from './pay-process.ts';
import type { OpenKind, PaymentKind } from './payment-kind.ts';
import { PAYMENT_KINDS } from './payment-kinds.ts';

/** Operations of a run; 10,000 is the long version. */
const OPERATIONS = Number(process.env['CL_HIVE_PAYMENTS'] ?? 100);
const SEED = Number(process.env['CL_HIVE_PAYMENTS_SEED'] ?? 1);
/** Operations that run at once, at most. */
const AT_ONCE = 4;
const LIMITS = { grantMsat: 10n ** 12n, dayMsat: 6_000_000n };
const BASE_MSAT = 20_000n;

const databases = new TestDatabases('sqlite');
afterAll(() => databases.remove());

type Kinds = ReadonlyMap<PaymentKind, OpenKind>;

interface Made {
  readonly kind: PaymentKind;
  readonly ask: PayAsk;
}

/** One of two nodes that pay each other. */
class Payer {
  readonly machine: PayMachine;
  readonly kinds: Kinds;
  process: PayProcess;
  readonly made: Made[] = [];
  readonly #random: SeededRandom;
  #count = 0;
  #started: Promise<unknown> = Promise.resolve();

  constructor(machine: PayMachine, kinds: Kinds, process: PayProcess, random: SeededRandom) {
    this.machine = machine;
    this.kinds = kinds;
    this.process = process;
    this.#random = random;
  }

  /** One operation, until it ends or its process is killed. */
  async operate(): Promise<void> {
    await this.#started;
    await Promise.race([this.#operate(), this.process.died]);
  }

  async restart(): Promise<void> {
    this.process.kill();
    const next = PayProcess.start(this.machine);
    this.#started = next;
    this.process = await next;
  }

  async #operate(): Promise<void> {
    const draw = this.#random.below(100);
    if (draw < 50 || this.made.length === 0) {
      await this.#payNew();
    } else if (draw < 68) {
      const { ask } = this.#random.pick(this.made);
      await this.process.office.pay(ask);
    } else if (draw < 75) {
      // The same invoice under another key, as a second caller would ask.
      const { ask, kind } = this.#random.pick(this.made);
      if (kind.once) {
        await this.process.office.pay({ ...ask, idempotencyKey: `other-${this.made.length}` });
      }
    } else if (draw < 80) {
      await this.process.office.dryRun(this.#random.pick(this.made).ask);
    } else if (draw < 90) {
      await this.process.sweep();
    } else if (draw < 92) {
      await this.#resume();
    } else if (draw < 97) {
      this.machine.clock.advance(this.#random.pick([1000, 60_000, 600_000, 3_600_000]));
    } else {
      await this.restart();
    }
  }

  /** A person has looked into what was paid without effect. */
  async #resume(): Promise<void> {
    const { store } = this.machine;
    for (const { payer } of await listStops(store.reader)) {
      await store.transact((tx) => removeStop(tx, payer));
    }
  }

  async #payNew(): Promise<void> {
    const [kind, open] = this.#random.pick([...this.kinds]);
    this.#count += 1;
    const number = this.#count;
    const amountMsat = BASE_MSAT + BigInt(number);
    const wanted = await open.ask(number, amountMsat as Msat);
    const ask: PayAsk = {
      method: kind.method,
      purpose: this.#random.pick(['service', 'settlement']),
      maxFeeMsat: 100n as Msat,
      payee: undefined,
      idempotencyKey: `key-${number}`,
      ...wanted,
    };
    this.made.push({ kind, ask });
    await this.process.office.pay(ask);
  }

  /** Waits, as time passes, until nothing is open. */
  async settle(): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      await this.process.sweep();
      if ((await ledgerOf(this.machine.store)).open === 0n) {
        return;
      }
      this.machine.clock.advance(120_000);
    }
    throw new Error('something stays open');
  }
}

/** What happens to calls: answers are lost, requests are, lightningd says no, or cannot be reached. */
function faultsFrom(random: SeededRandom, calm: { on: boolean }): FaultPlan {
  return (method) => {
    if (calm.on) {
      return undefined;
    }
    const draw = random.below(1000);
    if (method === 'xpay') {
      if (draw < 150) {
        return draw < 80 ? 'lost' : 'dropped';
      }
      return draw < 220 ? new RpcError('xpay', 205, 'no route', undefined) : undefined;
    }
    if (draw < 12) {
      return draw < 4 ? 'lost' : draw < 8 ? 'dropped' : 'unreachable';
    }
    return undefined;
  };
}

async function payersOf(
  fleet: TestFleet,
  clock: VirtualClock,
  random: SeededRandom,
  calm: { on: boolean },
) {
  const [one, two] = [fleet.node(1), fleet.node(2)];
  const payers: Payer[] = [];
  for (const [node, payee] of [
    [one, two],
    [two, one],
  ] as const) {
    const store = await openPayStore(await databases.location(), clock, LIMITS);
    const kinds = new Map<PaymentKind, OpenKind>();
    for (const kind of PAYMENT_KINDS) {
      const setting = { payer: node, payee, store, clock, random: random.fork(), calm };
      kinds.set(kind, await kind.open(setting));
    }
    const machine: PayMachine = {
      node,
      clock,
      store,
      rails: async (_self, _isAlive, process) =>
        railsOf(...(await Promise.all([...kinds.values()].map((kind) => kind.rail(process))))),
      faults: faultsFrom(random.fork(), calm),
    };
    payers.push(new Payer(machine, kinds, await PayProcess.start(machine), random.fork()));
  }
  return payers;
}

describe('random payments of all kinds', () => {
  it(`I2, I4: ${OPERATIONS} operations with faults and restarts: the ledger is what the nodes say`, async () => {
    const clock = new VirtualClock(Date.now());
    await withFleet({ nodes: 2, seed: SEED, clock: labClock(clock) }, async (fleet) => {
      const random = new SeededRandom(SEED);
      const calm = { on: false };
      const payers = await payersOf(fleet, clock, random, calm);
      for (let done = 0; done < OPERATIONS; ) {
        const count = 1 + random.below(AT_ONCE);
        await Promise.all(Array.from({ length: count }, () => random.pick(payers).operate()));
        done += count;
      }
      calm.on = true;
      for (const payer of payers) {
        await payer.restart();
        await payer.settle();
      }
      for (const { machine, kinds } of payers) {
        const { settled } = await ledgerOf(machine.store);
        for (const [kind, open] of kinds) {
          expect(settled.get(kind.method) ?? 0n, kind.method).toBe(await open.left());
          const times = await open.times();
          expect(Math.max(0, ...times), kind.method).toBeLessThanOrEqual(1);
          // So that a long run in which a kind never pays cannot pass.
          expect(times.length, kind.method).toBeGreaterThanOrEqual(OPERATIONS >= 1000 ? 10 : 0);
          await open.close?.();
        }
        const states = await statesOf(machine.store);
        for (const state of OPERATIONS >= 1000 ? ['executed', 'failed'] : ['executed']) {
          expect(states.get(state) ?? 0, state).toBeGreaterThan(OPERATIONS / 200);
        }
        await machine.store.close();
      }
    });
  }, 1_800_000);
});
