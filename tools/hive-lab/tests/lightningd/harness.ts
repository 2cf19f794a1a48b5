import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type JsonObject, type JsonValue, parseJson } from '@cl-hive/core';
import type { LabCommand, NodeWorld } from '../../src/contract/node.ts';
import {
  type Lightningd,
  type LightningdSpec,
  type LogEntry,
  type NodeEnd,
  startLightningd,
} from '../../src/lightningd/index.ts';
import { RawClient } from './raw-client.ts';

/** A key that every test node may use: nodes of different tests never meet. */
export const SECRET_KEY = new Uint8Array(32).fill(7);

/** What a plugin script of a test consists of; each part is JavaScript source. */
export interface PluginSource {
  /** The answer to `getmanifest`, merged over an empty one. */
  readonly manifest?: JsonObject;
  /** Statements with `request` (parsed), `line` (raw), `reply(result)`, `fail(code, message)`, `send(object)`, `raw(text)`. */
  readonly onRequest?: string;
  readonly onNotification?: string;
  /** Run at the top, before anything is read. */
  readonly setup?: string;
  /** In place of the default answers to `getmanifest` and `init`. */
  readonly onManifest?: string;
  readonly onInit?: string;
}

const EMPTY_MANIFEST = { options: [], rpcmethods: [], dynamic: true };

/** A plugin in plain JavaScript: no SDK stands between a test and the protocol. */
export function pluginScript(source: PluginSource): string {
  return `#!${process.execPath}
const fs = require('node:fs');
const raw = (text) => {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try { rest = rest.subarray(fs.writeSync(1, rest)); }
    catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
};
const send = (object) => raw(JSON.stringify({ jsonrpc: '2.0', ...object }) + '\\n\\n');
let init;
${source.setup ?? ''}
function handle(request, line) {
  const reply = (result) => send({ id: request.id, result });
  const fail = (code, message) => send({ id: request.id, error: { code, message } });
  if (request.id === undefined) {
    ${source.onNotification ?? ''}
    if (request.method === 'shutdown') process.exit(0);
    return;
  }
  if (request.method === 'getmanifest') {
    ${source.onManifest ?? `reply(${JSON.stringify({ ...EMPTY_MANIFEST, ...source.manifest })});`}
    return;
  }
  if (request.method === 'init') {
    init = request.params;
    ${source.onInit ?? 'reply({});'}
    return;
  }
  ${source.onRequest ?? 'reply({});'}
}
let text = '', depth = 0, quoted = false, escaped = false;
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  for (const c of chunk) {
    if (depth === 0 && c !== '{') continue;
    text += c;
    if (quoted) {
      if (escaped) escaped = false;
      else if (c === '\\\\') escaped = true;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') depth += 1;
    else if (c === '}' || c === ']') {
      depth -= 1;
      if (depth === 0) { const line = text; text = ''; handle(JSON.parse(line), line); }
    }
  }
});
process.stdin.on('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
`;
}

/** What a test hands to its node beside the defaults. */
export type NodeOverrides = Partial<Omit<LightningdSpec, 'world' | 'plugins'>> & {
  readonly plugins?: LightningdSpec['plugins'];
  readonly commands?: readonly LabCommand[];
};

/** A folder with nodes and plugin scripts; everything is gone after {@link Bench.close}. */
export class Bench {
  readonly dir = mkdtempSync(join(tmpdir(), 'lab-lightningd-'));
  readonly log: LogEntry[] = [];
  readonly ends: NodeEnd[] = [];
  readonly #nodes: Lightningd[] = [];
  readonly #clients: RawClient[] = [];

  /** Writes an executable file and returns its path. */
  script(name: string, content: string): string {
    const path = join(this.dir, 'scripts', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, 0o755);
    return path;
  }

  plugin(name: string, source: PluginSource = {}): string {
    return this.script(name, pluginScript(source));
  }

  async start(overrides: NodeOverrides = {}): Promise<Lightningd> {
    const { commands = [], ...rest } = overrides;
    const node = await startLightningd({
      dir: join(this.dir, 'node'),
      alias: 'bench',
      secretKey: SECRET_KEY,
      plugins: [],
      world: world(commands),
      onLog: (entry) => this.log.push(entry),
      onExit: (end) => this.ends.push(end),
      ...rest,
    });
    this.#nodes.push(node);
    return node;
  }

  async client(node: Lightningd): Promise<RawClient> {
    const client = await RawClient.connect(node.rpcFile);
    this.#clients.push(client);
    return client;
  }

  /** One call on a connection of its own. Throws {@link CallError} for an error answer. */
  async call(node: Lightningd, method: string, params: JsonValue = {}): Promise<JsonObject> {
    const client = await this.client(node);
    try {
      return await client.call(method, params);
    } finally {
      client.close();
    }
  }

  /** Lines of the log that hold `text`. */
  logged(text: string): readonly LogEntry[] {
    return this.log.filter((entry) => entry.text.includes(text));
  }

  async close(): Promise<void> {
    for (const client of this.#clients) {
      client.close();
    }
    await Promise.all(this.#nodes.map(async (node) => node.kill()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A world of one node that knows only the given commands. */
export function world(commands: readonly LabCommand[]): NodeWorld {
  return { commands, start: () => {}, stop: () => {} };
}

/** Waits until `condition` holds; it is looked at again after each turn of the event loop. */
export async function until<T>(
  condition: () => T | undefined | false,
  what = 'the condition',
): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) {
      return value;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what} did not come true within 10 s`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** The parsed lines that plugin scripts of a test wrote into a file with `fs.appendFileSync`. */
export function parseLines(text: string): readonly JsonValue[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseJson(line));
}
