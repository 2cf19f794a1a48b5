import type { RpcClient } from '@cl-hive/cln-rpc';
import {
  type Advisor,
  type AdvisorChange,
  listIntents,
  loadPolicy,
  type PipelineStore,
  type WordResult,
} from '@cl-hive/comms';
import { type Clock, CodedError, type JsonObject, type NodeId } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { CommsDatabase } from '../store/database.ts';
import type { AlertOffice } from '../timers/alert-office.ts';
import type { AdvisorAdmin, GrantDraft } from './advisor-admin.ts';
import { readAdvisorKey, runeKey } from './advisor-key.ts';
import { type AnswerDesk, RPC_ROUTE } from './answer-desk.ts';
import { discoverView, receiptView, waitingView, wordView } from './client-views.ts';
import type { ManagementDesk } from './management-desk.ts';
import { type Moment, momentAt } from './moment.ts';
import type { PolicyAdmin } from './policy-admin.ts';
import { type PolicyRequest, policyChange } from './policy-request.ts';
import { keepMs, pruneAllHistory } from './prune-history.ts';
import { publishedHead } from './published-head.ts';
import { FAULTS_MAX, type ReceiptArchive } from './receipt-archive.ts';
import { type RequestParams, requestBytes, requestSource } from './request-bytes.ts';

/** What the commands work with. */
export interface ClientParts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly node: NodeId;
  readonly epoch: number;
  readonly store: Store<CommsDatabase>;
  readonly pipeline: PipelineStore;
  readonly desk: ManagementDesk;
  readonly answers: AnswerDesk;
  readonly advisors: AdvisorAdmin;
  readonly policy: PolicyAdmin;
  readonly archive: ReceiptArchive;
  readonly office: AlertOffice;
}

/** A power as the operator grants it. */
export interface PowerRequest {
  readonly amountMsat: bigint;
  readonly until: Moment;
}

/** What `hive-client-authorize` and `hive-client-trial` are given. */
export interface AuthorizeRequest {
  readonly advisor: string;
  readonly key: string | undefined;
  readonly rune: string | undefined;
  readonly token: boolean;
  readonly grant: Omit<GrantDraft, 'spend' | 'close' | 'forceClose' | 'until'>;
  readonly spend: PowerRequest | undefined;
  readonly close: PowerRequest | undefined;
  readonly forceClose: PowerRequest | undefined;
  readonly until: Moment | undefined;
  readonly trial: Moment | undefined;
  readonly keepGrants: boolean;
}

/** Waiting requests that one answer lists. */
const PENDING_MAX = 200;

/** What the commands of the operator, and of callers of `hive-comms-rpc`, do and answer. */
export class ClientCommands {
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Takes a request by RPC; its caller waits for the answer. Throws CodedError `busy`, `rpc_mismatch`. */
  async rpc(request: RequestParams): Promise<JsonObject> {
    const { desk, answers } = this.#parts;
    const { rune, l402 } = request;
    const bytes = requestBytes(request);
    if (!desk.open) {
      throw new CodedError('busy', 'the node works on as many requests as it takes', {
        remedy: 'ask again in a moment with the same nonce',
      });
    }
    const answer = await desk.handle({
      bytes,
      transport: 'rpc',
      source: requestSource(request),
      route: RPC_ROUTE,
      evidence: {
        ...(rune === undefined ? {} : { rune }),
        ...(l402 === undefined ? {} : { l402 }),
      },
    });
    return answers.write(answer);
  }

  async authorize(request: AuthorizeRequest): Promise<JsonObject> {
    const { advisors, clock, rpc } = this.#parts;
    const { advisor, key: text, rune, trial, until, keepGrants } = request;
    const now = clock.now();
    const given = [text, rune, request.token ? 'token' : undefined].filter(
      (one) => one !== undefined,
    );
    if (given.length > 1) {
      throw new CodedError('advisor_key', 'key, rune and token: give one of them', {
        remedy: 'add others by authorizing the same advisor again with keep_grants=true',
      });
    }
    const known = await advisors.has(advisor);
    const key =
      text !== undefined
        ? await readAdvisorKey(text)
        : rune !== undefined
          ? await runeKey(rpc, rune)
          : request.token || !known
            ? ('token' as const)
            : undefined;
    const power = (one: PowerRequest | undefined) =>
      one && { amountMsat: one.amountMsat as never, until: momentAt(one.until, now) };
    const [spend, close, forceClose] = [request.spend, request.close, request.forceClose].map(
      power,
    );
    const { view, token } = await advisors.authorize({
      advisor,
      key,
      keepGrants,
      trialUntil: trial && momentAt(trial, now),
      grant: {
        ...request.grant,
        ...(spend === undefined ? {} : { spend }),
        ...(close === undefined ? {} : { close }),
        ...(forceClose === undefined ? {} : { forceClose }),
        ...(until === undefined ? {} : { until: momentAt(until, now) }),
      },
    });
    return {
      advisor: view,
      ...(token === undefined ? {} : { token: { id: token.id, secret: token.secret } }),
      node: this.#parts.node,
      epoch: this.#parts.epoch,
    };
  }

  /** Revokes an advisor and rejects what waits of it, ends one grant, or removes one key. */
  async revoke(
    text: string,
    grant: number | undefined,
    key: string | undefined,
  ): Promise<JsonObject> {
    const { advisors, store, desk } = this.#parts;
    if (grant !== undefined) {
      return { advisor: await advisors.endGrant(text, grant) };
    }
    if (key !== undefined) {
      return { advisor: await advisors.removeKey(text, key) };
    }
    const { index } = await advisors.find(text);
    const view = await advisors.revoke(text);
    const waiting = await listIntents(store.reader, ['waiting'], PENDING_MAX);
    const rejected: number[] = [];
    for (const { id, principal } of waiting) {
      if (principal === String(index)) {
        await desk.reject(id, 'revoked');
        rejected.push(id);
      }
    }
    return { advisor: view, rejected };
  }

  async edit(
    text: string,
    change: (advisor: Advisor) => Exclude<AdvisorChange, { kind: 'add' }>,
  ): Promise<JsonObject> {
    return { advisor: await this.#parts.advisors.edit(text, change) };
  }

  async trials(): Promise<JsonObject> {
    const all = await this.#parts.advisors.list(false);
    return { trials: all.filter(({ trial_until: until }) => until !== undefined) };
  }

  /** Shows the policy, or changes it. Throws CodedError `policy_value`, `policy_full`. */
  policy(request: PolicyRequest): Promise<JsonObject> {
    const { policy, clock } = this.#parts;
    const change = policyChange(request, clock.now());
    return change === undefined ? policy.view() : policy.change(change);
  }

  async pending(): Promise<JsonObject> {
    const { store, pipeline, advisors } = this.#parts;
    const waiting = await listIntents(store.reader, ['waiting'], PENDING_MAX);
    const book = await advisors.book();
    const moment = pipeline.moment();
    return { pending: waiting.map((intent) => waitingView(intent, book, moment)) };
  }

  async approve(id: number, by: string): Promise<JsonObject> {
    return said(id, await this.#parts.desk.approve(id, by));
  }

  async reject(id: number, by: string): Promise<JsonObject> {
    return said(id, await this.#parts.desk.reject(id, by));
  }

  discover(schema: string | undefined): JsonObject {
    return { node: this.#parts.node, epoch: this.#parts.epoch, ...discoverView(schema) };
  }

  async listReceipts(from: number | undefined, limit: number): Promise<JsonObject> {
    const { archive } = this.#parts;
    const head = await archive.head();
    const first = from ?? Math.max(1, head.seq - limit + 1);
    const receipts = await archive.page(first, limit);
    return { head: { ...head }, receipts: receipts.map(receiptView) };
  }

  async exportReceipts(file: string | undefined): Promise<JsonObject> {
    const { head, ...rest } = await this.#parts.archive.export(file);
    return { ...rest, head: { ...head } };
  }

  async verifyReceipts(signatures: 'all' | 'seals'): Promise<JsonObject> {
    const { archive, store } = this.#parts;
    await archive.signAll();
    const published = await publishedHead(store);
    const { faults, head, openIntents, ...report } = await archive.verify(
      signatures,
      published === undefined ? [] : [published],
    );
    return {
      ok: report.ok,
      receipts: report.receipts,
      signatures: report.signatures,
      proven: report.proven,
      unsigned: report.unsignedTail,
      open_requests: openIntents,
      head: { ...head },
      faults: faults.map(({ code, line, seq, message }) => ({
        code,
        line,
        ...(seq === undefined ? {} : { seq }),
        message,
      })),
      complete: faults.length < FAULTS_MAX,
    };
  }

  /** Prunes the receipts, and requests that were over `keep` ago. Throws CodedError `prune_keep`. */
  async prune(file: string | undefined, keep: Moment | undefined): Promise<JsonObject> {
    const { archive, store, pipeline } = this.#parts;
    const kept = keepMs(keep);
    const receipts = await archive.prune(file);
    const pruned = await pruneAllHistory(store, pipeline.moment().guardMs - kept);
    const { requests, ledgerEntries: ledger_entries } = pruned;
    return { ...receipts, history: { requests, ledger_entries } };
  }

  async status(withKeys: boolean): Promise<JsonObject> {
    const { advisors } = this.#parts;
    return { ...(await this.summary()), advisors: await advisors.list(withKeys) };
  }

  /** What the plugin's status shows of all this. */
  async summary(): Promise<JsonObject> {
    const { node, epoch, store, pipeline, archive, office, desk, clock } = this.#parts;
    const { preset, overrides } = await loadPolicy(store.reader);
    const waiting = await listIntents(store.reader, ['waiting'], PENDING_MAX);
    const unfinished = await pipeline.unfinished();
    const published = await publishedHead(store);
    return {
      node,
      epoch,
      policy: { preset, overrides: overrides.filter(({ until }) => until > clock.now()).length },
      requests: {
        running: desk.running,
        waiting_for_approval: waiting.length,
        outcome_unknown: unfinished.filter(({ state }) => state === 'unknown').length,
      },
      receipts: {
        head: { ...(await archive.head()) },
        unsigned: await archive.unsigned(),
        ...(published === undefined
          ? {}
          : { told: { seq: published.seq, digest: published.digest } }),
      },
      alerts: office.view(),
    };
  }
}

/** Throws the refusal of an operator's word. */
function said(id: number, word: WordResult): JsonObject {
  if (word.kind === 'refused') {
    const { code, message, remedy } = word.refusal;
    throw new CodedError(code, message, { remedy });
  }
  return wordView(id, word.answer);
}
