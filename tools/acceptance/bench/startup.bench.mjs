// Time from spawn to the manifest, and memory at rest, of each built plugin against a bare Node
// program that answers the same manifest.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const DIST = path.resolve(import.meta.dirname, '../../../dist');
const PLUGINS = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'];
const ROUNDS = 25;
const GETMANIFEST =
  '{"jsonrpc":"2.0","id":"cln:getmanifest#1","method":"getmanifest","params":{"allow-deprecated-apis":false}}\n\n';

const folder = mkdtempSync(path.join(tmpdir(), 'cl-hive-bench-'));

function launch(file) {
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, LIGHTNINGD_PLUGIN: '1', LIGHTNINGD_VERSION: 'v26.06.6' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  const waiting = [];
  child.stdout.on('data', (chunk) => {
    text += chunk;
    for (const { pattern, resolve } of waiting.splice(0)) {
      if (pattern.test(text)) {
        resolve(text);
      } else {
        waiting.push({ pattern, resolve });
      }
    }
  });
  return {
    child,
    send: (message) => child.stdin.write(message),
    seen: (pattern) =>
      pattern.test(text)
        ? Promise.resolve(text)
        : new Promise((resolve) => waiting.push({ pattern, resolve })),
  };
}

async function timeToManifest(file) {
  const begin = performance.now();
  const plugin = launch(file);
  plugin.send(GETMANIFEST);
  const text = await plugin.seen(/"rpcmethods"[\s\S]*\n\n/);
  const elapsed = performance.now() - begin;
  plugin.child.kill('SIGKILL');
  return { elapsed, text };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** A program that answers the given manifest and `init`, and nothing else. */
function bareProgram(name, manifest) {
  const file = path.join(folder, `bare-${name}.js`);
  writeFileSync(
    file,
    `process.stdin.on('data', (chunk) => {
  const { id, method } = JSON.parse(chunk);
  const result = method === 'getmanifest' ? ${JSON.stringify(manifest)} : {};
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n\\n');
});\n`,
  );
  return file;
}

/** Just enough of lightningd's socket for the plugins to start on: they idle or have nobody to talk to. */
function serveRpc(file) {
  const answers = {
    getinfo: JSON.parse(
      readFileSync(
        path.resolve(
          import.meta.dirname,
          '../../../packages/cln-rpc/fixtures/transcripts/rpc/getinfo.json',
        ),
        'utf8',
      ),
    ).response.result,
    makesecret: { secret: '11'.repeat(32) },
  };
  const server = createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      let request;
      try {
        request = JSON.parse(text);
      } catch {
        return;
      }
      text = '';
      const result = answers[request.method];
      const reply =
        result === undefined ? { error: { code: -32601, message: 'Unknown command' } } : { result };
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, ...reply })}\n\n`);
    });
    socket.on('error', () => socket.destroy());
  });
  return new Promise((resolve) => server.listen(file, () => resolve(server)));
}

const INIT = `${JSON.stringify({
  jsonrpc: '2.0',
  id: 'cln:init#2',
  method: 'init',
  params: {
    options: {},
    configuration: {
      'lightning-dir': folder,
      'rpc-file': 'lightning-rpc',
      startup: true,
      network: 'regtest',
      feature_set: {},
    },
  },
})}\n\n`;

/** Resident memory in MB once the plugin is at rest: the least of the readings of three seconds. */
async function memoryAtRest(file) {
  const plugin = launch(file);
  plugin.send(GETMANIFEST);
  await plugin.seen(/"rpcmethods"[\s\S]*\n\n/);
  plugin.send(INIT);
  await plugin.seen(/cln:init#2/);
  let last = 0;
  for (let reading = 0; reading < 6; reading += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    last =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${plugin.child.pid}/status`, 'utf8'))[1]) /
      1024;
  }
  plugin.child.kill('SIGTERM');
  return last;
}

const print = (row) => console.log(JSON.stringify(row));
const server = await serveRpc(path.join(folder, 'lightning-rpc'));
try {
  for (const name of PLUGINS) {
    const file = path.join(DIST, name, `${name}.js`);
    const { text } = await timeToManifest(file);
    const manifest = text
      .split('\n\n')
      .map((part) => (part.includes('"rpcmethods"') ? JSON.parse(part).result : undefined))
      .find(Boolean);
    const bare = bareProgram(name, manifest);
    const times = { plugin: [], bare: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times.plugin.push((await timeToManifest(file)).elapsed);
      times.bare.push((await timeToManifest(bare)).elapsed);
    }
    print({
      name: `${name}: spawn to manifest`,
      value: median(times.plugin),
      unit: 'ms',
      against: `bare program ${median(times.bare).toFixed(1)} ms (limit 1.5 x)`,
      ratio: median(times.plugin) / median(times.bare),
    });
    const memory = await memoryAtRest(file);
    const bareMemory = await memoryAtRest(bare);
    print({
      name: `${name}: memory at rest`,
      value: memory,
      unit: 'MB',
      against: `bare program ${bareMemory.toFixed(1)} MB + ${(memory - bareMemory).toFixed(1)} MB (limit + 40 MB)`,
      ratio: memory / bareMemory,
    });
  }
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
