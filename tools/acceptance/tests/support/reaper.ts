import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';

/** What happens to cl-hive at one of its calls of lightningd. */
export interface Fate {
  /** At which of its calls, counted from 1 from the fate's setting on; of this method only, if given. */
  readonly nth: number;
  readonly method?: string;
  /**
   * `die_before`: cl-hive is killed and the call never reaches lightningd. `die_after`: it is killed,
   * and lightningd carries the call out. `lose`: lightningd carries it out and cl-hive is told that
   * the command was interrupted.
   */
  readonly how: 'die_before' | 'die_after' | 'lose';
}

const FILE = 'fate.json';

/** Sets what happens at a node, whose folder this is; the reaper there reads it at each call. */
export function setFate(lightningDir: string, fate: Fate | undefined): void {
  writeFileSync(path.join(lightningDir, FILE), stringifyJson(fate ?? null));
}

/**
 * Writes a plugin that shares no code with the suite and stands between cl-hive and lightningd: it
 * hooks `rpc_command` and lets fates happen. The plugin under test is the one that is shipped.
 */
export function writeReaper(file: string): void {
  writeFileSync(file, SOURCE, { mode: 0o755 });
}

const SOURCE = `#!/usr/bin/env node
const fs = require('node:fs');
const net = require('node:net');
const FILE = ${JSON.stringify(FILE)};
let last = '';
let count = 0;
function fate(call) {
  if (typeof call.id !== 'string' || !call.id.split('/').pop().startsWith('cl-hive:')) return undefined;
  let text = 'null';
  try { text = fs.readFileSync(FILE, 'utf8'); } catch {}
  if (text !== last) { last = text; count = 0; }
  const wanted = JSON.parse(text);
  if (wanted === null || (wanted.method !== undefined && wanted.method !== call.method)) return undefined;
  count += 1;
  return count === wanted.nth ? wanted.how : undefined;
}
function kill() {
  for (const entry of fs.readdirSync('/proc').filter((one) => /^[0-9]+$/.test(one))) {
    try {
      const words = fs.readFileSync('/proc/' + entry + '/cmdline', 'utf8');
      if (words.includes('/cl-hive.js') && fs.readlinkSync('/proc/' + entry + '/cwd') === process.cwd()) {
        process.kill(Number(entry), 'SIGKILL');
      }
    } catch {}
  }
}
function run(call, done) {
  const socket = net.connect('lightning-rpc');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
    if (answer.endsWith('\\n\\n')) { socket.end(); done(); }
  });
  socket.write(JSON.stringify({ jsonrpc: '2.0', id: 'reaper', method: call.method, params: call.params }));
}
const ERROR = { return: { error: { code: -4, message: 'the plugin died' } } };
function answer(method, params, reply) {
  if (method === 'getmanifest') {
    reply({ options: [], rpcmethods: [], dynamic: true, hooks: [{ name: 'rpc_command' }] });
  } else if (method === 'rpc_command') {
    const call = params.rpc_command;
    const how = fate(call);
    if (how === 'lose') {
      run(call, () => reply(ERROR));
      return;
    }
    if (how !== undefined) kill();
    reply(how === 'die_before' ? ERROR : { result: 'continue' });
  } else {
    reply({});
  }
}
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  for (let end = text.indexOf('\\n\\n'); end >= 0; end = text.indexOf('\\n\\n')) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    text = text.slice(end + 2);
    if (id !== undefined) {
      answer(method, params, (result) => {
        process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n\\n');
      });
    }
  }
});
process.stdin.on('end', () => process.exit(0));
`;
