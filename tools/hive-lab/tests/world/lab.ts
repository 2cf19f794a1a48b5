import { readFileSync } from 'node:fs';
import { type JsonObject, type NodeId, parseJson, stringifyJson } from '@cl-hive/core';
import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { Ajv, type ValidateFunction } from 'ajv';
import {
  type CallContext,
  LabRpcError,
  type NodeShell,
  type NodeWorld,
  RenderedJson,
} from '../../src/contract/node.ts';
import type { FeeTable } from '../../src/world/chain/feerates.ts';
import type { PublicNetwork } from '../../src/world/network/public-network.ts';
import { World } from '../../src/world/world.ts';

const SCHEMAS = new URL('../../../../packages/cln-rpc/schemas/rpc/', import.meta.url);
const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map<string, ValidateFunction>();

/** What keeps an answer from fitting the response schema of its command; empty when it fits. */
export function schemaErrors(method: string, answer: JsonObject): string {
  let validate = validators.get(method);
  if (validate === undefined) {
    const file = new URL(`${method}.response.json`, SCHEMAS);
    validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
    validators.set(method, validate);
  }
  // The validator knows no bigint; as doubles they keep their type, which is all a schema asks.
  return validate(JSON.parse(stringifyJson(answer))) ? '' : ajv.errorsText(validate.errors);
}

/** Answers of the plugins behind a fake shell, by hook name. */
export type Hooks = Record<string, (payload: JsonObject) => JsonObject | Promise<JsonObject>>;

/** One node of a test: calls commands as the shell does, and remembers what it was told. */
export class TestNode {
  readonly id: NodeId;
  readonly world: NodeWorld;
  readonly secretKey: Uint8Array;
  readonly alias: string;
  readonly told: { topic: string; payload: JsonObject }[] = [];
  readonly hooked: { name: string; payload: JsonObject }[] = [];
  readonly logs: string[] = [];
  readonly messages: string[] = [];
  readonly progress: [number, number][] = [];
  readonly evenTypes = new Set<number>();
  hooks: Hooks = {};

  constructor(world: NodeWorld & { readonly id: NodeId }, secretKey: Uint8Array, alias: string) {
    this.id = world.id;
    this.world = world;
    this.secretKey = secretKey;
    this.alias = alias;
  }

  start(): void {
    const shell: NodeShell = {
      id: this.id,
      secretKey: this.secretKey,
      alias: this.alias,
      network: 'regtest',
      notify: (topic, payload) => this.told.push({ topic, payload }),
      hook: async (name, payload) => {
        this.hooked.push({ name, payload });
        return (await this.hooks[name]?.(payload)) ?? { result: 'continue' };
      },
      log: (_level, source, message) => this.logs.push(`${source}: ${message}`),
      acceptsEvenMessage: (type) => this.evenTypes.has(type),
    };
    this.world.start(shell);
  }

  /** The payloads of one topic, oldest first. */
  of(topic: string): JsonObject[] {
    return this.told.filter((entry) => entry.topic === topic).map(({ payload }) => payload);
  }

  /** Calls a command and checks its answer against the schema. */
  async call(method: string, params: JsonObject = {}, signal?: AbortSignal): Promise<JsonObject> {
    const command = this.world.commands.find(({ name }) => name === method);
    if (command === undefined) {
      throw new Error(`the world has no command ${method}`);
    }
    const context: CallContext = {
      message: (_level, text) => this.messages.push(text),
      progress: (done, total) => this.progress.push([done, total]),
      signal: signal ?? new AbortController().signal,
    };
    const answer = await command.run(params, context);
    const object =
      answer instanceof RenderedJson ? (parseJson(answer.text()) as JsonObject) : answer;
    const faults = schemaErrors(method, object);
    if (faults !== '') {
      throw new Error(`${method} answered against its schema: ${faults}\n${stringifyJson(object)}`);
    }
    return object;
  }

  /** The error that a call ends with. */
  async refused(method: string, params: JsonObject = {}): Promise<LabRpcError> {
    try {
      const answer = await this.call(method, params);
      throw new Error(`${method} answered ${stringifyJson(answer)}`);
    } catch (error) {
      if (error instanceof LabRpcError) {
        return error;
      }
      throw error;
    }
  }
}

/** A world of `count` nodes, all started, not connected. */
export class TestLab {
  readonly clock = new VirtualClock();
  readonly world: World;
  readonly nodes: TestNode[] = [];

  constructor(
    count: number,
    options: { seed?: number; publicNetwork?: PublicNetwork; fees?: FeeTable } = {},
  ) {
    this.world = new World({
      clock: this.clock,
      random: new SeededRandom(options.seed ?? 1),
      ...(options.publicNetwork === undefined ? {} : { publicNetwork: options.publicNetwork }),
      ...(options.fees === undefined ? {} : { fees: options.fees }),
    });
    for (let number = 1; number <= count; number += 1) {
      const secretKey = this.world.secretKey(number);
      const alias = `lab${number}`;
      const node = new TestNode(
        this.world.addNode({
          secretKey,
          alias,
          lightningDir: `/lab/node${number}/regtest`,
          address: { host: '127.0.0.1', port: 20_000 + number },
        }),
        secretKey,
        alias,
      );
      node.start();
      this.nodes.push(node);
    }
  }

  /** Node number `number`, from 1. */
  node(number: number): TestNode {
    const node = this.nodes[number - 1];
    if (node === undefined) {
      throw new Error(`there is no node ${number}`);
    }
    return node;
  }
}

/** Lets everything that is under way and needs no time come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A lab whose nodes have 10 outputs of 0.1 BTC each. */
export function fundedLab(
  count: number,
  options: ConstructorParameters<typeof TestLab>[1] = {},
): TestLab {
  const lab = new TestLab(count, options);
  for (const node of lab.nodes) {
    lab.world.fund(node.id, 10_000_000n, 10);
  }
  lab.world.mine(1);
  return lab;
}

/** Opens a channel between two nodes and mines until it is announced; returns its id. */
export async function openChannel(
  lab: TestLab,
  from: number,
  to: number,
  sat: number,
  more: JsonObject = {},
): Promise<string> {
  const answer = await lab
    .node(from)
    .call('fundchannel', { id: lab.node(to).id, amount: sat, ...more });
  lab.world.mine(6);
  return answer['channel_id'] as string;
}

/** The real answer of a recorded request. */
export function transcript(name: string): {
  readonly params: JsonObject;
  readonly result: JsonObject;
  readonly error: { readonly code: number; readonly message: string };
} {
  const file = new URL(
    `../../../../packages/cln-rpc/fixtures/transcripts/rpc/${name}.json`,
    import.meta.url,
  );
  const text = JSON.parse(readFileSync(file, 'utf8')) as {
    request: { params: JsonObject };
    response: { result: JsonObject; error: { code: number; message: string } };
  };
  return { params: text.request.params, ...text.response };
}
