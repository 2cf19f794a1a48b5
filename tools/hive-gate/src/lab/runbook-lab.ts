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
import { lightningCli, MARK_VARIABLE, type NodeUnderTest, PLUGIN_NAMES } from '@cl-hive/hive-lab';
import { BLOCK_MS } from '../limits.ts';
import { type InstallKind, PROGRAMS, standIn } from './stand-in.ts';

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

/** A runbook's node. */
export interface RunbookPlace {
  readonly node: NodeUnderTest;
  /** The release that the runbook installs. */
  readonly dist: string;
  readonly kind: InstallKind;
  /** The node's own lightning-cli, where the node is a real one. */
  readonly lightningCli?: string;
}

/**
 * The programs that a runbook calls, standing in for the real ones: each hands its words to hive-gate
 * over a socket, which does what `standIn` says.
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
  readonly #cli: string | undefined;
  readonly #server: Server;
  readonly #env: Record<string, string>;
  readonly #state: string;
  #up = true;

  private constructor(place: RunbookPlace, server: Server, env: Record<string, string>) {
    this.#node = place.node;
    this.#cli = place.lightningCli;
    this.#server = server;
    this.#env = env;
    this.#state = path.join(place.node.dir, 'shell-state');
  }

  /** Puts up the stand-ins. */
  static async open(place: RunbookPlace): Promise<RunbookLab> {
    const { node, dist, kind } = place;
    const bin = path.join(node.dir, 'bin');
    const home = path.join(node.dir, 'home');
    mkdirSync(bin, { recursive: true });
    mkdirSync(home, { recursive: true });
    for (const name of PROGRAMS[kind]) {
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
    const lab = new RunbookLab(place, server, env);
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
    // Of this program's environment only what marks its processes.
    const mark = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => name === MARK_VARIABLE),
    );
    const env = { ...this.#env, ...mark };
    const child = spawn('sh', ['-c', script], { env, cwd: this.#env['HOME'] });
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
      const what = standIn(program, words, this.#up);
      switch (what.kind) {
        case 'answer':
          return { exit: what.exit, output: what.output };
        case 'run':
          return { run: [...what.words] };
        case 'lightning-cli':
          return await this.#ask(what.words);
        case 'turn':
          await (what.to === 'up' ? this.#node.boot() : this.#node.halt());
          this.#up = what.to === 'up';
          return { exit: 0, output: what.output };
      }
    } catch (error) {
      return { exit: 1, output: `${describeError(error)}\n` };
    }
  }

  async #ask(words: readonly string[]): Promise<JsonValue> {
    if (!this.#up) {
      return { exit: 2, output: 'lightning-cli: Connecting to lightning-rpc: No such file\n' };
    }
    const own = words.filter((word) => !/^--(?:network|lightning-dir)=/.test(word));
    if (this.#cli !== undefined) {
      const { lightningDir } = this.#node;
      const [folder, network] = [path.dirname(lightningDir), path.basename(lightningDir)];
      return { run: [this.#cli, `--lightning-dir=${folder}`, `--network=${network}`, ...own] };
    }
    const { ok, text: output } = await lightningCli(this.#node, own);
    return { exit: ok ? 0 : 1, output: `${output}\n` };
  }
}
