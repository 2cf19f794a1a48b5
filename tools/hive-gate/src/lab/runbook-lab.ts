import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import {
  array,
  describeError,
  type JsonValue,
  object,
  parseJson,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { lightningCli, type NodeUnderTest, PLUGIN_NAMES } from '@cl-hive/hive-lab';
import { BLOCK_MS } from '../limits.ts';

/** What a command of a runbook gave. */
export interface BlockResult {
  readonly exit: number;
  readonly output: string;
}

const decodeCall = object({
  program: text(200),
  words: array(text(10_000), 1_000),
  cwd: text(4_000),
});

/**
 * The programs that a runbook calls, standing in for the real ones: each hands its words to hive-gate
 * over a socket. `lightning-cli` talks to the emulated node, `systemctl` and `docker` restart it.
 */
const SHIM = `#!/usr/bin/env node
const socket = require('node:net').connect(process.env.HIVE_GATE_SOCKET);
const program = require('node:path').basename(process.argv[1]);
let answer = '';
socket.on('data', (chunk) => { answer += chunk; });
socket.on('end', () => {
  const { exit, output, run } = JSON.parse(answer);
  if (run) {
    const done = require('node:child_process').spawnSync(run[0], run.slice(1), { stdio: 'inherit' });
    process.exit(done.status ?? 1);
  }
  process.stdout.write(output);
  process.exitCode = exit;
});
socket.end(JSON.stringify({ program, words: process.argv.slice(2), cwd: process.cwd() }));
`;

/** A node to run a runbook on: folders as its page names them, and stand-ins for the programs. */
export class RunbookLab {
  readonly #node: NodeUnderTest;
  readonly #server: Server;
  readonly #env: Record<string, string>;
  readonly #state: string;
  #up = true;

  private constructor(
    node: NodeUnderTest,
    server: Server,
    env: Record<string, string>,
    state: string,
  ) {
    this.#node = node;
    this.#server = server;
    this.#env = env;
    this.#state = state;
  }

  /** Puts up the stand-ins. `dist` is the release that the runbook installs. */
  static async open(node: NodeUnderTest, dist: string): Promise<RunbookLab> {
    const bin = path.join(node.dir, 'bin');
    const home = path.join(node.dir, 'home');
    mkdirSync(bin, { recursive: true });
    mkdirSync(home, { recursive: true });
    for (const name of ['lightning-cli', 'systemctl', 'docker']) {
      writeFileSync(path.join(bin, name), SHIM);
      chmodSync(path.join(bin, name), 0o755);
    }
    const release = path.join(node.dir, 'release');
    for (const name of PLUGIN_NAMES) {
      if (existsSync(path.join(dist, name))) {
        cpSync(path.join(dist, name), path.join(release, name), { recursive: true });
      }
    }
    const socket = path.join(node.dir, 's');
    const env = {
      PATH: `${bin}:${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: home,
      HIVE_GATE_SOCKET: socket,
      RELEASE: release,
      PLUGINS: path.join(node.dir, 'plugins'),
      BACKUPS: path.join(node.dir, 'backups'),
      NETWORK_DIR: node.lightningDir,
      CONFIG: path.join(node.lightningDir, 'config'),
    };
    const server = createServer({ allowHalfOpen: true });
    const lab = new RunbookLab(node, server, env, path.join(node.dir, 'shell-state'));
    server.on('connection', (connection) => {
      let received = '';
      connection.setEncoding('utf8').on('data', (chunk: string) => {
        received += chunk;
      });
      connection.on('error', () => undefined);
      connection.on('end', () => {
        void lab.#answer(received).then((answer) => connection.end(stringifyJson(answer)));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(socket, resolve);
    });
    return lab;
  }

  /** Executes one block as a person would type it, each command echoed nowhere, the first failure ends it. */
  run(commands: string): Promise<BlockResult> {
    // Variables that one block sets are there in the next, as in one terminal.
    const script = `[ -f "${this.#state}" ] && . "${this.#state}"\nset -e\n${commands}\n{ set +e; export -p; } > "${this.#state}"`;
    const child = spawn('sh', ['-c', script], { env: this.#env, cwd: this.#env['HOME'] });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), BLOCK_MS);
    return new Promise((resolve) => {
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ exit: code ?? 124, output });
      });
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #answer(received: string): Promise<JsonValue> {
    try {
      const { program, words } = decodeCall(parseJson(received));
      switch (program) {
        case 'lightning-cli':
          return await this.#cli(words);
        case 'systemctl':
          return await this.#service(words);
        default:
          return await this.#docker(words);
      }
    } catch (error) {
      return { exit: 1, output: `${describeError(error)}\n` };
    }
  }

  async #cli(words: readonly string[]): Promise<JsonValue> {
    if (!this.#up) {
      return { exit: 2, output: 'lightning-cli: Connecting to lightning-rpc: No such file\n' };
    }
    const own = words.filter((word) => !/^--(?:network|lightning-dir)=/.test(word));
    const { ok, text: output } = await lightningCli(this.#node, own);
    return { exit: ok ? 0 : 1, output: `${output}\n` };
  }

  async #service(words: readonly string[]): Promise<JsonValue> {
    switch (words[0]) {
      case 'stop':
        await this.#node.halt();
        this.#up = false;
        return { exit: 0, output: '' };
      case 'start':
        await this.#node.boot();
        this.#up = true;
        return { exit: 0, output: '' };
      case 'is-active':
        return { exit: this.#up ? 0 : 3, output: this.#up ? 'active\n' : 'inactive\n' };
      default:
        return { exit: 1, output: `systemctl ${words.join(' ')} has no stand-in\n` };
    }
  }

  /** `docker exec NAME words`, `cp A NAME:B`, `stop`, `start`, `inspect`: inside and outside are one here. */
  async #docker(words: readonly string[]): Promise<JsonValue> {
    const [verb = '', ...rest] = words;
    const inside = (place: string): string => place.replace(/^[\w-]+:/, '');
    switch (verb) {
      case 'stop':
      case 'start':
        return this.#service([verb]);
      case 'inspect':
        return { exit: 0, output: this.#up ? 'running\n' : 'exited\n' };
      case 'cp':
        return { run: ['cp', '-R', ...rest.map(inside)] };
      case 'exec': {
        const [, ...command] = rest;
        return { run: command };
      }
      default:
        return { exit: 1, output: `docker ${words.join(' ')} has no stand-in\n` };
    }
  }
}
