import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Logger } from '@cl-hive/cln-plugin';
import { makesecret, type RpcClient } from '@cl-hive/cln-rpc';
import {
  type Inbound,
  type Intent,
  listIntents,
  type OrderClaim,
  type PipelinePorts,
  PipelineStore,
  type Subscription,
  type WordResult,
} from '@cl-hive/comms';
import type { Clock, JsonObject, NodeId } from '@cl-hive/core';
import { nodeInstance } from '@cl-hive/runtime/node';
import { type Job, Timers } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';
import type { ActionContext } from '../actions/action.ts';
import { createNodePorts, type NodePorts } from '../actions/node-ports.ts';
import { L402Desk } from '../pay/l402/l402-desk.ts';
import { L402Tokens } from '../pay/l402/token-store.ts';
import { PayAdmin } from '../pay/pay-admin.ts';
import { PayHistory } from '../pay/pay-history.ts';
import { PayIncome } from '../pay/pay-income.ts';
import { PayOffice } from '../pay/pay-office.ts';
import { PaymentCommands } from '../pay/payment-commands.ts';
import { type Rails, railsOf } from '../pay/rail.ts';
import { bolt11Rail } from '../pay/rails/bolt11.ts';
import { bolt12Rail } from '../pay/rails/bolt12.ts';
import { type CashuRailParts, cashuRail } from '../pay/rails/cashu.ts';
import { l402Rail } from '../pay/rails/l402.ts';
import { SubscriptionDesk } from '../pay/subscription-desk.ts';
import { PriceAdmin } from '../price/price-admin.ts';
import { PriceDesk } from '../price/price-desk.ts';
import type { CommsDatabase } from '../store/database.ts';
import { TokenVault } from '../store/token-vault.ts';
import { AlertOffice } from '../timers/alert-office.ts';
import { managementJobs } from '../timers/management-jobs.ts';
import type { SendOutcome } from '../transports/transport-port.ts';
import type { AdminParts } from './admin.ts';
import { AdvisorAdmin } from './advisor-admin.ts';
import { AnswerDesk } from './answer-desk.ts';
import { Authenticator } from './authenticator.ts';
import { ClientCommands } from './client-commands.ts';
import { advisorName } from './client-views.ts';
import { ManagementDesk } from './management-desk.ts';
import { PolicyAdmin } from './policy-admin.ts';
import { ReceiptArchive } from './receipt-archive.ts';

/** What management works with. */
export interface ManagementParts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: NodeId;
  readonly store: Store<CommsDatabase>;
  readonly configuration: {
    readonly lightningDir: string;
    readonly network: string;
    readonly rpcFile?: string;
  };
  readonly skewSeconds: () => number;
  /** What the payment method Cashu works with. */
  readonly cashu: CashuRailParts;
  /** Answers along a transport's route. */
  readonly reply: (route: JsonObject, body: Uint8Array, known: boolean) => Promise<SendOutcome>;
}

interface Rooms {
  readonly parts: ManagementParts;
  readonly pipeline: PipelineStore;
  readonly office: AlertOffice;
  readonly timers: Timers;
  readonly advisors: AdvisorAdmin;
  readonly archive: ReceiptArchive;
  readonly desk: ManagementDesk;
  readonly nodePorts: NodePorts;
  readonly wrote: () => void;
  readonly client: ClientCommands;
  readonly pay: PayOffice;
  readonly web: L402Desk;
  readonly payments: PaymentCommands;
  readonly subscriptions: SubscriptionDesk;
}

const SIGN_JOB = 'signing receipts';

/** Everything between a request and its receipt, put together. */
export class Management {
  readonly #rooms: Rooms;
  readonly #started = started();
  readonly client: ClientCommands;
  /** Where the plugin itself pays. */
  readonly pay: PayOffice;
  /** Requests that may have a price. */
  readonly web: L402Desk;
  /** What the operator's commands about money do. */
  readonly payments: PaymentCommands;
  readonly office: AlertOffice;
  /** What this node asks of those who want something done. */
  readonly prices: PriceAdmin;
  /** To be told after each change that left a receipt. */
  readonly wrote: () => void;

  private constructor(rooms: Rooms) {
    this.#rooms = rooms;
    this.client = rooms.client;
    this.pay = rooms.pay;
    this.web = rooms.web;
    this.payments = rooms.payments;
    this.office = rooms.office;
    this.prices = new PriceAdmin({ ...rooms.parts, wrote: rooms.wrote }, rooms.advisors);
    this.wrote = rooms.wrote;
  }

  /** Reads what is stored. Nothing is taken before {@link Management.start}. */
  static async open(parts: ManagementParts): Promise<Management> {
    const { rpc, clock, log, node, store, configuration } = parts;
    const { generation: epoch } = await store.info();
    const timers = new Timers(clock, (message) => log.warn(message));
    const wrote = (): void => timers.soon(SIGN_JOB);
    const late: { office?: AlertOffice } = {};
    const pipeline = await PipelineStore.open({
      store,
      clock,
      node,
      epoch,
      onStep: (ms) => late.office?.raise(clockAlert(ms)),
    });
    const office = new AlertOffice(
      () => pipeline.moment().guardMs,
      (message) => log.info(message),
    );
    late.office = office;
    const admin: AdminParts = { store, clock, node, wrote };
    const makeSecret = async (label: string): Promise<string> =>
      (await rpc.call(makesecret, { string: label })).secret;
    const tokens = await TokenVault.load(store.reader, makeSecret, (id) =>
      log.warn(`token ${id} does not open with this node's secret; authorize anew`),
    );
    const advisors = new AdvisorAdmin(admin, tokens);
    const answers = new AnswerDesk({ ...parts, debug: (message) => log.debug(message) });
    const context = contextOf(parts, epoch);
    const paidTokens = await L402Tokens.open(store, clock, makeSecret);
    const rails = railsOf(
      bolt11Rail(node),
      bolt12Rail(node),
      cashuRail(parts.cashu),
      l402Rail({ self: node, tokens: paidTokens, web: { clock } }),
    );
    const nodePorts = createNodePorts({ ...context, rails });
    const pricing = await PriceDesk.open(rpc, clock, store.reader);
    const desk = new ManagementDesk({
      store: pipeline,
      clock,
      node,
      skewSeconds: parts.skewSeconds,
      log,
      wrote,
      recorded: (intent) => office.recorded(intent),
      ports: {
        ...nodePorts,
        ...pricing.ports,
        ...ownPorts(rpc, advisors, tokens, office, answers),
      },
    });
    const paying = payingRooms(
      parts,
      { pipeline, office, advisors, admin, desk, paidTokens },
      rails,
      context,
    );
    const folder = path.join(configuration.lightningDir, 'cl-hive-comms', 'exports');
    const archive = new ReceiptArchive({ ...admin, rpc, folder });
    const policy = new PolicyAdmin(admin);
    const rooms = { pipeline, office, advisors, archive, desk };
    const client = new ClientCommands({ ...parts, ...rooms, epoch, answers, policy });
    return new Management({ ...rooms, ...paying, parts, timers, client, nodePorts, wrote });
  }

  /**
   * Brings what a stop interrupted to its outcome, tells again what waits, then starts the timers.
   * Only then requests are taken. `others` are jobs of the plugin beside those of management.
   */
  async start(others: readonly Job[] = []): Promise<void> {
    const { parts, pipeline, desk, archive, office, advisors, nodePorts, timers, subscriptions } =
      this.#rooms;
    await desk.sweep();
    const waiting: readonly Intent[] = await listIntents(parts.store.reader, ['waiting'], TOLD_MAX);
    const book = await advisors.book();
    for (const intent of waiting) {
      office.waiting(intent, advisorName(book, intent.principal));
    }
    const { store, clock, node } = parts;
    const forgetEffects = (): Promise<number> =>
      nodePorts.forgetEffects(() => pipeline.unfinished());
    const guardMs = (): number => this.guardMs();
    const jobParts = { store, clock, node, desk, archive, office, forgetEffects, guardMs };
    const jobs = managementJobs(jobParts);
    timers.add({ name: SIGN_JOB, everyMs: SIGN_MS, run: async () => void (await archive.sign()) });
    const paying = {
      name: 'paying subscriptions',
      everyMs: 60_000,
      run: () => subscriptions.run(),
    };
    for (const job of [...jobs, paying, ...others]) {
      timers.add(job);
    }
    timers.soon(SIGN_JOB);
    this.#started.resolve();
  }

  /** Takes a request that came over a transport; one too many is dropped, and its sender asks again. */
  async take(inbound: Inbound): Promise<void> {
    const { desk } = this.#rooms;
    await this.#started.promise;
    if (desk.open) {
      await desk.handle(inbound);
    }
  }

  /** Guard time in ms: steps of the wall clock do not move it. */
  guardMs(): number {
    return this.#rooms.pipeline.moment().guardMs;
  }

  /** Takes nothing more, and waits a little for what runs. */
  async stop(): Promise<void> {
    await this.#rooms.desk.stop();
    this.#started.resolve();
    await this.#rooms.timers.stop();
  }
}

function started(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** What actions work with. */
function contextOf({ rpc, clock, log, configuration }: ManagementParts, epoch: number) {
  const { lightningDir, rpcFile } = configuration;
  return {
    rpc,
    clock,
    log: { warn: (message) => log.warn(message) },
    configuration,
    epoch,
    instance: () => nodeInstance(lightningDir, rpcFile),
  } satisfies ActionContext;
}

/** Requests that may have a price. */
function webDesk(
  { rpc, clock, node: self, configuration }: ManagementParts,
  office: PayOffice,
  tokens: L402Tokens,
): L402Desk {
  const { network } = configuration;
  return new L402Desk({ rpc, clock, self, network, office, tokens, web: { clock } });
}

/** What pays, and what the operator's commands about it do. */
function payingRooms(
  parts: ManagementParts,
  rooms: Pick<Rooms, 'pipeline' | 'office' | 'advisors' | 'desk'> & {
    readonly admin: AdminParts;
    readonly paidTokens: L402Tokens;
  },
  rails: Rails,
  context: ActionContext,
): Pick<Rooms, 'pay' | 'web' | 'payments' | 'subscriptions'> {
  const { pipeline, office, advisors, admin, desk, paidTokens } = rooms;
  const order = (claim: OrderClaim): Promise<WordResult> => desk.order(claim);
  const pay = new PayOffice({ store: pipeline, order, rails, context });
  const web = webDesk(parts, pay, paidTokens);
  const subscriptions = new SubscriptionDesk({
    admin,
    office: pay,
    guardMs: () => pipeline.moment().guardMs,
    epoch: context.epoch,
    failed: (one) => office.raise(unpaidAlert(one)),
  });
  const all = { pipeline, advisors, admin, pay, web, subscriptions };
  return { pay, web, subscriptions, payments: paymentCommands(parts, all) };
}

/** What the operator's commands about money work with. */
function paymentCommands(
  { rpc, clock, store }: ManagementParts,
  rooms: {
    readonly pipeline: PipelineStore;
    readonly advisors: AdvisorAdmin;
    readonly admin: AdminParts;
    readonly pay: PayOffice;
    readonly web: L402Desk;
    readonly subscriptions: SubscriptionDesk;
  },
): PaymentCommands {
  const { pipeline, advisors, admin, pay, web, subscriptions } = rooms;
  return new PaymentCommands({
    store,
    clock,
    office: pay,
    web,
    admin: new PayAdmin(admin),
    history: new PayHistory({
      rpc,
      reader: store.reader,
      moment: () => pipeline.moment(),
      book: () => advisors.book(),
      methods: () => pay.methods,
    }),
    subscriptions,
    income: new PayIncome(rpc, () => randomBytes(16).toString('hex')),
  });
}

/** The ports that are neither the store's nor lightningd's actions. */
function ownPorts(
  rpc: RpcClient,
  advisors: AdvisorAdmin,
  tokens: TokenVault,
  office: AlertOffice,
  answers: AnswerDesk,
): Pick<PipelinePorts, 'authenticate' | 'notify' | 'answer'> {
  const authenticator = new Authenticator({
    rpc,
    book: () => advisors.book(),
    tokenOf: (key) => tokens.secretOf(key),
  });
  return {
    authenticate: (input) => authenticator.authenticate(input),
    notify: async ({ intent }) => {
      office.waiting(intent, advisorName(await advisors.book(), intent.principal));
      return undefined;
    },
    answer: async ({ answer }) => {
      await answers.send(answer);
      return undefined;
    },
  };
}

/** Signing is asked for with each receipt; this is for what lightningd refused to sign then. */
const SIGN_MS = 10_000;

/** Waiting requests that the operator is told of after a start. */
const TOLD_MAX = 200;

function unpaidAlert({ id, problem = '' }: Subscription) {
  const text = `subscription ${id} is not paid: ${problem}`;
  return { key: `subscription/${id}`, level: 'warning', text } as const;
}

function clockAlert(ms: number) {
  const text = `the clock of the node stepped by ${Math.round(ms / 1000)} s`;
  return { key: 'clock', level: 'notice', text } as const;
}
