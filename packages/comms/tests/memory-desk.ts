// A node and its database in memory, to drive the pipeline's flows with: what is in `Disk` survives a
// crash, everything else is lost with it. Transactions are atomic because they are synchronous.
import {
  type Activity,
  type AdvisorBook,
  appendReceipt,
  type ChainHead,
  type ClaimSnapshot,
  capUse,
  changeAdvisors,
  decideApproval,
  decideClaim,
  decideMalformed,
  decideOutcome,
  decideRejection,
  type EffectResult,
  EMPTY_HEAD,
  effectiveRules,
  exportLine,
  FINAL_STATES,
  type Flow,
  type Grant,
  grantUse,
  type Intent,
  type LedgerBook,
  type LedgerPower,
  ledgerKey,
  type Moment,
  type OutgoingAnswer,
  type PipelineCommand,
  type PipelinePorts,
  type Policy,
  policyCaps,
  publish,
  recover,
  type TokenUse,
  type Toll,
  type Write,
} from '@cl-hive/comms';
import type { Msat, NodeId, UnixMs } from '@cl-hive/core';

export const NODE = `02${'ab'.repeat(32)}` as NodeId;
export const START = 1_800_000_000_000 as UnixMs;

export interface Disk {
  readonly advisors: AdvisorBook;
  readonly policy: Policy;
  readonly grants: readonly Grant[];
  readonly nonces: Map<string, number>;
  readonly intents: Map<number, Intent>;
  ledger: LedgerBook;
  readonly lines: string[];
  head: ChainHead;
  readonly queue: Set<number>;
  /** Uses of tokens that were counted. */
  uses: TokenUse[];
}

export function newDisk(names: readonly string[], policy: Policy, grants: readonly Grant[]): Disk {
  let advisors: AdvisorBook = { advisors: [] };
  for (const name of names) {
    const keys = [{ scheme: 'schnorr', key: `key-of-${name}` }] as const;
    advisors = changeAdvisors(advisors, { kind: 'add', name, keys }, START);
  }
  return {
    advisors,
    policy,
    grants,
    nonces: new Map(),
    intents: new Map(),
    ledger: new Map(),
    lines: [],
    head: EMPTY_HEAD,
    queue: new Set(),
    uses: [],
  };
}

/** What the node did, counted outside of everything that is tested. */
export class Effects {
  readonly counts = new Map<number, number>();
  leftMsat = 0n;

  happen(intent: Intent): void {
    this.counts.set(intent.id, (this.counts.get(intent.id) ?? 0) + 1);
    this.leftMsat += (intent.facts.amountMsat ?? 0n) + intent.facts.feeMsat;
  }
}

/** How the node behaves towards an execution. */
export type Behaviour = 'works' | 'fails' | 'unsupported' | 'lost_reply' | 'lost_request';

export class Desk {
  readonly disk: Disk;
  readonly effects: Effects;
  readonly answers: OutgoingAnswer[] = [];
  readonly notified: number[] = [];
  guardMs = 0;
  behaviour: Behaviour = 'works';
  blind = false;
  amountMsat = 0n;
  closesMsat = 0n;
  /** What senders are asked for; a token that is shown is good for three uses under its own text. */
  prices: Omit<Toll, 'token'> | undefined;

  constructor(disk: Disk, effects: Effects) {
    this.disk = disk;
    this.effects = effects;
  }

  get moment(): Moment {
    return { now: (START + this.guardMs) as UnixMs, guardMs: this.guardMs };
  }

  #write(writes: readonly Write[]): void {
    let last: { seq: number; digest: string } | undefined;
    for (const write of writes) {
      switch (write.kind) {
        case 'nonce':
          this.disk.nonces.set(write.principal, write.nonce);
          break;
        case 'intent':
          this.disk.intents.set(write.intent.id, write.intent);
          break;
        case 'ledger': {
          const { entry } = write;
          this.disk.ledger = new Map(this.disk.ledger).set(
            ledgerKey(entry.intent, entry.power),
            entry,
          );
          break;
        }
        case 'stop':
          break;
        case 'token_use':
          this.disk.uses.push(write.use);
          break;
        case 'token_back':
          this.disk.uses = this.disk.uses.filter(({ intent }) => intent !== write.intent);
          break;
        case 'receipt': {
          const { receipt, head } = appendReceipt(this.disk.head, write.draft, NODE);
          this.disk.lines.push(exportLine({ ...receipt, signature: undefined }));
          this.disk.head = head;
          last = head;
          break;
        }
        case 'answer': {
          const intent = this.disk.intents.get(write.intent);
          if (intent?.outcome !== undefined && last !== undefined) {
            const outcome = { ...intent.outcome, receipt: last };
            this.disk.intents.set(intent.id, { ...intent, outcome });
          }
          this.disk.queue.add(write.intent);
          break;
        }
      }
    }
  }

  #activity(principal: string): Activity {
    const acted = [...this.disk.intents.values()].filter(
      ({ state }) => !['waiting', 'refused', 'rejected', 'expired'].includes(state),
    );
    const since = (ms: number): number =>
      acted.filter(({ guardMs }) => guardMs > this.guardMs - ms).length;
    const rules = effectiveRules(this.disk.policy, this.moment.now);
    const used = (power: LedgerPower, windowMs: number, of?: string): Msat =>
      capUse(
        this.disk.ledger,
        { setting: '', principal: of, power, windowMs, capMsat: 0n as Msat },
        this.guardMs,
      ).usedMsat;
    return {
      actionsLastHour: since(3_600_000),
      actionsLastDay: since(86_400_000),
      spentLastHourMsat: used('spend', 3_600_000, principal),
      closedInWindowMsat: (used('close', rules.closeWindowHours * 3_600_000) +
        used('force_close', rules.closeWindowHours * 3_600_000)) as Msat,
      grantUse: grantUse(this.disk.ledger),
    };
  }

  #snapshot(
    principal: string,
    nonce: number,
    key: string | undefined,
    token?: string,
  ): ClaimSnapshot {
    const { disk } = this;
    const intents = [...disk.intents.values()];
    const mine = intents.filter((intent) => intent.principal === principal);
    const waiting = intents.filter(({ state }) => state === 'waiting');
    const caps = policyCaps(effectiveRules(disk.policy, this.moment.now), principal);
    return {
      epoch: 0,
      highestNonce: disk.nonces.get(principal) ?? 0,
      byNonce: mine.find((intent) => intent.nonce === nonce),
      byKey: mine.findLast(({ idempotencyKey }) => key !== undefined && idempotencyKey === key),
      policy: disk.policy,
      grants: disk.grants.filter(({ advisor }) => advisor === principal),
      activity: this.#activity(principal),
      capUses: caps.map((cap) => capUse(disk.ledger, cap, this.guardMs)),
      stop: undefined,
      paid: undefined,
      waiting: {
        ofPrincipal: waiting.filter((intent) => intent.principal === principal).length,
        all: waiting.length,
      },
      nextIntent: disk.intents.size + 1,
      tokenUses: disk.uses.filter((use) => use.token === token).length,
    };
  }

  readonly faults: unknown[] = [];

  readonly ports: PipelinePorts = {
    fault: async ({ error }) => {
      this.faults.push(error);
      return undefined;
    },
    authenticate: async ({ inbound }) => {
      const key = inbound.evidence['key'];
      return typeof key === 'string'
        ? { ok: true, key: { scheme: 'schnorr', key }, advisors: this.disk.advisors }
        : { ok: false, message: 'no signature' };
    },
    refuse: async ({ malformed }) => {
      const highestNonce = this.disk.nonces.get(malformed.principal) ?? 0;
      this.#write(decideMalformed(malformed, { epoch: 0, highestNonce }, this.moment));
      return undefined;
    },
    facts: async () => ({
      facts: {
        peers: [],
        channels: [],
        amountMsat: this.amountMsat as Msat,
        feeMsat: 0n as Msat,
        closesMsat: this.closesMsat as Msat,
        capacityMsat: (10n ** 12n) as Msat,
        feeChangePpm: 0,
        unresolved: [],
      },
      stateBefore: 'aa',
    }),
    claim: async ({ claim }) => {
      const { nonce, idempotencyKey } = claim.envelope;
      const token = claim.toll?.token?.ok === true ? claim.toll.token.id : undefined;
      const snapshot = this.#snapshot(claim.principal, nonce, idempotencyKey, token);
      const decision = decideClaim(claim, snapshot, this.moment);
      this.#write(decision.writes);
      return decision;
    },
    toll: async ({ token }) =>
      this.prices && {
        ...this.prices,
        token:
          token === undefined
            ? undefined
            : token.startsWith('LSAT')
              ? { ok: false, problem: 'signature_differs' }
              : { ok: true, id: token, uses: 3 },
      },
    charge: async ({ priceMsat }) => ({ invoice: `lnbcrt${priceMsat}` }),
    order: async () => {
      throw new Error('advisors give no orders');
    },
    read: async () => ({ kind: 'executed', result: { read: true }, leftMsat: 0n as Msat }),
    notify: async ({ intent }) => {
      this.notified.push(intent.id);
      return undefined;
    },
    waiting: async ({ id }) => {
      const intent = this.disk.intents.get(id);
      return intent?.state === 'waiting' ? intent : undefined;
    },
    approve: async ({ id, by, gathered }) => {
      const intent = this.disk.intents.get(id);
      const snapshot = this.#snapshot(intent?.principal ?? '', 0, undefined);
      const { facts, stateBefore } = gathered;
      const decision = decideApproval(id, intent, facts, stateBefore, by, snapshot, this.moment);
      this.#write(decision.writes);
      return decision;
    },
    reject: async ({ id, by }) => {
      const decision = decideRejection(id, this.disk.intents.get(id), by, this.moment);
      this.#write(decision.writes);
      return decision;
    },
    start: async ({ intent }) => {
      this.disk.intents.set(intent.id, { ...intent, state: 'started' });
      return undefined;
    },
    execute: async ({ intent }) => this.#execute(intent),
    observe: async () => ({ stateAfter: 'bb', confirmed: true }),
    reconcile: async ({ intent }) => this.#look(intent),
    record: async ({ intent, result, observation }) => {
      const current = this.disk.intents.get(intent.id) ?? intent;
      const entries = [...this.disk.ledger.values()].filter((entry) => entry.intent === intent.id);
      const decision = decideOutcome(current, entries, result, observation, this.moment);
      this.#write(decision.writes);
      return { ...decision, intent: this.disk.intents.get(intent.id) ?? decision.intent };
    },
    answer: async ({ answer }) => {
      this.answers.push(answer);
      return undefined;
    },
    answered: async ({ intent }) => {
      this.disk.queue.delete(intent);
      return undefined;
    },
  };

  #execute(intent: Intent): EffectResult {
    switch (this.behaviour) {
      case 'works':
        this.effects.happen(intent);
        return this.#done(intent);
      case 'lost_reply':
        this.effects.happen(intent);
        return { kind: 'unknown', message: 'no reply' };
      case 'lost_request':
        return { kind: 'unknown', message: 'no reply' };
      case 'fails':
        return { kind: 'failed', message: 'no route' };
      case 'unsupported':
        return { kind: 'unsupported', message: 'not here' };
    }
  }

  #done(intent: Intent): EffectResult {
    const left = (intent.facts.amountMsat ?? 0n) + intent.facts.feeMsat;
    return { kind: 'executed', result: { ok: true }, leftMsat: left as Msat };
  }

  #look(intent: Intent): EffectResult {
    if (this.blind) {
      return { kind: 'unknown', message: 'cannot tell' };
    }
    return (this.effects.counts.get(intent.id) ?? 0) > 0
      ? this.#done(intent)
      : { kind: 'failed', message: 'it never happened' };
  }
}

/** Thrown where a process dies. */
export class Crash extends Error {}

/** Counts commands and dies before or after one of them. */
export class Fuse {
  passed: string[] = [];
  readonly #at: number;
  readonly #after: boolean;

  constructor(at = Number.POSITIVE_INFINITY, after = false) {
    this.#at = at;
    this.#after = after;
  }

  async run<T>(flow: Flow<T>, desk: Desk): Promise<T> {
    let step = flow.next();
    while (step.done !== true) {
      const command: PipelineCommand = step.value;
      const index = this.passed.push(command.kind) - 1;
      if (index === this.#at && !this.#after) {
        throw new Crash();
      }
      const port = desk.ports[command.kind] as (input: PipelineCommand) => Promise<unknown>;
      const result = await port(command);
      if (index === this.#at) {
        throw new Crash();
      }
      step = flow.next(result);
    }
    return step.value;
  }
}

/** What a process does when it starts: intents first, then answers that did not get out. */
export async function restart(desk: Desk, fuse = new Fuse()): Promise<void> {
  for (const intent of desk.disk.intents.values()) {
    await fuse.run(recover(intent), desk);
  }
  for (const id of desk.disk.queue) {
    const intent = desk.disk.intents.get(id);
    if (intent !== undefined) {
      await fuse.run(publish(intent), desk);
    }
  }
}

export function isSettled(intent: Intent): boolean {
  return FINAL_STATES.has(intent.state) || intent.state === 'waiting';
}
