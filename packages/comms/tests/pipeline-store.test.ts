import {
  type Advisor,
  addCheckpoint,
  addReceipt,
  authenticateSigned,
  type CommsTables,
  capUse,
  capUses,
  changeAdvisors,
  commsMigrations,
  countUses,
  DEFAULT_POLICY,
  exportLine,
  type GateContext,
  type Grant,
  handleApproval,
  handleRequest,
  historyMigration,
  type Inbound,
  type Intent,
  type LedgerBook,
  ledgerKey,
  listReceipts,
  listUnsigned,
  loadAdvisors,
  loadGrants,
  loadPolicy,
  type OutgoingAnswer,
  type PipelinePorts,
  PipelineStore,
  type Policy,
  payingMigration,
  pricesMigration,
  pruneReceipts,
  pruneUses,
  publish,
  RateLimiter,
  receiptSigningText,
  recover,
  saveAdvisor,
  saveGrant,
  savePolicy,
  signReceipt,
  TOKEN_USES_KEEP_MS,
  verifyReceipts,
} from '@cl-hive/comms';
import { bytesToHex, type Msat, type NodeId, nodeId, type UnixMs } from '@cl-hive/core';
import {
  nobleCurve,
  type RequestEnvelope,
  requestSigningText,
  requestToJson,
  signMessage,
  utf8ToBytes,
} from '@cl-hive/protocol';
import { checkOwnership, type Migration, openStore, type Store } from '@cl-hive/store';
import { DATABASE_KINDS, TestDatabases } from '@cl-hive/store/testing';
import { VirtualClock } from '@cl-hive/testkit';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { putEntry, usedMsat } from '../src/store/ledger-rows.ts';
import { grant as anyGrant, policy as anyPolicy } from './arbitraries.ts';
import { Desk, Effects, newDisk, START } from './memory-desk.ts';

const SECRET = new Uint8Array(32).fill(7);
const NODE: NodeId = nodeId(bytesToHex(nobleCurve.publicKey(SECRET)));
const PEER = `03${'cd'.repeat(32)}`;
const FIRST: Migration = {
  id: 1,
  name: 'plugin',
  sql: (ddl) => [ddl.table('comms_meta', `key ${ddl.text} primary key`, `value ${ddl.text}`)],
};
const MIGRATIONS = [
  FIRST,
  ...commsMigrations,
  historyMigration(4),
  payingMigration(5),
  pricesMigration(6),
];
const POLICY: Policy = { ...DEFAULT_POLICY, preset: 'aggressive' };

class Die extends Error {}

/** A process on a database that outlives it. */
class Bench {
  readonly store: Store<CommsTables>;
  readonly clock: VirtualClock;
  readonly effects: Effects;
  readonly pipeline: PipelineStore;
  readonly answers: OutgoingAnswer[] = [];
  readonly steps: number[] = [];
  readonly #desk: Desk;
  #left = Number.POSITIVE_INFINITY;
  #after = false;
  commands = 0;

  private constructor(
    store: Store<CommsTables>,
    clock: VirtualClock,
    effects: Effects,
    pipeline: PipelineStore,
  ) {
    this.store = store;
    this.clock = clock;
    this.effects = effects;
    this.pipeline = pipeline;
    this.#desk = new Desk(newDisk([], POLICY, []), effects);
    this.#desk.amountMsat = 1000n;
  }

  static async open(
    store: Store<CommsTables>,
    clock: VirtualClock,
    effects: Effects,
    epoch = 0,
  ): Promise<Bench> {
    const steps: number[] = [];
    const options = { store, clock, node: NODE, epoch, onStep: (ms: number) => steps.push(ms) };
    const bench = new Bench(store, clock, effects, await PipelineStore.open(options));
    bench.steps.push(...steps);
    return bench;
  }

  dieAt(left: number, after: boolean): this {
    this.#left = left;
    this.#after = after;
    return this;
  }

  /** Asks this much for each action; a token is good for three uses. */
  askPrice(msat: Msat): void {
    const byDanger = Array.from({ length: 10 }, () => msat);
    this.#desk.prices = { byDanger, reads: false };
  }

  get ports(): PipelinePorts {
    const { pipeline, store } = this;
    const ports = this.#desk.ports;
    const nothing = async (done: Promise<void>): Promise<undefined> => {
      await done;
      return undefined;
    };
    const answers = this.answers;
    return {
      ...ports,
      authenticate: async ({ received }) => {
        const advisors = await loadAdvisors(store.reader);
        const key = authenticateSigned(received.envelope, advisors, () => undefined);
        return key === undefined
          ? { ok: false, message: 'not signed' }
          : { ok: true, key, advisors };
      },
      refuse: ({ malformed }) => nothing(pipeline.refuse(malformed)),
      claim: ({ claim }) => pipeline.claim(claim),
      waiting: ({ id }) => pipeline.waiting(id),
      approve: ({ id, by, gathered }) => pipeline.approve(id, by, gathered),
      reject: ({ id, by }) => pipeline.reject(id, by),
      start: ({ intent }) => nothing(pipeline.start(intent.id)),
      record: ({ intent, result, observation }) => pipeline.record(intent.id, result, observation),
      answer: async ({ answer }) => {
        answers.push(answer);
        return undefined;
      },
      answered: ({ intent }) => nothing(pipeline.answered(intent)),
    };
  }

  async run<T>(flow: Generator<{ readonly kind: keyof PipelinePorts }, T, unknown>): Promise<T> {
    const ports = this.ports;
    let step = flow.next();
    while (step.done !== true) {
      const index = this.commands;
      this.commands += 1;
      if (index === this.#left && !this.#after) {
        throw new Die();
      }
      const port = ports[step.value.kind] as (input: unknown) => Promise<unknown>;
      const result = await port(step.value);
      if (index === this.#left) {
        throw new Die();
      }
      step = flow.next(result);
    }
    return step.value;
  }

  get context(): GateContext {
    return {
      node: NODE,
      skewSeconds: 300,
      moment: this.pipeline.moment(),
      monotonicMs: this.clock.monotonic(),
      strangers: new RateLimiter(1),
      principals: new RateLimiter(1),
    };
  }

  send(inbound: Inbound): Promise<OutgoingAnswer> {
    return this.run(handleRequest(inbound, this.context));
  }

  async recover(): Promise<void> {
    for (const intent of await this.pipeline.unfinished()) {
      await this.run(recover(intent));
    }
    for (const intent of await this.pipeline.queued()) {
      await this.run(publish(intent));
    }
  }
}

/** A key pair for each name. */
function secretOf(name: string): Uint8Array {
  return sha256(utf8ToBytes(name));
}

function publicOf(name: string): string {
  return bytesToHex(nobleCurve.publicKey(secretOf(name)).subarray(1));
}

function message(principal: string, nonce: number, parts: Partial<RequestEnvelope> = {}): Inbound {
  const envelope: RequestEnvelope = {
    principal,
    node: NODE,
    epoch: 0,
    nonce,
    timestamp: START / 1000,
    schema: 'hive:payment/v1',
    action: 'keysend',
    params: { destination: PEER, amount_msat: 1000 },
    ...parts,
  };
  const key = `key-of-${principal}`;
  const digest = sha256(utf8ToBytes(requestSigningText(envelope)));
  const signature = bytesToHex(
    nobleCurve.schnorrSign(digest, secretOf(principal), new Uint8Array(32)),
  );
  return {
    bytes: utf8ToBytes(JSON.stringify(requestToJson({ ...envelope, signature }))),
    transport: 'nostr',
    source: key,
    route: { to: key },
    evidence: {},
  };
}

async function exported(store: Store<CommsTables>): Promise<string[]> {
  const all = await listReceipts(store.reader, 1, 10_000);
  return all.map(exportLine);
}

async function verify(store: Store<CommsTables>): Promise<ReturnType<typeof verifyReceipts>> {
  return verifyReceipts(await exported(store), {
    node: NODE,
    signatures: 'all',
    faultsMax: 5,
    unsignedTailMax: 100_000,
  });
}

async function signAll(store: Store<CommsTables>): Promise<void> {
  const unsigned = await listUnsigned(store.reader, 1000);
  await store.transact(async (tx) => {
    for (const { seq, digest } of unsigned) {
      await signReceipt(tx, seq, signMessage(receiptSigningText(NODE, seq, digest), SECRET).zbase);
    }
  });
}

describe('the migrations', () => {
  it('stay within what cl-hive-comms owns', async () => {
    expect(await checkOwnership('cl-hive-comms', MIGRATIONS)).toEqual([]);
    expect(commsMigrations[0]?.id).toBe(2);
  });
});

describe.each(DATABASE_KINDS)('the pipeline on %s', (kind) => {
  const databases = new TestDatabases(kind);
  const stores: Store<CommsTables>[] = [];
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await databases.remove();
  });

  async function open(clock: VirtualClock, location?: string): Promise<Store<CommsTables>> {
    const store = await openStore<CommsTables>({
      location: location ?? (await databases.location()),
      owner: 'cl-hive-comms',
      migrations: MIGRATIONS,
      clock,
      log: () => undefined,
    });
    stores.push(store);
    return store;
  }

  async function world(
    names: readonly string[],
    policy = POLICY,
    mode: Grant['mode'] = 'act',
  ): Promise<Bench> {
    const clock = new VirtualClock(START);
    const store = await open(clock);
    await store.transact(async (tx) => {
      await savePolicy(tx, policy);
      let book: { readonly advisors: readonly Advisor[] } = { advisors: [] };
      for (const name of names) {
        const keys = [{ scheme: 'schnorr', key: publicOf(name) }] as const;
        book = changeAdvisors(book, { kind: 'add', name, keys }, clock.now());
      }
      for (const advisor of book.advisors) {
        await saveAdvisor(tx, advisor);
        await saveGrant(tx, {
          id: advisor.index,
          advisor: String(advisor.index),
          mode,
          tier: 'admin',
          actions: 'all',
          constraints: {},
          ...(mode === 'act'
            ? { spend: { amountMsat: (10n ** 12n) as Msat, until: (START + 10 ** 10) as UnixMs } }
            : {}),
          from: clock.now(),
        });
      }
    });
    return Bench.open(store, clock, new Effects());
  }

  it('counts each use of a token once, whatever comes at a time', async () => {
    const bench = await world(['alice']);
    bench.askPrice(1000n as Msat);
    const l402 = `L402 AgEE:${'0b'.repeat(32)}`;
    const sent = [1, 2, 3, 4, 5].map((nonce) => bench.send(message('alice', nonce, { l402 })));
    const outcomes = (await Promise.all(sent)).map(({ outcome }) => outcome.code ?? 'done');
    const done = outcomes.filter((code) => code === 'done').length;
    expect(await countUses(bench.store.reader, l402)).toBe(done);
    expect(done).toBeGreaterThan(0);
    let nonce = 6;
    for (let left = 3 - done; left >= 0; left -= 1) {
      const { outcome } = await bench.send(message('alice', nonce, { l402 }));
      nonce += 1;
      expect(outcome.code).toBe(left === 0 ? 'payment_required' : undefined);
    }
    expect(bench.effects.counts.size).toBe(3);
    await bench.store.transact((tx) => pruneUses(tx, bench.pipeline.moment().guardMs));
    expect(await countUses(bench.store.reader, l402)).toBe(3);
    const later = bench.pipeline.moment().guardMs + TOKEN_USES_KEEP_MS + 1;
    await bench.store.transact((tx) => pruneUses(tx, later));
    expect(await countUses(bench.store.reader, l402)).toBe(0);
  });

  it('carries out, records and answers', async () => {
    const bench = await world(['alice']);
    const answer = await bench.send(message('alice', 1));
    expect(answer.outcome).toMatchObject({ outcome: 'executed', receipt: { seq: 2 } });
    expect(await bench.pipeline.unfinished()).toEqual([]);
    expect(await bench.pipeline.queued()).toEqual([]);
    const again = await bench.send(message('alice', 1));
    expect(again).toMatchObject({ repeated: true, outcome: answer.outcome });
    expect((await bench.send(message('alice', 1, { action: 'pay' }))).outcome.code).toBe(
      'param_unknown',
    );
    await signAll(bench.store);
    expect(await verify(bench.store)).toMatchObject({
      ok: true,
      receipts: 2,
      signatures: 2,
      proven: 1,
    });
  });

  it('KX-01: dies at every step, and nothing runs twice or is lost', async () => {
    const bench = await world(['alice']);
    let nonce = 0;
    for (const after of [false, true]) {
      for (let at = 0; at < 9; at += 1) {
        nonce += 1;
        const dying = await Bench.open(bench.store, bench.clock, bench.effects);
        await expect(dying.dieAt(at, after).send(message('alice', nonce))).rejects.toThrow(Die);
        const next = await Bench.open(bench.store, bench.clock, bench.effects);
        await next.recover();
        const answer = await next.send(message('alice', nonce));
        expect(['executed', 'failed']).toContain(answer.outcome.outcome);
        expect(await next.pipeline.unfinished()).toEqual([]);
        expect(await next.pipeline.queued()).toEqual([]);
      }
    }
    expect([...bench.effects.counts.values()].every((count) => count === 1)).toBe(true);
    const report = await verify(bench.store);
    expect(report).toMatchObject({ faults: [], openIntents: [] });
    const left = await bench.store.reader
      .selectFrom('comms_ledger')
      .select('state')
      .where('state', 'in', ['reserved', 'unknown'])
      .execute();
    expect(left).toEqual([]);
  });

  it('DB-09: 200 envelopes at once from 50 senders: exactly 10 run, one chain without a gap', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `adv${i}`);
    const bench = await world(names, {
      ...POLICY,
      settings: { spendPerHourMsat: 10_999n as Msat },
    });
    const context = bench.context;
    const answers = await Promise.all(
      names.flatMap((name) =>
        [1, 2, 3, 4].map((nonce) => bench.run(handleRequest(message(name, nonce), context))),
      ),
    );
    const executed = answers.filter(({ outcome }) => outcome.outcome === 'executed').length;
    expect(executed).toBe(10);
    expect(bench.effects.leftMsat).toBe(10_000n);
    const others = new Set(answers.map(({ outcome }) => outcome.code));
    expect(
      [...others].every(
        (code) => code === undefined || code === 'budget_cap' || code === 'nonce_used',
      ),
    ).toBe(true);
    expect(await verify(bench.store)).toMatchObject({ faults: [], openIntents: [] });
  });

  it('PB-16: approves once, also ten times at once, and over a restart', async () => {
    const bench = await world(['alice'], POLICY, 'advice');
    await bench.send(message('alice', 1));
    const next = await Bench.open(bench.store, bench.clock, bench.effects);
    expect(await next.pipeline.waiting(1)).toMatchObject({ id: 1, state: 'waiting' });
    const words = await Promise.all(
      Array.from({ length: 10 }, () => next.run(handleApproval(1, 'operator'))),
    );
    expect(words.filter((word) => word.kind === 'done').length).toBe(1);
    expect(bench.effects.counts.get(1)).toBe(1);
  });

  it('lapses what nobody decides, by guard time: a step of the wall clock changes nothing', async () => {
    const bench = await world(['alice'], POLICY, 'advice');
    await bench.send(message('alice', 1));
    bench.clock.step(100 * 86_400_000);
    expect(await bench.pipeline.lapse()).toEqual([]);
    bench.clock.advance(25 * 3_600_000);
    const [closed] = await bench.pipeline.lapse();
    expect(closed).toMatchObject({ id: 1, state: 'expired' });
    expect((await bench.pipeline.queued()).map(({ id }) => id)).toEqual([1]);
    await bench.recover();
    expect(bench.answers.at(-1)?.outcome.code).toBe('approval_expired');
  });

  it('a revoked advisor has no grants, in the very transaction', async () => {
    const bench = await world(['alice'], POLICY, 'advice');
    await bench.send(message('alice', 1));
    const { advisors } = await loadAdvisors(bench.store.reader);
    const revoked = changeAdvisors({ advisors }, { kind: 'revoke', advisor: 1 }, bench.clock.now());
    await bench.store.transact(async (tx) => {
      await Promise.all(revoked.advisors.map((advisor) => saveAdvisor(tx, advisor)));
    });
    const word = await bench.run(handleApproval(1, 'operator'));
    expect(word).toMatchObject({ kind: 'refused', refusal: { code: 'grant_missing' } });
    expect((await bench.send(message('alice', 2))).outcome.code).toBe('principal_revoked');
  });

  it('RP-09: pruning keeps the chain, seals it and keeps nonces', async () => {
    const bench = await world(['alice']);
    await bench.send(message('alice', 1));
    const { store } = bench;
    const add = (): Promise<{ readonly seq: number } | undefined> =>
      store.transact((tx) => addCheckpoint(tx, 'prune', bench.clock.now(), NODE));
    const seal = await add();
    expect(seal?.seq).toBe(3);
    expect(await add()).toBeUndefined();
    await expect(store.transact((tx) => pruneReceipts(tx, 3))).rejects.toThrow(
      'no signed checkpoint',
    );
    await signAll(store);
    expect(await store.transact((tx) => pruneReceipts(tx, 3))).toBe(2);
    expect(
      (await bench.send(message('alice', 1, { timestamp: START / 1000 + 1 }))).outcome.code,
    ).toBe('nonce_used');
    await bench.send(message('alice', 2));
    await signAll(store);
    expect(await verify(store)).toMatchObject({ ok: true, receipts: 3, head: { seq: 5 } });
    await store.transact((tx) => addCheckpoint(tx, 'hour', bench.clock.now(), NODE));
    await signAll(store);
    expect(await verify(store)).toMatchObject({ ok: true, receipts: 4 });
  });

  it('I3: a second receipt with one predecessor is refused by the database', async () => {
    const bench = await world([]);
    const { store } = bench;
    const draft = { kind: 'admin', at: bench.clock.now(), data: {} } as const;
    const first = await store.transact((tx) => addReceipt(tx, draft, NODE));
    const fork = store.transact((tx) =>
      tx
        .insertInto('management_receipts')
        .values({
          seq: 2,
          kind: 'admin',
          at_ms: 0,
          prev: '0'.repeat(64),
          digest: 'f'.repeat(64),
          body: first.body,
          signature: null,
        })
        .execute(),
    );
    await expect(fork).rejects.toThrow();
  });

  it('reads settings back as they were stored', async () => {
    const bench = await world([]);
    const { store } = bench;
    expect((await loadPolicy(store.reader)).preset).toBe('aggressive');
    await fc.assert(
      fc.asyncProperty(anyPolicy, anyGrant, async (policy, grant) => {
        await store.transact(async (tx) => {
          await savePolicy(tx, policy);
          await saveGrant(tx, grant);
        });
        expect(await loadPolicy(store.reader)).toEqual(policy);
        const read = await loadGrants(store.reader, grant.advisor);
        expect(read.find(({ id }) => id === grant.id)).toEqual(grant);
      }),
      { numRuns: 25 },
    );
  });

  it('I4, DB-06: counts as the ledger in memory does, with amounts above 2^53', async () => {
    const bench = await world([]);
    const { store } = bench;
    const entry = fc.record({
      intent: fc.integer({ min: 1, max: 12 }),
      power: fc.constantFrom('spend' as const, 'close' as const),
      principal: fc.constantFrom('1', '2'),
      grant: fc.constantFrom(undefined, 1),
      payment: fc.constantFrom(
        undefined,
        ...['service', 'settlement'].map((purpose) => ({
          method: 'bolt11',
          purpose,
          payee: undefined,
          reference: undefined,
        })),
      ),
      amountMsat: fc.bigInt({ min: 0n, max: 2n ** 63n }) as fc.Arbitrary<Msat>,
      state: fc.constantFrom(
        'reserved' as const,
        'settled' as const,
        'released' as const,
        'unknown' as const,
      ),
      atGuardMs: fc.nat(10_000),
    });
    let book: LedgerBook = new Map();
    await fc.assert(
      fc.asyncProperty(entry, fc.nat(12_000), async (one, now) => {
        book = new Map(book).set(ledgerKey(one.intent, one.power), one);
        await store.transact((tx) => putEntry(tx, one));
        for (const principal of [undefined, '1']) {
          const cap = {
            setting: '',
            principal,
            power: 'spend' as const,
            windowMs: 5000,
            capMsat: 0n as Msat,
          };
          expect(await usedMsat(store.reader, ['spend'], principal, now - 5000)).toBe(
            capUse(book, cap, now).usedMsat,
          );
          const scoped = { ...cap, purpose: 'service' };
          const uses = await capUses(store.reader, [cap, scoped], now);
          expect(uses).toEqual([cap, scoped].map((each) => capUse(book, each, now)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps guard time over a restart and tells steps of the clock', async () => {
    const bench = await world(['alice']);
    bench.clock.advance(5000);
    await bench.send(message('alice', 1));
    const before = bench.pipeline.moment().guardMs;
    const steps: number[] = [];
    const { store, clock } = bench;
    const options = { store, clock, node: NODE, epoch: 0, onStep: (ms: number) => steps.push(ms) };
    const next = await PipelineStore.open(options);
    expect(next.moment().guardMs).toBe(before);
    clock.step(-3_600_000);
    clock.advance(10);
    expect(next.moment().guardMs).toBe(before + 10);
    expect(steps).toEqual([-3_600_000]);
  });

  it('RP-10: after a restore the messages of before are for another epoch', async () => {
    const bench = await world(['alice']);
    const { store, clock, effects } = bench;
    await bench.send(message('alice', 1));
    const restored = await Bench.open(store, clock, effects, 1);
    await store.transact((tx) => tx.deleteFrom('comms_nonces').execute());
    await store.transact((tx) => tx.deleteFrom('comms_intents').execute());
    expect((await restored.send(message('alice', 1))).outcome).toMatchObject({
      code: 'epoch_mismatch',
      remedy: 'sign with epoch 1',
    });
    expect((await restored.send(message('alice', 1, { epoch: 1 }))).outcome.code).not.toBe(
      'epoch_mismatch',
    );
  });

  it('starts only what is claimed', async () => {
    const bench = await world(['alice']);
    await expect(bench.pipeline.start(7)).rejects.toThrow('not claimed');
    await bench.send(message('alice', 1));
    await expect(bench.pipeline.start(1)).rejects.toThrow('not claimed');
    const unfinished: readonly Intent[] = await bench.pipeline.unfinished();
    expect(unfinished).toEqual([]);
  });
});
