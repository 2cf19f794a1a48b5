import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { build, type Plugin } from 'esbuild';
import type { NodeUnderTest } from './node.ts';
import { DIST, type PluginName } from './plugins.ts';

const ROOT = path.resolve(DIST, '..');

/**
 * Functions, and methods of classes, with a place to die before and after each call; by plugin and file,
 * so that a move breaks the build.
 */
const WATCHED = {
  'cl-hive-comms': {
    'packages/protocol/src/envelope/strict-json.ts': ['parseStrictJson'],
    'packages/protocol/src/envelope/request.ts': ['decodeRequest'],
    'packages/protocol/src/management/command.ts': ['parseCommand'],
    'packages/comms/src/gate/timestamp.ts': ['isTimely'],
    'packages/comms/src/gate/nonce.ts': ['judgeNonce'],
    'packages/comms/src/pipeline/receive.ts': ['checkRate'],
    'packages/comms/src/pipeline/claim.ts': ['decideClaim'],
    'packages/comms/src/pipeline/approval.ts': ['decideApproval'],
    'packages/comms/src/pipeline/outcome.ts': ['decideOutcome'],
    'packages/comms/src/pipeline/drive.ts': ['drive'],
    'packages/comms/src/auth/authenticate.ts': ['authenticateSigned'],
    'packages/comms/src/advisors/resolve.ts': ['resolvePrincipal'],
    'packages/comms/src/policy/judge.ts': ['judge'],
    'packages/comms/src/ledger/reserve.ts': ['judgeReserve'],
    'packages/comms/src/orders/decide-order.ts': ['decideOrder'],
    'packages/comms/src/store/intent-rows.ts': ['putIntent'],
    'packages/comms/src/store/ledger-rows.ts': ['putEntry'],
    'packages/comms/src/store/receipt-rows.ts': ['addReceipt'],
    'packages/cashu/src/prepare.ts': ['Preparer.send'],
    'packages/cashu/src/courier.ts': ['Courier.run'],
    'packages/cashu/src/operation-rows.ts': ['putOperation'],
    'packages/cashu/src/proof-rows.ts': ['holdProofs', 'addProofs', 'dropProofs'],
    'packages/cashu/src/mint-rows.ts': ['takeCounters'],
    'apps/cl-hive-comms/src/actions/run-effect.ts': ['executeEffect', 'observeEffect'],
    'apps/cl-hive-comms/src/actions/node-ports.ts': ['createNodePorts'],
    'apps/cl-hive-comms/src/actions/pays.ts': ['sendInvoice'],
  },
  'cl-hive-archon': {
    'apps/cl-hive-archon/src/identity/own-record.ts': ['OwnRecords.load', 'OwnRecords.save'],
    'apps/cl-hive-archon/src/dids/did-store.ts': ['DidStore.add'],
    'apps/cl-hive-archon/src/bindings/binding-desk.ts': ['BindingDesk.ensure'],
    'apps/cl-hive-archon/src/governance/poll-sync.ts': ['PollSync.spread'],
    'apps/cl-hive-archon/src/vault/copies.ts': ['Copies.take', 'Copies.prepare', 'Copies.digests'],
    'apps/cl-hive-archon/src/vault/deposit-office.ts': ['DepositOffice.take'],
    'apps/cl-hive-archon/src/vault/deposit-place.ts': ['putAndReadBack'],
    'apps/cl-hive-archon/src/vault/deposit-records.ts': ['DepositRecords.add'],
    'apps/cl-hive-archon/src/vault/deposit-fetch.ts': ['fetchDeposit'],
    'packages/archon/src/did/build.ts': ['createAgent', 'rotateKey'],
    'packages/archon/src/poll/poll-store.ts': ['decideOwnVote', 'signOwnVote'],
    'packages/archon/src/statement/statement.ts': ['statementText'],
    'packages/archon/src/vault/archive.ts': ['writeArchive', 'openArchive'],
    'packages/archon/src/vault/deposit.ts': ['depositIndex'],
    'packages/archon/src/vault/folder.ts': ['VaultFolder.retain'],
    'packages/store/src/files.ts': ['publish'],
    'packages/runtime/src/services/vault-place.ts': [
      'writePlan',
      'markDone',
      'finishPlan',
      'removeCopy',
    ],
  },
} as const satisfies Partial<Record<PluginName, Readonly<Record<string, readonly string[]>>>>;

/** The file, in the plugin's working directory, that names the places to die at: one a line, `NAME` or `NAME#N`. */
const KILL_FILE = 'kill-points';

/**
 * What the watched functions call. Places are `function:before`, `Class.method:after`, `port:kind:before`,
 * `port:kind:after`, and for what the actions ask lightningd `rpc:method:before`, `:sent`, `:answered`.
 */
const HOOKS = `
import { readFileSync, writeFileSync } from 'node:fs';
const met = new Map();
export function at(place) {
  let wanted;
  try {
    wanted = readFileSync('${KILL_FILE}', 'utf8').split('\\n').filter((line) => line !== '');
  } catch {
    return;
  }
  const [next, ...later] = wanted;
  const [name, times = '1'] = (next ?? '').split('#');
  if (name !== place) {
    return;
  }
  const count = (met.get(next) ?? 0) + 1;
  met.set(next, count);
  if (count < Number(times)) {
    return;
  }
  writeFileSync('${KILL_FILE}', later.join('\\n'));
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
const around = (name, work) => async (...args) => {
  at(name + ':before');
  const result = await work(...args);
  at(name + ':after');
  return result;
};
const ports = (all) =>
  Object.fromEntries(Object.entries(all).map(([kind, port]) => [kind, around('port:' + kind, port)]));
const rpc = (client) => {
  const watch = (own, name) => (method, ...rest) => {
    const what = 'rpc:' + (typeof method === 'string' ? method : method.name);
    at(what + ':before');
    const reply = client[own](method, ...rest);
    // The bytes are with the kernel one turn later.
    setImmediate(() => at(what + ':sent'));
    return reply.then((result) => {
      at(what + ':answered');
      return result;
    });
  };
  return { call: watch('call'), raw: watch('raw'), close: () => client.close() };
};
const GIVEN = {
  drive: ([flow, all]) => [flow, ports(all)],
  createNodePorts: ([options]) => [{ ...options, rpc: rpc(options.rpc) }],
};
export function watched(name, work) {
  return (...args) => {
    at(name + ':before');
    const result = work(...(GIVEN[name]?.(args) ?? args));
    const after = (value) => {
      at(name + ':after');
      return value;
    };
    return result instanceof Promise ? result.then(after) : after(result);
  };
}
export function watchedMethod(of, method) {
  const work = of.prototype[method];
  const name = of.name + '.' + method;
  of.prototype[method] = function (...args) {
    return watched(name, work.bind(this))(...args);
  };
}
`;

/** A source with places to die at. */
function withPlaces(file: string, names: readonly string[]): string {
  let source = readFileSync(file, 'utf8');
  for (const name of names) {
    const [of, method] = name.split('.') as [string, string?];
    const declared =
      method === undefined
        ? new RegExp(`^export ((?:async )?function )${of}\\b`, 'm')
        : new RegExp(`^export class ${of}\\b[^]*^  (?:async )?${method}\\(`, 'm');
    if (!declared.test(source)) {
      throw new Error(`${file} has no ${name}: name its new place in WATCHED`);
    }
    source =
      method === undefined
        ? source
            .replace(declared, `$1${of}__`)
            .concat(`\nexport const ${of} = __watched('${of}', ${of}__);\n`)
        : source.concat(`\n__watchedMethod(${of}, '${method}');\n`);
  }
  const imports = 'watched as __watched, watchedMethod as __watchedMethod';
  return `import { ${imports} } from 'kill-points';\n${source}`;
}

const killPoints = (all: Readonly<Record<string, readonly string[]>>): Plugin => ({
  name: 'kill-points',
  setup: (builder) => {
    builder.onResolve({ filter: /^kill-points$/ }, () => ({
      path: 'hooks',
      namespace: 'kill-points',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'kill-points' }, () => ({
      contents: HOOKS,
      loader: 'js',
    }));
    builder.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const names = all[path.relative(ROOT, file)];
      return names === undefined ? undefined : { contents: withPlaces(file, names), loader: 'ts' };
    });
  },
});

/**
 * Builds a plugin from its sources with places to die at, into a new folder `folder`; gives the
 * entry file. The plugin that is shipped knows none of it.
 */
export async function buildKillable(name: keyof typeof WATCHED, folder: string): Promise<string> {
  const watchedHere: Readonly<Record<string, readonly string[]>> = WATCHED[name];
  mkdirSync(folder, { recursive: true });
  const app = path.join(ROOT, 'apps', name);
  const built = await build({
    absWorkingDir: app,
    entryPoints: [{ in: 'src/main.ts', out: name }],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    conditions: ['@cl-hive/source'],
    external: ['better-sqlite3', 'better-sqlite3-napi', 'pg-native'],
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    plugins: [killPoints(watchedHere)],
    metafile: true,
    logLevel: 'error',
  });
  const used = new Set(
    Object.keys(built.metafile.inputs).map((file) => path.relative(ROOT, path.resolve(app, file))),
  );
  for (const file of Object.keys(watchedHere).filter((one) => !used.has(one))) {
    throw new Error(`${file} is no part of ${name}: its functions have moved`);
  }
  const entry = path.join(folder, `${name}.js`);
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(path.join(DIST, name, 'node_modules'), path.join(folder, 'node_modules'));
  chmodSync(entry, 0o755);
  return entry;
}

/** Runs `act` and lets the plugin at `entry` die at each place in turn, the later ones while it starts again. */
export async function dieAt(
  node: NodeUnderTest,
  {
    name,
    entry,
    options = {},
  }: {
    readonly name: keyof typeof WATCHED;
    readonly entry: string;
    readonly options?: JsonObject;
  },
  places: readonly string[],
  act: () => Promise<unknown>,
): Promise<void> {
  const file = path.join(node.lightningDir, KILL_FILE);
  writeFileSync(file, places.join('\n'));
  const acted = act().catch(() => undefined);
  for (const [at, place] of places.entries()) {
    await node.until(`the plugin died at ${place}`, () => {
      const left = existsSync(file) ? readFileSync(file, 'utf8') : '';
      const lines = left.split('\n').filter((line) => line !== '');
      return lines.length < places.length - at;
    });
    await node.until('lightningd has noticed', async () => {
      const { plugins } = await node.call('plugin', { subcommand: 'list' });
      return !JSON.stringify(plugins).includes(`${name}.js`);
    });
    // It may die before its start is answered.
    await node.startPlugin(entry, options).catch(() => undefined);
  }
  await acted;
  await node.untilState(name, 'ready');
}
