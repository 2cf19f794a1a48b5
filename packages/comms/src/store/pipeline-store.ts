import { type Clock, CodedError, type NodeId, type UnixMs } from '@cl-hive/core';
import type { Reader, Store, Transactor } from '@cl-hive/store';
import { type GuardClock, restartedGuardClock, tickGuardClock } from '../gate/guard-clock.ts';
import { DAY_MS, HOUR_MS, policyCaps } from '../ledger/cap.ts';
import {
  decideOrder,
  type OrderClaim,
  type OrderDecision,
  type OrderSnapshot,
} from '../orders/decide-order.ts';
import { OPERATOR } from '../orders/order.ts';
import {
  type ApprovalDecision,
  decideApproval,
  decideLapse,
  decideRejection,
} from '../pipeline/approval.ts';
import {
  type Claim,
  type ClaimDecision,
  decideClaim,
  type JudgeSnapshot,
} from '../pipeline/claim.ts';
import type { GatheredFacts } from '../pipeline/command.ts';
import type { Intent } from '../pipeline/intent.ts';
import { decideMalformed, type Malformed } from '../pipeline/malformed.ts';
import {
  decideOutcome,
  type EffectResult,
  type Observation,
  type OutcomeDecision,
} from '../pipeline/outcome.ts';
import type { Refusal } from '../pipeline/reason.ts';
import type { Moment, Write } from '../pipeline/write.ts';
import { effectiveRules } from '../policy/policy.ts';
import {
  countActed,
  countWaiting,
  findByKey,
  findByNonce,
  findIntent,
  listIntents,
  nextIntent,
  putIntent,
} from './intent-rows.ts';
import { capUses, findPaid, grantUses, listEntries, putEntry, usedMsat } from './ledger-rows.ts';
import { orderHindrance, orderSnapshot } from './order-rows.ts';
import { highestNonce, putMoment, putNonce, queueAnswer, unqueueAnswer } from './pipeline-rows.ts';
import { addReceipt } from './receipt-rows.ts';
import { loadAdvisors, loadGrants, loadPolicy } from './settings-rows.ts';
import { findStop, putStop } from './stop-rows.ts';
import type { CommsTables } from './tables.ts';
import { countUses, giveUseBack, putUse } from './token-use-rows.ts';

/** What a {@link PipelineStore} is opened with. */
export interface PipelineStoreOptions {
  readonly store: Store<CommsTables>;
  readonly clock: Clock;
  readonly node: NodeId;
  /** How often the database was restored (`StoreInfo.generation`). */
  readonly epoch: number;
  /** Told when the wall clock stepped by a second or more, in ms; for an alarm. */
  readonly onStep: (stepMs: number) => void;
}

/**
 * The transactions of the pipeline: each reads what a decision needs, lets the pure function decide,
 * and stores its writes, all or nothing. It is the `claim`, `refuse`, `waiting`, `approve`, `reject`,
 * `start`, `record` and `answered` of `PipelinePorts`.
 */
export class PipelineStore {
  readonly #options: PipelineStoreOptions;
  #guard: GuardClock;

  private constructor(options: PipelineStoreOptions, guard: GuardClock) {
    this.#options = options;
    this.#guard = guard;
  }

  /** Reads where guard time stood. */
  static async open(options: PipelineStoreOptions): Promise<PipelineStore> {
    const row = await options.store.reader
      .selectFrom('comms_guard')
      .select(['guard_ms', 'wall_ms'])
      .executeTakeFirst();
    const wall = (row?.wall_ms ?? options.clock.now()) as UnixMs;
    return new PipelineStore(options, restartedGuardClock(row?.guard_ms ?? 0, wall));
  }

  /** The time of decisions; guard time moves on with each call. */
  moment(): Moment {
    const { clock, onStep } = this.#options;
    const now = clock.now();
    const tick = tickGuardClock(this.#guard, now, clock.monotonic());
    this.#guard = tick.clock;
    if (Math.abs(tick.stepMs) >= STEP_MS) {
      onStep(tick.stepMs);
    }
    return { now, guardMs: tick.clock.guardMs };
  }

  /** One transaction, with its moment stored in it. The work may run again and must only write. */
  async #transact<T>(
    work: (tx: Transactor<CommsTables>, moment: Moment) => Promise<T>,
  ): Promise<T> {
    const moment = this.moment();
    return this.#options.store.transact(async (tx) => {
      await putMoment(tx, moment);
      return work(tx, moment);
    });
  }

  async #write(
    tx: Transactor<CommsTables>,
    writes: readonly Write[],
    { guardMs }: Moment,
  ): Promise<void> {
    let last: { readonly seq: number; readonly digest: string } | undefined;
    for (const write of writes) {
      switch (write.kind) {
        case 'nonce':
          await putNonce(tx, write.principal, write.nonce);
          break;
        case 'intent':
          await putIntent(tx, write.intent);
          break;
        case 'ledger':
          await putEntry(tx, write.entry);
          break;
        case 'stop':
          await putStop(tx, write.stop);
          break;
        case 'token_use':
          await putUse(tx, write.use, guardMs);
          break;
        case 'token_back':
          await giveUseBack(tx, write.intent);
          break;
        case 'receipt': {
          const { seq, digest } = await addReceipt(tx, write.draft, this.#options.node);
          last = { seq, digest };
          break;
        }
        case 'answer':
          await queueAnswer(tx, write.intent, last);
          break;
      }
    }
  }

  async #judging(
    reader: Reader<CommsTables>,
    principal: string,
    reference: string | undefined,
    { now, guardMs }: Moment,
  ): Promise<JudgeSnapshot> {
    const policy = await loadPolicy(reader);
    const rules = effectiveRules(policy, now);
    const { advisors } = await loadAdvisors(reader);
    const advisor = advisors.find(({ index }) => String(index) === principal);
    const over = advisor?.trialUntil !== undefined && now >= advisor.trialUntil;
    const active = advisor !== undefined && advisor.revokedAt === undefined && !over;
    const grants = active ? await loadGrants(reader, principal) : [];
    const closeSince = guardMs - rules.closeWindowHours * HOUR_MS;
    return {
      policy,
      grants,
      activity: {
        actionsLastHour: await countActed(reader, guardMs - HOUR_MS),
        actionsLastDay: await countActed(reader, guardMs - DAY_MS),
        spentLastHourMsat: await usedMsat(reader, ['spend'], principal, guardMs - HOUR_MS),
        closedInWindowMsat: await usedMsat(reader, ['close', 'force_close'], undefined, closeSince),
        grantUse: await grantUses(
          reader,
          grants.map(({ id }) => id),
        ),
      },
      capUses: await capUses(reader, policyCaps(rules, principal), guardMs),
      stop: await findStop(reader, principal),
      paid: await findPaid(reader, reference),
    };
  }

  /** Claims a request: nonce, intent, reservation and receipt together, or none of them. */
  claim(claim: Claim): Promise<ClaimDecision> {
    const { principal, envelope } = claim;
    return this.#transact(async (tx, moment) => {
      const snapshot = {
        ...(await this.#judging(tx, principal, claim.facts.payment?.reference, moment)),
        epoch: this.#options.epoch,
        highestNonce: await highestNonce(tx, principal),
        byNonce: await findByNonce(tx, principal, envelope.nonce),
        byKey: await findByKey(tx, principal, envelope.idempotencyKey),
        waiting: {
          ofPrincipal: await countWaiting(tx, principal),
          all: await countWaiting(tx, undefined),
        },
        nextIntent: await nextIntent(tx),
        tokenUses: await countUses(tx, tokenOf(claim)),
      };
      const decision = decideClaim(claim, snapshot, moment);
      await this.#write(tx, decision.writes, moment);
      return decision;
    });
  }

  /**
   * Claims an order of the operator: nonce, intent, reservation and receipt together, or none of them.
   * `claiming` is told of the intent before it is stored, maybe more than once.
   */
  order(claim: OrderClaim, claiming: (intent: Intent) => void): Promise<OrderDecision> {
    return this.#transact(async (tx, moment) => {
      const decision = decideOrder(
        claim,
        await orderSnapshot(tx, this.#options, claim, moment),
        moment,
      );
      if (decision.kind === 'claimed') {
        claiming(decision.intent);
      }
      await this.#write(tx, decision.writes, moment);
      return decision;
    });
  }

  /** What an order would come to now; nothing is stored. */
  async tryOrder(claim: OrderClaim): Promise<{
    readonly decision: OrderDecision;
    readonly snapshot: OrderSnapshot;
  }> {
    const moment = this.moment();
    const snapshot = await orderSnapshot(this.#options.store.reader, this.#options, claim, moment);
    return { decision: decideOrder(claim, snapshot, moment), snapshot };
  }

  /** Why nothing at all may be paid for a purpose now; asked before a payee is. */
  orderHindrance(purpose: string): Promise<Refusal | undefined> {
    return orderHindrance(this.#options.store.reader, purpose, this.moment().now);
  }

  /** The payment that an idempotency key of the operator stands for. */
  orderByKey(key: string): Promise<Intent | undefined> {
    return findByKey(this.#options.store.reader, OPERATOR, key);
  }

  /** Stores the refusal of a request that holds no command. */
  refuse(malformed: Malformed): Promise<void> {
    return this.#transact(async (tx, moment) => {
      const { epoch } = this.#options;
      const highest = await highestNonce(tx, malformed.principal);
      await this.#write(
        tx,
        decideMalformed(malformed, { epoch, highestNonce: highest }, moment),
        moment,
      );
    });
  }

  /** The waiting intent of that number. */
  async waiting(id: number): Promise<Intent | undefined> {
    const intent = await findIntent(this.#options.store.reader, id);
    return intent?.state === 'waiting' ? intent : undefined;
  }

  /** Approves a waiting intent, or says why not. */
  approve(id: number, by: string, gathered: GatheredFacts): Promise<ApprovalDecision> {
    return this.#transact(async (tx, moment) => {
      const intent = await findIntent(tx, id);
      const { facts, stateBefore } = gathered;
      const reference = facts.payment?.reference;
      const snapshot = await this.#judging(tx, intent?.principal ?? '', reference, moment);
      const decision = decideApproval(id, intent, facts, stateBefore, by, snapshot, moment);
      await this.#write(tx, decision.writes, moment);
      return decision;
    });
  }

  /** Rejects a waiting intent, or says why not. */
  reject(id: number, by: string): Promise<ApprovalDecision> {
    return this.#transact(async (tx, moment) => {
      const decision = decideRejection(id, await findIntent(tx, id), by, moment);
      await this.#write(tx, decision.writes, moment);
      return decision;
    });
  }

  /** Closes what waited too long; gives the closed intents, whose answers are queued. */
  lapse(): Promise<readonly Intent[]> {
    return this.#transact(async (tx, moment) => {
      const closed: Intent[] = [];
      for (const intent of await listIntents(tx, ['waiting'], LIST_MAX)) {
        const decision = decideLapse(intent, moment);
        if (decision?.kind === 'closed') {
          await this.#write(tx, decision.writes, moment);
          closed.push(decision.intent);
        }
      }
      return closed;
    });
  }

  /** Stores that a claimed intent is about to be tried. Throws CodedError `intent_not_claimed`. */
  start(id: number): Promise<void> {
    return this.#transact(async (tx) => {
      const intent = await findIntent(tx, id);
      if (intent?.state !== 'claimed') {
        throw new CodedError('intent_not_claimed', `intent ${id} is not claimed`, {
          remedy: 'run the recovery of unfinished intents',
        });
      }
      await putIntent(tx, { ...intent, state: 'started' });
    });
  }

  /** Records what an intent came to, on top of what is stored of it now. */
  record(id: number, result: EffectResult, observation: Observation): Promise<OutcomeDecision> {
    return this.#transact(async (tx, moment) => {
      const intent = await findIntent(tx, id);
      if (intent === undefined) {
        throw new CodedError('intent_unknown', `there is no intent ${id}`);
      }
      const entries = await listEntries(tx, id);
      const decision = decideOutcome(intent, entries, result, observation, moment);
      await this.#write(tx, decision.writes, moment);
      return { ...decision, intent: (await findIntent(tx, id)) ?? decision.intent };
    });
  }

  /** Intents that a stop interrupted, oldest first. */
  unfinished(): Promise<readonly Intent[]> {
    const states = ['claimed', 'started', 'unknown'] as const;
    return listIntents(this.#options.store.reader, states, LIST_MAX);
  }

  /** Intents whose answer is queued, oldest first. */
  async queued(): Promise<readonly Intent[]> {
    const { reader } = this.#options.store;
    const rows = await reader
      .selectFrom('comms_answers')
      .select('intent')
      .orderBy('intent')
      .limit(LIST_MAX)
      .execute();
    const intents: Intent[] = [];
    for (const { intent: id } of rows) {
      const intent = await findIntent(reader, id);
      if (intent !== undefined) {
        intents.push(intent);
      }
    }
    return intents;
  }

  /** Takes an answer off the queue. */
  answered(intent: number): Promise<void> {
    return this.#transact(async (tx) => {
      await unqueueAnswer(tx, intent);
    });
  }
}

/** Smaller steps are the daily work of a time service. */
const STEP_MS = 1000;

/** Rows that one sweep takes; the next sweep takes the rest. */
const LIST_MAX = 1000;

/** The token that a claim shows, where it is a good one. */
function tokenOf({ toll }: Claim): string | undefined {
  return toll?.token?.ok === true ? toll.token.id : undefined;
}
