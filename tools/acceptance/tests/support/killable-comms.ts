import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { DIST } from './plugins.ts';

const ROOT = path.resolve(DIST, '..');

/** Functions with a place to die before and after each call; by file, so that a move breaks the build. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
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
  'packages/comms/src/store/intent-rows.ts': ['putIntent'],
  'packages/comms/src/store/ledger-rows.ts': ['putEntry'],
  'packages/comms/src/store/receipt-rows.ts': ['addReceipt'],
  'apps/cl-hive-comms/src/actions/run-effect.ts': ['executeEffect', 'observeEffect'],
  'apps/cl-hive-comms/src/actions/node-ports.ts': ['createNodePorts'],
};

/** The file, in the plugin's working directory, that names the places to die at: one a line, `NAME` or `NAME#N`. */
export const KILL_FILE = 'kill-points';

/**
 * What the watched functions call. Places are `function:before`, `function:after`, `port:kind:before`,
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
`;

const killPoints: Plugin = {
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
      const names = WATCHED[path.relative(ROOT, file)];
      if (names === undefined) {
        return undefined;
      }
      let source = readFileSync(file, 'utf8');
      for (const name of names) {
        const declared = new RegExp(`^export ((?:async )?function )${name}\\b`, 'm');
        if (!declared.test(source)) {
          throw new Error(`${file} has no function ${name}: name its new place in WATCHED`);
        }
        source = source
          .replace(declared, `$1${name}__`)
          .concat(`\nexport const ${name} = __watched('${name}', ${name}__);\n`);
      }
      return {
        contents: `import { watched as __watched } from 'kill-points';\n${source}`,
        loader: 'ts',
      };
    });
  },
};

/**
 * Builds cl-hive-comms from its sources with places to die at, into a new folder `folder`; gives the
 * entry file. The plugin that is shipped knows none of it.
 */
export async function buildKillableComms(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const app = path.join(ROOT, 'apps/cl-hive-comms');
  const built = await build({
    absWorkingDir: app,
    entryPoints: [{ in: 'src/main.ts', out: 'cl-hive-comms' }],
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
    plugins: [killPoints],
    metafile: true,
    logLevel: 'error',
  });
  const used = new Set(
    Object.keys(built.metafile.inputs).map((file) => path.relative(ROOT, path.resolve(app, file))),
  );
  for (const file of Object.keys(WATCHED).filter((one) => !used.has(one))) {
    throw new Error(`${file} is no part of cl-hive-comms: its functions have moved`);
  }
  const entry = path.join(folder, 'cl-hive-comms.js');
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(path.join(DIST, 'cl-hive-comms/node_modules'), path.join(folder, 'node_modules'));
  chmodSync(entry, 0o755);
  return entry;
}
