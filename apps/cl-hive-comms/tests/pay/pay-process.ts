import type { CallOptions, RpcClient, RpcMethod } from '@cl-hive/cln-rpc';
import { loadPolicy, OPERATOR, PipelineStore, saveGrant, savePolicy } from '@cl-hive/comms';
import type { Clock, JsonObject, JsonValue, Msat, NodeId, UnixMs } from '@cl-hive/core';
import type { TestNode } from '@cl-hive/hive-lab';
import { decodeMsatSum, openStore, type Store, sumMsat } from '@cl-hive/store';
import type { VirtualClock } from '@cl-hive/testkit';
import type { ActionContext } from '../../src/actions/action.ts';
import { createNodePorts } from '../../src/actions/node-ports.ts';
import { PayOffice } from '../../src/pay/pay-office.ts';
import type { Rails } from '../../src/pay/rail.ts';
import { ManagementDesk } from '../../src/pipeline/management-desk.ts';
import type { CommsDatabase } from '../../src/store/database.ts';
import { migrations } from '../../src/store/migrations.ts';
import { type FaultPlan, FaultyRpc } from '../actions/support.ts';
import type { KindProcess } from './payment-kind.ts';

/** A client of a process that can be killed: from then on nothing it asks is ever sent or answered. */
class MortalRpc implements RpcClient {
  readonly #rpc: RpcClient;
  dead = false;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  async call<P, R>(method: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
    return method.decode(await this.raw(method.name, method.encode(params), options));
  }

  async raw(
    method: string,
    params: JsonObject | readonly JsonValue[] = {},
    options?: CallOptions,
  ): Promise<JsonValue> {
    return this.alive(() => this.#rpc.raw(method, params, options));
  }

  /** Work of the process: once it is dead, nothing begins and nothing comes back. */
  async alive<T>(work: () => Promise<T>): Promise<T> {
    if (this.dead) {
      return new Promise(() => undefined);
    }
    try {
      const value = await work();
      return this.dead ? new Promise(() => undefined) : value;
    } catch (error) {
      if (this.dead) {
        return new Promise(() => undefined);
      }
      throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A store as a process has it. */
function mortalStore(store: Store<CommsDatabase>, life: MortalRpc): Store<CommsDatabase> {
  return {
    reader: store.reader,
    info: () => store.info(),
    transact: (work) => life.alive(() => store.transact(work)),
  } satisfies Pick<Store<CommsDatabase>, 'reader' | 'info' | 'transact'> as Store<CommsDatabase>;
}

/** What a {@link PayProcess} runs on; it outlives it. */
export interface PayMachine {
  readonly node: TestNode;
  readonly store: Store<CommsDatabase>;
  readonly clock: VirtualClock;
  /** Made for each process; `isAlive` is false once it was killed. */
  readonly rails: (
    self: NodeId,
    isAlive: () => boolean,
    process: KindProcess,
  ) => Rails | Promise<Rails>;
  readonly faults: FaultPlan;
  /** `regtest` unless given. */
  readonly network?: string;
}

/** Opens a database with an amount granted, and caps on a day. */
export async function openPayStore(
  location: string,
  clock: VirtualClock,
  limits: { readonly grantMsat: bigint; readonly dayMsat: bigint },
): Promise<Store<CommsDatabase>> {
  const store = await openStore<CommsDatabase>({
    location,
    owner: 'cl-hive-comms',
    migrations,
    clock,
    log: () => undefined,
  });
  await store.transact(async (tx) => {
    await savePolicy(tx, {
      ...(await loadPolicy(tx)),
      settings: {
        spendPerActionMsat: 'unlimited',
        spendPerHourMsat: 'unlimited',
        spendPerDayMsat: limits.dayMsat as Msat,
        spendPerWeekMsat: 'unlimited',
      },
    });
    await saveGrant(tx, {
      id: 1,
      advisor: OPERATOR,
      mode: 'act',
      tier: 'admin',
      actions: 'all',
      constraints: {},
      spend: { amountMsat: limits.grantMsat as Msat, until: FOREVER },
      from: 0 as UnixMs,
    });
  });
  return store;
}

const FOREVER = 4_000_000_000_000 as UnixMs;

/** cl-hive-comms as far as it pays: office, pipeline, rails, on a node of hive-lab. */
export class PayProcess {
  readonly office: PayOffice;
  readonly #rpc: MortalRpc;
  readonly #desk: ManagementDesk;
  #died = (): void => {};
  /** Resolves when it was killed: what it was at then never ends. */
  readonly died = new Promise<void>((resolve) => {
    this.#died = resolve;
  });

  /** Guard time in ms. */
  readonly guardMs: () => number;

  private constructor(
    office: PayOffice,
    rpc: MortalRpc,
    desk: ManagementDesk,
    guardMs: () => number,
  ) {
    this.office = office;
    this.guardMs = guardMs;
    this.#rpc = rpc;
    this.#desk = desk;
  }

  /** Starts, and brings what was interrupted to its outcome as far as it can be told. */
  static async start(machine: PayMachine): Promise<PayProcess> {
    const { node, clock, faults } = machine;
    const self = node.id;
    const rpc = new MortalRpc(new FaultyRpc(node.rpc, faults));
    const store = mortalStore(machine.store, rpc);
    // What the process before was writing when it was killed is on disk, or is not.
    await store.transact(async () => undefined);
    const pipeline = await PipelineStore.open({
      store,
      clock,
      node: self,
      epoch: 0,
      onStep: () => undefined,
    });
    const context: ActionContext = {
      rpc,
      clock,
      log: { warn: () => undefined },
      configuration: { lightningDir: node.lightningDir, network: machine.network ?? 'regtest' },
      epoch: 0,
      instance: () => 'one',
    };
    const mortal: KindProcess = { self, store, alive: (work) => rpc.alive(work) };
    const rails = await machine.rails(self, () => !rpc.dead, mortal);
    const never = (): never => {
      throw new Error('nobody asks here but the operator');
    };
    const desk = new ManagementDesk({
      store: pipeline,
      clock,
      node: self,
      skewSeconds: () => 300,
      log: () => undefined,
      recorded: () => undefined,
      wrote: () => undefined,
      ports: {
        ...createNodePorts({ ...context, rails }),
        authenticate: never,
        toll: never,
        charge: never,
        notify: never,
        answer: async () => undefined,
      },
    });
    const order = (claim: Parameters<ManagementDesk['order']>[0]) => desk.order(claim);
    const office = new PayOffice({ store: pipeline, order, rails, context });
    const process = new PayProcess(office, rpc, desk, () => pipeline.moment().guardMs);
    await process.sweep();
    return process;
  }

  /** Looks for what is not known. */
  sweep(): Promise<void> {
    return this.#desk.sweep();
  }

  /** Ends it at once, whatever it is at. */
  kill(): void {
    this.#rpc.dead = true;
    this.#died();
  }
}

/** Time of day as the test has it; what takes time takes it really. */
export function labClock(clock: VirtualClock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => performance.now(),
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

/** How many intents ended in which state. */
export async function statesOf(store: Store<CommsDatabase>): Promise<ReadonlyMap<string, number>> {
  const rows = await store.reader
    .selectFrom('comms_intents')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')] as const)
    .groupBy('state')
    .execute();
  return new Map(rows.map(({ state, count }) => [state, count]));
}

/** What a ledger holds, in msat: what left by method, and what may leave yet. */
export async function ledgerOf(store: Store<CommsDatabase>): Promise<{
  readonly settled: ReadonlyMap<string, bigint>;
  readonly open: bigint;
}> {
  const rows = await store.reader
    .selectFrom('comms_ledger')
    .select((eb) => ['method', 'state', sumMsat(eb.ref('amount_msat')).as('total')] as const)
    .where('state', '!=', 'released')
    .groupBy(['method', 'state'])
    .execute();
  const settled = new Map<string, bigint>();
  let open = 0n;
  for (const { method, state, total } of rows) {
    if (state === 'settled') {
      settled.set(method ?? '', decodeMsatSum(total));
    } else {
      open += decodeMsatSum(total);
    }
  }
  return { settled, open };
}
