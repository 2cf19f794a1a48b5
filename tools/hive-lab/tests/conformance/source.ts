import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectRpc, RpcError } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@cl-hive/core';
import { SeededRandom } from '@cl-hive/testkit';
import { startLightningd } from '../../src/lightningd/index.ts';
import { systemClock } from '../../src/lightningd/system-clock.ts';
import { World } from '../../src/world/index.ts';

/** A node that cases run on. */
export interface SubjectNode {
  readonly id: string;
  readonly lightningDir: string;
  readonly rpcFile: string;
}

/** The three nodes of the standard fleet. */
export interface Subject {
  readonly nodes: readonly SubjectNode[];
  readonly stop: () => Promise<void>;
}

/** A way to get the standard fleet, see README.md. */
export interface SubjectSource {
  readonly name: string;
  readonly start: (dir: string) => Promise<Subject>;
}

/** The plugin of every node, with its options. */
export const RECORDER = {
  path: fileURLToPath(new URL('recorder.cjs', import.meta.url)),
  options: { 'lab-multi': ['one', 'two'] },
} as const;

/** Capacity of the fleet's one channel. */
export const CHANNEL_SAT = 2_000_000;

/** Makes one call on a connection of its own. */
export async function callOnce(
  rpcFile: string,
  method: string,
  params: JsonObject | readonly JsonValue[],
): Promise<JsonValue> {
  const rpc = connectRpc({ path: rpcFile, caller: 'conformance' });
  try {
    return await rpc.raw(method, params);
  } finally {
    await rpc.close();
  }
}

/** As {@link callOnce}, with params as JSON text: for what no value can hold, as a member that stands twice. */
export async function callWritten(
  rpcFile: string,
  method: string,
  params: string,
): Promise<JsonValue> {
  const socket = connect(rpcFile);
  try {
    socket.write(`{"jsonrpc":"2.0","id":"written","method":"${method}","params":${params}}`);
    let answer = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      answer += chunk as string;
      if (answer.endsWith('\n\n')) {
        break;
      }
    }
    const { result = null, error } = parseJson(answer) as JsonObject;
    if (isJsonObject(error)) {
      const { code, message, data } = error;
      const text = typeof message === 'string' ? message : '';
      throw new RpcError(method, typeof code === 'number' ? code : 0, text, data);
    }
    return result;
  } finally {
    socket.destroy();
  }
}

/** hive-lab's own lightningd, over its sockets. */
export const labSource: SubjectSource = {
  name: 'hive-lab',
  start: async (dir) => {
    const world = new World({ clock: systemClock, random: new SeededRandom(7) });
    const nodes = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const secretKey = world.secretKey(number);
        const nodeDir = join(dir, `node${number}`);
        const alias = `lab${number}`;
        const address = { host: '127.0.0.1', port: 9735 + number };
        const lightningDir = join(nodeDir, 'regtest');
        const added = world.addNode({ secretKey, alias, lightningDir, address });
        const node = await startLightningd({
          dir: nodeDir,
          alias,
          secretKey,
          plugins: [RECORDER],
          world: added,
        });
        world.fund(added.id, 100_000_000n);
        return { ...node, address };
      }),
    );
    const [one, two] = nodes;
    if (one !== undefined && two !== undefined) {
      world.mine(1);
      await callOnce(one.rpcFile, 'connect', { id: two.id, ...two.address });
      await callOnce(one.rpcFile, 'fundchannel', { id: two.id, amount: CHANNEL_SAT });
      world.mine(6);
    }
    return {
      nodes,
      stop: async () => {
        await Promise.all(nodes.map(async (node) => node.stop()));
      },
    };
  },
};
