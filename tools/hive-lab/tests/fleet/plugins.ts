import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a test plugin does wrong. */
export interface PluginFaults {
  /** Exits before it answers `getmanifest`. */
  readonly exitAtStart?: boolean;
  /** Answers its status method with an error. */
  readonly statusFails?: boolean;
  /** Ignores the end of its input and SIGTERM. */
  readonly immortal?: boolean;
  /** Starts a process of its own that outlives it. */
  readonly daemon?: boolean;
  /** Says that it waits for this. */
  readonly idle?: string;
}

/**
 * Writes a small plugin without libraries into `dir` and returns its path. One named as a plugin of
 * the suite answers its status method and finds the others by it.
 */
export function writePlugin(dir: string, file: string, faults: PluginFaults = {}): string {
  const target = path.join(dir, file);
  writeFileSync(target, source(path.parse(file).name, faults), { mode: 0o755 });
  return target;
}

const METHODS: Readonly<Record<string, string>> = {
  'cl-hive-comms': 'hive-comms-status',
  'cl-hive-archon': 'hive-archon-status',
  'cl-hive': 'hive-status',
};

function source(name: string, faults: PluginFaults): string {
  return `#!/usr/bin/env node
'use strict';
const { connect } = require('node:net');
const METHODS = ${JSON.stringify(METHODS)};
const NAME = ${JSON.stringify(name)};
const FAULTS = ${JSON.stringify(faults)};
if (FAULTS.exitAtStart) process.exit(3);
if (FAULTS.immortal) {
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  setInterval(() => {}, 1000);
}
if (FAULTS.daemon) {
  require('node:child_process')
    .spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
    .unref();
}
const own = METHODS[NAME] ?? NAME + '-echo';
let rpcPath = '';
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n\\n');
const rpc = (method, params) => new Promise((resolve) => {
  const socket = connect(rpcPath);
  let text = '';
  socket.on('error', () => resolve({ error: { code: -1 } }));
  socket.on('data', (chunk) => {
    text += chunk;
    try { resolve(JSON.parse(text)); socket.end(); } catch {}
  });
  socket.write(JSON.stringify({ jsonrpc: '2.0', id: 'test', method, params }));
});
async function status() {
  const help = await rpc('help', {});
  const methods = (help.result?.help ?? []).map(({ command }) => command.split(' ')[0]);
  const siblings = Object.entries(METHODS).filter(([name]) => name !== NAME).map(([name, method]) =>
    ({ name, state: methods.includes(method) ? 'ready' : 'absent' }));
  return {
    plugin: NAME, version: '1.2.3', api_version: 1,
    state: FAULTS.idle ? 'idle' : 'ready', ...(FAULTS.idle ? { waiting_for: FAULTS.idle } : {}),
    database: { kind: 'sqlite', location: process.cwd() + '/' + NAME + '.sqlite3', schema_version: 1 },
    siblings,
    ...(NAME === 'cl-hive-comms' ? { identity: { npub: 'npub1' + 'q'.repeat(58) } } : {}),
  };
}
async function handle({ id, method, params }) {
  if (id === undefined) {
    if (method === 'shutdown' && !FAULTS.immortal) process.exit(0);
    return;
  }
  if (method === 'getmanifest') {
    send({ id, result: { dynamic: true, options: [], subscriptions: [], hooks: [],
      rpcmethods: [{ name: own, usage: '' }] } });
  } else if (method === 'init') {
    rpcPath = require('node:path').resolve(params.configuration['lightning-dir'], params.configuration['rpc-file']);
    send({ id, result: {} });
    if (FAULTS.idle) send({ method: 'log', params: { level: 'unusual', message: 'waiting for ' + FAULTS.idle } });
  } else if (FAULTS.statusFails) {
    send({ id, error: { code: -1, message: 'the database is locked' } });
  } else {
    send({ id, result: METHODS[NAME] === method ? await status() : { params } });
  }
}
let buffered = '';
process.stdin.on('data', (chunk) => {
  buffered += chunk;
  for (let end = buffered.indexOf('\\n\\n'); end >= 0; end = buffered.indexOf('\\n\\n')) {
    handle(JSON.parse(buffered.slice(0, end)));
    buffered = buffered.slice(end + 2);
  }
});
process.stdin.on('end', () => { if (!FAULTS.immortal) process.exit(0); });
`;
}
