import type { Logger } from '@cl-hive/cln-plugin';
import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import type {
  IncomingMessage,
  MessageHandler,
  Reach,
  SendOutcome,
  Target,
  TransportHealth,
  TransportPort,
} from '../../src/transports/transport-port.ts';

export interface FakeCall {
  readonly method: string;
  readonly params: JsonObject;
}

/** lightningd as the transports see it: `answers` by method, -32601 for every other. */
export function fakeRpc(answers: Record<string, (params: JsonObject) => unknown>): {
  readonly rpc: RpcClient;
  readonly calls: FakeCall[];
} {
  const calls: FakeCall[] = [];
  const raw = async (method: string, params: unknown): Promise<JsonValue> => {
    calls.push({ method, params: params as JsonObject });
    const answer = answers[method];
    if (answer === undefined) {
      throw new RpcError(method, -32601, `Unknown command '${method}'`);
    }
    return (await answer(params as JsonObject)) as JsonValue;
  };
  const rpc: RpcClient = {
    raw,
    call: async (method, params) => method.decode(await raw(method.name, method.encode(params))),
    close: async () => undefined,
  };
  return { rpc, calls };
}

const nothing = (): void => undefined;

export const silent: Logger = Object.assign(nothing, {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
});

/** Parts of a hub or a transport around a fake lightningd. */
export function parts(answers: Record<string, (params: JsonObject) => unknown> = {}) {
  const clock = new VirtualClock();
  const fake = fakeRpc({ help: () => ({ help: [] }), ...answers });
  return { ...fake, clock, random: new SeededRandom(1), log: silent };
}

/** A transport that does as it is told. */
export class FakeTransport implements TransportPort {
  readonly id: string;
  readonly seal: TransportPort['seal'];
  readonly verifies = 'schnorr';
  reachable: Reach = { kind: 'now' };
  state: TransportHealth = { state: 'up', detail: {} };
  outcome: SendOutcome | Error = { kind: 'sent', detail: {} };
  readonly sent: { readonly to: Target | JsonObject; readonly text: string }[] = [];
  closed = false;
  #handle: MessageHandler | undefined;

  constructor(id: string, seal: TransportPort['seal'] = 'recipient') {
    this.id = id;
    this.seal = seal;
  }

  async reach(): Promise<Reach> {
    return this.reachable;
  }

  health(): TransportHealth {
    return this.state;
  }

  async send(target: Target, body: Uint8Array): Promise<SendOutcome> {
    return this.#take(target, body);
  }

  async reply(route: JsonObject, body: Uint8Array): Promise<SendOutcome> {
    return this.#take(route, body);
  }

  onMessage(handler: MessageHandler): void {
    this.#handle = handler;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Lets something come in. */
  async deliver(text: string, key = 'ab'.repeat(32)): Promise<void> {
    const message: IncomingMessage = {
      transport: this.id,
      sender: { scheme: 'schnorr', key },
      body: new Uint8Array(Buffer.from(text)),
      route: { to: key },
    };
    await this.#handle?.(message);
  }

  #take(to: Target | JsonObject, body: Uint8Array): SendOutcome {
    this.sent.push({ to, text: Buffer.from(body).toString() });
    if (this.outcome instanceof Error) {
      throw this.outcome;
    }
    return this.outcome;
  }
}
