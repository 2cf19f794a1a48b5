import { type CallOptions, type RpcClient, RpcError, type RpcMethod } from '@cl-hive/cln-rpc';
import { commandDigest, type Intent } from '@cl-hive/comms';
import { CodedError, type JsonObject, type JsonValue } from '@cl-hive/core';
import type { TestNode } from '@cl-hive/hive-lab';
import { parseCommand } from '@cl-hive/protocol';
import { VirtualClock } from '@cl-hive/testkit';
import { createNodePorts, type NodePorts } from '../../src/actions/node-ports.ts';

/** What becomes of one call. */
export type Fault =
  /** It reaches lightningd, and its answer is lost. */
  | 'lost'
  /** It times out on its way; lightningd never sees it. */
  | 'dropped'
  /** No connection could be made. */
  | 'unreachable'
  | RpcError
  /** An answer of the test's own. */
  | { readonly answer: JsonValue };

/** Faults by call: the method, its parameters, and how many calls were made before. */
export type FaultPlan = (method: string, params: unknown, index: number) => Fault | undefined;

/** A client that passes calls on to a node, or does to them what a plan says. */
export class FaultyRpc implements RpcClient {
  readonly #rpc: RpcClient;
  readonly #plan: FaultPlan;
  /** Methods of all calls, and of those that lightningd saw. */
  readonly calls: string[] = [];
  readonly reached: { readonly method: string; readonly params: JsonObject }[] = [];

  constructor(rpc: RpcClient, plan: FaultPlan = () => undefined) {
    this.#rpc = rpc;
    this.#plan = plan;
  }

  async call<P, R>(method: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
    return method.decode(await this.raw(method.name, method.encode(params), options));
  }

  async raw(
    method: string,
    params: JsonObject | readonly JsonValue[] = {},
    options?: CallOptions,
  ): Promise<JsonValue> {
    const fault = this.#plan(method, params, this.calls.length);
    this.calls.push(method);
    if (fault instanceof RpcError) {
      throw fault;
    }
    if (typeof fault === 'object') {
      return fault.answer;
    }
    if (fault === 'dropped' || fault === 'unreachable') {
      const code = fault === 'dropped' ? 'rpc_timeout' : 'rpc_unreachable';
      throw new CodedError(code, `${method}: ${fault}`, { data: { sent: fault === 'dropped' } });
    }
    this.reached.push({ method, params: params as JsonObject });
    if (fault === 'lost') {
      await this.#rpc.raw(method, params, { timeoutMs: 1_000 }).catch(() => undefined);
      throw new CodedError('rpc_timeout', `${method}: lost`, { data: { sent: true } });
    }
    return await this.#rpc.raw(method, params, options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** How often lightningd saw a method. */
  count(method: string): number {
    return this.reached.filter((call) => call.method === method).length;
  }
}

/** A client of a process that was killed at its call `index`: that call and all later ones end so. */
export function killedAt(rpc: RpcClient, index: number, reaches: boolean): FaultyRpc {
  return new FaultyRpc(rpc, (_method, _params, at) => {
    if (at < index) {
      return undefined;
    }
    return at === index && reaches ? 'lost' : 'dropped';
  });
}

export const clock = new VirtualClock();
let intents = 0;

/** Ports of a node; `rpc` unless given is the node's own. */
export function portsOf(
  node: Pick<TestNode, 'rpc' | 'lightningDir'>,
  rpc: RpcClient = node.rpc,
  instance?: () => string,
  epoch = 1,
): NodePorts {
  return createNodePorts({
    rpc,
    clock,
    log: { warn: () => undefined },
    configuration: { lightningDir: node.lightningDir, network: 'regtest' },
    epoch,
    ...(instance === undefined ? {} : { instance }),
  });
}

/** An intent as the pipeline would have claimed it. */
export async function claim(
  ports: NodePorts,
  schema: string,
  action: string,
  params: JsonObject,
): Promise<Intent> {
  const read = parseCommand(schema, action, params);
  if (!read.ok) {
    throw new RangeError(read.error.message);
  }
  const command = read.value;
  const { facts } = await ports.facts({ command });
  intents += 1;
  return {
    id: intents,
    principal: 'advisor',
    nonce: intents,
    requestDigest: '00'.repeat(32),
    commandDigest: commandDigest(command),
    idempotencyKey: undefined,
    command,
    request: {},
    proof: { scheme: 'lightning', key: '02'.repeat(33) },
    route: {},
    danger: command.danger,
    facts: {
      amountMsat: facts.amountMsat,
      feeMsat: facts.feeMsat,
      closesMsat: facts.closesMsat,
    },
    state: 'started',
    createdAt: clock.now(),
    guardMs: 0,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
}

/** Facts, effect and look at it. */
export async function act(
  ports: NodePorts,
  schema: string,
  action: string,
  params: JsonObject = {},
) {
  const intent = await claim(ports, schema, action, params);
  const before = await ports.facts({ command: intent.command });
  const result = await ports.execute({ intent });
  const observation = await ports.observe({ intent, result });
  return { intent, before, result, observation };
}

/** Reconciles until the outcome is final, as time passes. */
export async function settle(ports: NodePorts, intent: Intent) {
  for (let round = 0; round < 20; round += 1) {
    const result = await ports.reconcile({ intent });
    if (result.kind !== 'unknown') {
      return result;
    }
    clock.advance(120_000);
  }
  throw new Error(`intent ${intent.id} stays unknown`);
}

/** The first open channel between two nodes. */
export async function channelBetween(from: TestNode, to: TestNode): Promise<string> {
  const { channels } = await from.call('listpeerchannels', { id: to.id });
  const rows = channels as readonly JsonObject[];
  const found = rows.find(({ state }) => state === 'CHANNELD_NORMAL');
  if (typeof found?.['short_channel_id'] !== 'string') {
    throw new Error('no open channel');
  }
  return found['short_channel_id'];
}
