import {
  answerAbout,
  approvalLifeMs,
  DEFAULT_POLICY,
  drive,
  type GateContext,
  type Grant,
  handleApproval,
  handleRejection,
  handleRequest,
  type Inbound,
  type OutgoingAnswer,
  type PipelinePorts,
  type Policy,
  RateLimiter,
  recover,
  verifyReceipts,
} from '@cl-hive/comms';
import type { JsonObject, Msat, UnixMs } from '@cl-hive/core';
import { type RequestEnvelope, requestToJson, utf8ToBytes } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Behaviour,
  Crash,
  Desk,
  Effects,
  Fuse,
  isSettled,
  NODE,
  newDisk,
  restart,
  START,
} from './memory-desk.ts';

const PEER = `03${'cd'.repeat(32)}`;
const POLICY: Policy = { ...DEFAULT_POLICY, preset: 'aggressive' };
const spend = { amountMsat: (10n ** 12n) as Msat, until: (START + 10 ** 10) as UnixMs };
const grantOf = (advisor: string, parts: Partial<Grant> = {}): Grant => ({
  id: Number(advisor),
  advisor,
  mode: 'act',
  tier: 'admin',
  actions: 'all',
  constraints: {},
  spend,
  from: START,
  ...parts,
});
const GRANTS = [grantOf('1'), grantOf('2')];

const KEYSEND = {
  schema: 'hive:payment/v1',
  action: 'keysend',
  params: { destination: PEER, amount_msat: 1000 },
};
const FEES = {
  schema: 'hive:fee-policy/v1',
  action: 'set_single',
  params: { channel_id: '1x1x1', fee_ppm: 5 },
};
const WITHDRAW = {
  schema: 'hive:channel/v1',
  action: 'close_force',
  params: { channel_id: '1x1x1' },
};
const INFO = { schema: 'hive:monitor/v1', action: 'get_info', params: {} };

function message(parts: Partial<RequestEnvelope> & { key?: string } = {}): Inbound {
  const { key = `key-of-${parts.principal ?? 'alice'}`, ...rest } = parts;
  const envelope: RequestEnvelope = {
    principal: 'alice',
    node: NODE,
    epoch: 0,
    nonce: 1,
    timestamp: START / 1000,
    ...KEYSEND,
    ...rest,
  };
  return {
    bytes: utf8ToBytes(JSON.stringify(requestToJson(envelope))),
    transport: 'nostr',
    source: key,
    route: { to: key },
    evidence: { key },
  };
}

function world(policy = POLICY, grants: readonly Grant[] = GRANTS): Desk {
  const desk = new Desk(newDisk(['alice', 'bob'], policy, grants), new Effects());
  desk.amountMsat = 1000n;
  return desk;
}

/** A process: its limiters are new at each start. */
class Process {
  readonly desk: Desk;
  readonly strangers = new RateLimiter(1);
  readonly principals = new RateLimiter(1);

  constructor(desk: Desk) {
    this.desk = desk;
  }

  get context(): GateContext {
    return {
      node: NODE,
      skewSeconds: 300,
      moment: this.desk.moment,
      monotonicMs: this.desk.guardMs,
      strangers: this.strangers,
      principals: this.principals,
    };
  }

  send(inbound: Inbound, fuse = new Fuse()): Promise<OutgoingAnswer> {
    return fuse.run(handleRequest(inbound, this.context), this.desk);
  }
}

/** I2, I3, I4: at most one effect per intent, each effect in the chain, nothing left open. */
function checkInvariants(desk: Desk): void {
  const { disk, effects } = desk;
  const report = verifyReceipts(disk.lines, {
    node: NODE,
    signatures: 'seals',
    faultsMax: 10,
    unsignedTailMax: Number.POSITIVE_INFINITY,
    anchors: [disk.head],
  });
  expect(report.faults).toEqual([]);
  expect(report.openIntents).toEqual([]);
  const executed = new Set<unknown>();
  for (const line of disk.lines) {
    const { body } = JSON.parse(line) as { body: { kind: string; data: JsonObject } };
    if (body.kind === 'outcome' && body.data['outcome'] === 'executed') {
      executed.add(body.data['intent']);
    }
  }
  for (const intent of disk.intents.values()) {
    const count = effects.counts.get(intent.id) ?? 0;
    expect(count).toBeLessThanOrEqual(1);
    expect(isSettled(intent)).toBe(true);
    expect(executed.has(intent.id)).toBe(count === 1);
    expect(intent.state === 'executed').toBe(count === 1);
  }
  for (const entry of disk.ledger.values()) {
    expect(['settled', 'released']).toContain(entry.state);
  }
  const settled = [...disk.ledger.values()].filter(
    ({ state, power }) => state === 'settled' && power === 'spend',
  );
  expect(settled.reduce((sum, { amountMsat }) => sum + amountMsat, 0n)).toBe(effects.leftMsat);
  expect(disk.queue.size).toBe(0);
}

describe('the pipeline', () => {
  it('carries out what is allowed, with receipts before and after', async () => {
    const desk = world();
    const fuse = new Fuse();
    const answer = await new Process(desk).send(message(), fuse);
    expect(answer).toMatchObject({
      authenticated: true,
      nonce: 1,
      repeated: false,
      outcome: { outcome: 'executed', result: { ok: true }, receipt: { seq: 2 } },
    });
    expect(fuse.passed).toEqual([
      'authenticate',
      'facts',
      'toll',
      'claim',
      'start',
      'execute',
      'observe',
      'record',
      'answer',
      'answered',
    ]);
    expect(desk.disk.head.seq).toBe(2);
    checkInvariants(desk);
  });

  it('answers reads with a nonce and without a receipt', async () => {
    const desk = world();
    const fuse = new Fuse();
    const answer = await new Process(desk).send(message(INFO), fuse);
    expect(answer.outcome).toEqual({ outcome: 'executed', result: { read: true } });
    expect(fuse.passed).toEqual(['authenticate', 'facts', 'toll', 'claim', 'read', 'answer']);
    expect(desk.disk.nonces.get('1')).toBe(1);
    expect(desk.disk.lines.length).toBe(0);
    const again = await new Process(desk).send(message(INFO));
    expect(again.outcome.code).toBe('nonce_used');
  });

  it('PB-01, PB-06: refuses early, and says what would change it', async () => {
    const cases: readonly (readonly [string, Inbound])[] = [
      ['wrong_node', message({ node: `02${'cc'.repeat(32)}` as typeof NODE })],
      ['clock_skew', message({ timestamp: START / 1000 - 301 })],
      ['clock_skew', message({ timestamp: START })],
      ['epoch_mismatch', message({ epoch: 1 })],
      ['nonce_ahead', message({ nonce: Number.MAX_SAFE_INTEGER })],
      ['principal_mismatch', message({ principal: 'bob', key: 'key-of-alice' })],
      ['principal_unknown', message({ key: 'key-of-mallory' })],
      ['signature_invalid', { ...message(), evidence: {} }],
      [
        'schema_unknown',
        message({ schema: 'hive:policy/v1', action: 'preset', params: { preset: 'aggressive' } }),
      ],
      ['action_unknown', message({ action: 'preset' })],
      ['action_unknown', message({ action: ' KEYSEND ' })],
      ['action_unknown', message({ action: 'key\u017fend' })],
      ['param_invalid', message({ params: { destination: PEER, amount_msat: 0 } })],
      ['envelope_too_large', { ...message(), bytes: new Uint8Array(65_536) }],
      ['envelope_syntax', { ...message(), bytes: utf8ToBytes('{') }],
    ];
    for (const [code, inbound] of cases) {
      const desk = world();
      const answer = await new Process(desk).send(inbound);
      expect([code, answer.outcome.outcome, answer.outcome.code]).toEqual([code, 'refused', code]);
      expect(answer.outcome.remedy).not.toBe('');
      expect(desk.effects.counts.size).toBe(0);
      expect(desk.disk.intents.size).toBe(0);
    }
  });

  it('TI-01: what is refused for its size claims no nonce', async () => {
    const desk = world();
    await new Process(desk).send({ ...message(), bytes: new Uint8Array(65_536) });
    expect(desk.disk.nonces.size).toBe(0);
  });

  it('PB-22: refused dangerous requests leave a receipt, copies of them no second one', async () => {
    const desk = world(POLICY, [grantOf('1', { tier: 'standard' })]);
    const process = new Process(desk);
    const unknown = message({ action: 'preset', nonce: 1 });
    await process.send(unknown);
    await process.send(unknown);
    expect(desk.disk.lines.length).toBe(1);
    const refused = message({ nonce: 2 });
    expect((await process.send(refused)).outcome.code).toBe('tier_too_low');
    expect(await process.send(refused)).toMatchObject({
      repeated: true,
      outcome: { code: 'tier_too_low' },
    });
    expect(desk.disk.lines.length).toBe(2);
    checkInvariants(desk);
  });

  it('RP-01: one message under three names of its sender has one effect', async () => {
    const desk = world();
    const process = new Process(desk);
    const codes: unknown[] = [];
    for (const principal of ['alice', '1', 'key-of-alice', 'alice']) {
      const answer = await process.send(message({ principal, key: 'key-of-alice' }));
      codes.push(answer.outcome.code ?? answer.outcome.outcome);
    }
    expect(codes).toEqual(['executed', 'nonce_used', 'nonce_used', 'executed']);
    expect(desk.effects.counts.get(1)).toBe(1);
    checkInvariants(desk);
  });

  it('RP-06, RL-01: copies that arrive together have one effect and one answer that is not a repetition', async () => {
    const desk = world();
    const process = new Process(desk);
    const answers = await Promise.all(Array.from({ length: 5 }, () => process.send(message())));
    expect(desk.effects.counts.get(1)).toBe(1);
    expect(answers.filter(({ repeated }) => !repeated).length).toBe(1);
    checkInvariants(desk);
  });

  it('RP-13: an idempotency key stands for one action', async () => {
    const desk = world();
    const process = new Process(desk);
    const key = { idempotencyKey: 'k' };
    await process.send(message({ ...key, nonce: 1 }));
    const again = await process.send(message({ ...key, nonce: 2 }));
    expect(again).toMatchObject({ nonce: 2, repeated: true, outcome: { outcome: 'executed' } });
    const other = { destination: PEER, amount_msat: 2000 };
    const conflict = await process.send(message({ ...key, nonce: 3, params: other }));
    expect(conflict.outcome.code).toBe('idempotency_conflict');
    const bob = await process.send(message({ ...key, principal: 'bob', nonce: 1 }));
    expect(bob.repeated).toBe(false);
    desk.behaviour = 'fails';
    await process.send(message({ idempotencyKey: 'f', nonce: 4 }));
    desk.behaviour = 'works';
    const retried = await process.send(message({ idempotencyKey: 'f', nonce: 5 }));
    expect(retried).toMatchObject({ repeated: false, outcome: { outcome: 'executed' } });
    checkInvariants(desk);
  });

  it('RL-06: freshness is that of the signed envelope', async () => {
    const desk = world();
    desk.guardMs = 300_000;
    expect((await new Process(desk).send(message())).outcome.outcome).toBe('executed');
    desk.guardMs = 301_000;
    expect((await new Process(desk).send(message({ nonce: 2 }))).outcome.code).toBe('clock_skew');
  });

  it('SG-01: a bad signature uses nothing of the named sender up', async () => {
    const desk = world();
    const process = new Process(desk);
    for (let i = 0; i < 200; i += 1) {
      await process.send({ ...message({ nonce: 10 + i }), evidence: {}, source: `x${i % 3}` });
    }
    expect((await process.send(message())).outcome.outcome).toBe('executed');
  });

  it('holds the rate of a principal', async () => {
    const process = new Process(world());
    const codes = new Map<unknown, number>();
    for (let nonce = 1; nonce <= 8; nonce += 1) {
      const { code } = (await process.send({ ...message({ nonce }), source: `s${nonce}` })).outcome;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes).toEqual(
      new Map<unknown, number>([
        [undefined, 5],
        ['rate_limited_dangerous', 3],
      ]),
    );
  });

  it('holds the budget: of 200 envelopes at once from 50 senders exactly 10 run', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `adv${i}`);
    const grants = names.map((_, i) => grantOf(String(i + 1)));
    const tight: Policy = { ...POLICY, settings: { actionsPerHour: 10 } };
    const desk = new Desk(newDisk(names, tight, grants), new Effects());
    const process = new Process(desk);
    await Promise.all(
      names.flatMap((principal) =>
        [1, 2, 3, 4].map((nonce) => process.send(message({ principal, nonce, ...FEES }))),
      ),
    );
    expect([...desk.effects.counts.values()].reduce((a, b) => a + b, 0)).toBe(10);
    checkInvariants(desk);
    const money: Policy = { ...POLICY, settings: { spendPerHourMsat: 10_999n as Msat } };
    const paying = new Desk(newDisk(names, money, grants), new Effects());
    paying.amountMsat = 1000n;
    const payer = new Process(paying);
    const answers = await Promise.all(
      names.flatMap((principal) =>
        [1, 2, 3, 4].map((nonce) => payer.send(message({ principal, nonce }))),
      ),
    );
    expect(paying.effects.leftMsat).toBe(10_000n);
    expect(answers.filter(({ outcome }) => outcome.code === 'budget_cap').length).toBe(190);
    checkInvariants(paying);
  });

  it('costs nothing when the node cannot do it', async () => {
    const desk = world();
    desk.behaviour = 'unsupported';
    const answer = await new Process(desk).send(message());
    expect(answer.outcome).toMatchObject({ outcome: 'unsupported', code: 'unsupported' });
    expect([...desk.disk.ledger.values()].map(({ state }) => state)).toEqual(['released']);
    checkInvariants(desk);
  });

  it('keeps the reservation of an unknown outcome until it is found', async () => {
    const desk = world();
    desk.behaviour = 'lost_reply';
    const answer = await new Process(desk).send(message());
    expect(answer.outcome).toMatchObject({ outcome: 'unknown', code: 'outcome_unknown' });
    expect([...desk.disk.ledger.values()].map(({ state }) => state)).toEqual(['unknown']);
    desk.blind = true;
    await restart(desk);
    await restart(desk);
    expect(desk.disk.intents.get(1)?.state).toBe('unknown');
    expect(desk.disk.lines.length).toBe(2);
    const told = await new Process(desk).send(message());
    expect(told).toMatchObject({ repeated: true, outcome: { outcome: 'unknown' } });
    desk.blind = false;
    await restart(desk);
    expect(desk.disk.intents.get(1)?.state).toBe('executed');
    checkInvariants(desk);
  });

  it('an effect that was reported but is not there is unknown, not done', async () => {
    const desk = world();
    const ports = {
      ...desk.ports,
      observe: async () => ({ stateAfter: undefined, confirmed: false }),
    };
    const answer = await drive(handleRequest(message(), new Process(desk).context), ports);
    expect(answer.outcome.outcome).toBe('unknown');
    await restart(desk);
    checkInvariants(desk);
  });

  it('DB-01, KX-07: whatever a port throws, the sender is told, and nothing runs twice or is lost', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('disk full');
    };
    const expected: Partial<Record<keyof PipelinePorts, readonly [string, string]>> = {
      authenticate: ['unknown', 'storage'],
      facts: ['failed', 'node_unavailable'],
      claim: ['unknown', 'storage'],
      start: ['unknown', 'storage'],
      execute: ['unknown', 'outcome_unknown'],
      observe: ['unknown', 'storage'],
      record: ['unknown', 'storage'],
      answered: ['unknown', 'storage'],
    };
    for (const [kind, [outcome, code]] of Object.entries(expected)) {
      const desk = world();
      const ports: PipelinePorts = { ...desk.ports, [kind]: fail };
      const answer = await drive(handleRequest(message(), new Process(desk).context), ports);
      expect([kind, answer.outcome.outcome, answer.outcome.code]).toEqual([kind, outcome, code]);
      expect(desk.answers.at(-1)).toBe(answer);
      expect(desk.faults.length).toBe(kind === 'execute' ? 0 : 1);
      expect(answer.authenticated).toBe(kind !== 'authenticate');
      await restart(desk);
      await new Process(desk).send(message());
      checkInvariants(desk);
    }
  });
});

describe('approvals', () => {
  const waitingWorld = async (): Promise<{ desk: Desk; process: Process }> => {
    const desk = world(POLICY, [grantOf('1', { mode: 'advice' })]);
    const process = new Process(desk);
    const answer = await process.send(message());
    expect(answer).toMatchObject({
      approval: 1,
      outcome: { outcome: 'pending', code: 'approval_waits' },
    });
    expect(desk.notified).toEqual([1]);
    return { desk, process };
  };

  it('PB-16: are a queue: ten approvals at once run it once', async () => {
    const { desk } = await waitingWorld();
    const words = await Promise.all(
      Array.from({ length: 10 }, () => new Fuse().run(handleApproval(1, 'operator'), desk)),
    );
    expect(words.filter(({ kind }) => kind === 'done').length).toBe(1);
    for (const word of words) {
      expect(word.kind === 'done' || word.refusal.code === 'approval_already').toBe(true);
    }
    expect(desk.effects.counts.get(1)).toBe(1);
    checkInvariants(desk);
  });

  it('tell the sender the outcome, also when it asks again', async () => {
    const { desk, process } = await waitingWorld();
    expect(await process.send(message())).toMatchObject({
      repeated: true,
      outcome: { outcome: 'pending' },
    });
    await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(desk.answers.at(-1)).toMatchObject({ nonce: 1, outcome: { outcome: 'executed' } });
    expect(await process.send(message())).toMatchObject({ outcome: { outcome: 'executed' } });
    const twice = await new Fuse().run(handleRejection(1, 'operator'), desk);
    expect(twice).toMatchObject({ kind: 'refused', refusal: { code: 'approval_already' } });
  });

  it('ask policy and budget again at that moment', async () => {
    const { desk } = await waitingWorld();
    Object.assign(desk.disk, { grants: [] });
    const gone = await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(gone).toMatchObject({ kind: 'refused', refusal: { code: 'grant_missing' } });
    Object.assign(desk.disk, { grants: [grantOf('1', { mode: 'advice' })] });
    Object.assign(desk.disk, { policy: { ...POLICY, settings: { spendPerHourMsat: 999n } } });
    const dear = await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(dear).toMatchObject({ kind: 'refused', refusal: { code: 'budget_cap' } });
    expect(desk.disk.intents.get(1)?.state).toBe('waiting');
    Object.assign(desk.disk, { policy: POLICY });
    await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(desk.effects.counts.get(1)).toBe(1);
    checkInvariants(desk);
  });

  it('lapse by danger, never into a yes', async () => {
    const { desk } = await waitingWorld();
    desk.guardMs = approvalLifeMs(6) - 1;
    expect(await new Fuse().run(handleApproval(9, 'operator'), desk)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'approval_unknown' },
    });
    desk.guardMs += 1;
    const late = await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(late).toMatchObject({
      answer: { outcome: { outcome: 'refused', code: 'approval_expired' } },
    });
    expect(desk.effects.counts.size).toBe(0);
    expect([10, 9, 8, 7, 6, 5, 4, 1].map((danger) => approvalLifeMs(danger) / 3_600_000)).toEqual([
      1, 1, 6, 6, 24, 24, 72, 72,
    ]);
    checkInvariants(desk);
  });

  it('can be rejected, and are bounded for each advisor', async () => {
    const { desk } = await waitingWorld();
    const rejected = await new Fuse().run(handleRejection(1, 'operator'), desk);
    expect(rejected).toMatchObject({ answer: { outcome: { code: 'approval_rejected' } } });
    const codes: unknown[] = [];
    for (let nonce = 2; nonce < 25; nonce += 1) {
      codes.push((await new Process(desk).send(message({ nonce }))).outcome.code);
    }
    expect(codes.filter((code) => code === 'approval_waits').length).toBe(20);
    expect(codes.at(-1)).toBe('approvals_full');
  });

  it('a force close always waits for a person, and is charged to nobody without a grant', async () => {
    const desk = world();
    desk.amountMsat = 0n;
    desk.closesMsat = 5000n;
    const answer = await new Process(desk).send(message(WITHDRAW));
    expect(answer.outcome.outcome).toBe('pending');
    await new Fuse().run(handleApproval(1, 'operator'), desk);
    expect(desk.effects.counts.get(1)).toBe(1);
    expect([...desk.disk.ledger.values()]).toMatchObject([
      { power: 'force_close', grant: undefined, state: 'settled', amountMsat: 5000n },
    ]);
    checkInvariants(desk);
  });
});

const BEHAVIOURS: readonly Behaviour[] = [
  'works',
  'fails',
  'unsupported',
  'lost_reply',
  'lost_request',
];

describe('dying at every step', () => {
  /** Runs `act`, dies at step k, starts again (and dies there at step j), and lets the sender ask again. */
  async function dieAt(
    at: number,
    after: boolean,
    again: number,
    behaviour: Behaviour,
    advice: boolean,
  ): Promise<number> {
    const desk = world(POLICY, [grantOf('1', advice ? { mode: 'advice' } : {})]);
    desk.behaviour = behaviour;
    if (advice) {
      await new Process(desk).send(message());
    }
    const fuse = new Fuse(at, after);
    const act = advice
      ? fuse.run(handleApproval(1, 'operator'), desk)
      : new Process(desk).send(message(), fuse);
    await act.catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    await restart(desk, new Fuse(again, after)).catch((error: unknown) =>
      expect(error).toBeInstanceOf(Crash),
    );
    await restart(desk);
    if (advice) {
      await new Fuse().run(handleApproval(1, 'operator'), desk);
    }
    const answer = await new Process(desk).send(message());
    expect(['executed', 'failed', 'unsupported', 'unknown']).toContain(answer.outcome.outcome);
    await restart(desk);
    checkInvariants(desk);
    expect(desk.disk.intents.size).toBe(1);
    return fuse.passed.length;
  }

  it.each(BEHAVIOURS)(
    'KX-01, RP-03, RP-04: no action twice, none lost, when the node %s',
    async (behaviour) => {
      for (const advice of [false, true]) {
        for (const after of [false, true]) {
          let steps = Number.POSITIVE_INFINITY;
          for (let at = 0; at < steps; at += 1) {
            for (const again of [0, 1, 2, 3, 4, Number.POSITIVE_INFINITY]) {
              const passed = await dieAt(at, after, again, behaviour, advice);
              steps = passed <= at ? 0 : steps;
            }
          }
        }
      }
    },
  );

  it('I2, I3, I4: holds for any mixture of senders, copies, deaths and faults', async () => {
    const step = fc.record({
      principal: fc.constantFrom('alice', 'bob'),
      nonce: fc.integer({ min: 1, max: 6 }),
      what: fc.constantFrom(KEYSEND, FEES, WITHDRAW, INFO),
      key: fc.constantFrom(undefined, 'k1', 'k2'),
      behaviour: fc.constantFrom(...BEHAVIOURS),
      die: fc.option(fc.record({ at: fc.nat(9), after: fc.boolean() }), { freq: 2 }),
      approve: fc.boolean(),
      wait: fc.nat(20_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const tight: Policy = { ...POLICY, settings: { spendPerHourMsat: 3500n as Msat } };
        const desk = world(tight, [grantOf('1'), grantOf('2', { mode: 'advice' })]);
        let process = new Process(desk);
        const perNonce = new Map<string, Set<number>>();
        for (const { principal, nonce, what, key, behaviour, die, approve, wait } of steps) {
          desk.guardMs += wait;
          desk.behaviour = behaviour;
          desk.amountMsat = what === KEYSEND ? 1000n : 0n;
          desk.closesMsat = what === WITHDRAW ? 5000n : 0n;
          const fuse = new Fuse(die?.at, die?.after);
          const inbound = message({
            principal,
            nonce,
            ...what,
            ...(key === undefined ? {} : { idempotencyKey: key }),
          });
          const waiting = [...desk.disk.intents.values()].find(({ state }) => state === 'waiting');
          const act: Promise<unknown> =
            approve && waiting !== undefined
              ? fuse.run(handleApproval(waiting.id, 'operator'), desk)
              : process.send(inbound, fuse);
          await act.catch(async (error: unknown) => {
            expect(error).toBeInstanceOf(Crash);
            await restart(desk);
            process = new Process(desk);
          });
          const left = [...desk.disk.ledger.values()]
            .filter(({ power, state }) => power === 'spend' && state !== 'released')
            .reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
          expect(left <= 3500n).toBe(true);
        }
        await restart(desk);
        checkInvariants(desk);
        for (const intent of desk.disk.intents.values()) {
          const slot = `${intent.principal}/${intent.nonce}`;
          perNonce.set(slot, (perNonce.get(slot) ?? new Set()).add(intent.id));
        }
        for (const ids of perNonce.values()) {
          expect(ids.size).toBe(1);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('leaves alone what is over', async () => {
    const desk = world();
    await new Process(desk).send(message());
    const intent = desk.disk.intents.get(1);
    const fuse = new Fuse();
    if (intent !== undefined) {
      await fuse.run(recover(intent), desk);
      expect(answerAbout(intent).repeated).toBe(false);
    }
    expect(fuse.passed).toEqual([]);
  });
});
