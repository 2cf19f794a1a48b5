import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { anyJson, array, type JsonValue, object, optional, parseJson, text } from '@cl-hive/core';
import { allowlistFile } from '@cl-hive/readiness';
import { readText, sha256 } from '../files.ts';
import { MANIFEST_MS, YAML_BYTES_MAX } from '../limits.ts';
import { buildInputs, type Collector, NoEvidence } from './collector.ts';
import { readRegister } from './registers.ts';

const decodeManifest = object({
  rpcmethods: array(object({ name: text(200) })),
  hooks: optional(array(anyJson)),
  subscriptions: optional(array(text(200))),
  options: optional(array(object({ name: text(200) }))),
});

/** What a built plugin tells lightningd that it has. */
export interface BuiltManifest {
  readonly methods: readonly string[];
  readonly hooks: readonly string[];
  readonly notifications: readonly string[];
  readonly options: readonly string[];
}

/** The manifest that a built plugin prints when asked for it (`--manifest`), as lightningd gets it. */
export function askManifest(dist: string, plugin: string): BuiltManifest {
  const file = path.join(dist, plugin, `${plugin}.js`);
  const done = spawnSync(process.execPath, [file, '--manifest'], {
    encoding: 'utf8',
    timeout: MANIFEST_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (done.status !== 0) {
    throw new NoEvidence(`${plugin} gave no manifest`, 'npm run build');
  }
  const manifest = decodeManifest(parseJson(done.stdout));
  return {
    methods: manifest.rpcmethods.map(({ name }) => name).sort(),
    hooks: (manifest.hooks ?? []).map(nameOfHook).sort(),
    notifications: [...(manifest.subscriptions ?? [])].sort(),
    options: (manifest.options ?? []).map(({ name }) => name).sort(),
  };
}

function nameOfHook(hook: JsonValue): string {
  return typeof hook === 'string' ? hook : object({ name: text(200) })(hook).name;
}

/** RPC methods that the builds register, beside the allowlist. */
export const rpcMethods: Collector = {
  id: 'rpc-methods',
  title: 'asks each built plugin for its manifest and reads docs/gates/rpc-allowlist.yaml',
  inputs: (setting) => [
    ...buildInputs(setting),
    sha256(readText(allowlist(setting), YAML_BYTES_MAX)),
  ],
  collect: (setting) => {
    const plugins: JsonValue[] = [];
    for (const { name } of setting.subject.builds) {
      const { methods, hooks, notifications } = askManifest(setting.dist, name);
      plugins.push({ plugin: name, methods, hooks, notifications });
    }
    const list = readRegister(setting.gates, 'rpc-allowlist.yaml', allowlistFile);
    return { allowlist: list, plugins };
  },
};

const allowlist = ({ gates }: { readonly gates: string }): string =>
  path.join(gates, 'rpc-allowlist.yaml');
