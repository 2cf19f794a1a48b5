import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as clnRpc from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { expect, it } from 'vitest';
import { withNode } from './support/node.ts';
import { DIST } from './support/plugins.ts';

const ROOT = path.resolve(DIST, '..');

/** Methods of siblings and of clboss, which a node need not have: who calls them does without. */
const OF_PLUGINS = /^(?:hive|clboss)-/;

/** Source files of the plugins and of what is bundled into them. */
function sources(): readonly string[] {
  return ['apps', 'packages']
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder)).map((name) => path.join(ROOT, folder, name, 'src')),
    )
    .filter((folder) => !/packages\/(?:cln-rpc|testkit)\//.test(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => readFileSync(path.join(folder, file), 'utf8')),
    );
}

/** The RPC method that a name of `@cl-hive/cln-rpc` stands for. */
function methodCalled(name: string): string | undefined {
  const exported = (clnRpc as Readonly<Record<string, unknown>>)[name];
  return typeof exported === 'object' &&
    exported !== null &&
    'encode' in exported &&
    'name' in exported
    ? String(exported.name)
    : undefined;
}

/** Methods of lightningd that a source names: those it imports, and those it calls by their text. */
function methodsIn(source: string): readonly string[] {
  const imports = source.matchAll(/import \{([^}]*)\} from '@cl-hive\/cln-rpc'/g);
  const imported = Array.from(imports, ([, names = '']) => names.split(','))
    .flat()
    .flatMap((name) => methodCalled(name.trim().split(' ')[0] ?? '') ?? []);
  const written = Array.from(source.matchAll(/rpc\.raw\(\s*'([\w-]+)'/g), ([, name = '']) => name);
  return [...imported, ...written];
}

it('every method of lightningd that the plugins call is there', async () => {
  const called = new Set(sources().flatMap(methodsIn));
  const ofLightningd = [...called].filter((name) => !OF_PLUGINS.test(name)).sort();
  // So that a change of style cannot make this test see nothing.
  expect(ofLightningd).toEqual(expect.arrayContaining(['getinfo', 'sendpay', 'datastore']));
  expect(ofLightningd.length).toBeGreaterThan(40);
  await withNode({}, async (node) => {
    const { help } = await node.call('help');
    const known = new Set(
      (help as readonly JsonValue[]).map((entry) => commandOf(isJsonObject(entry) ? entry : {})),
    );
    const missing = ofLightningd.filter((name) => !known.has(name));
    expect(missing).toEqual([]);
  });
});

function commandOf({ command }: JsonObject): string {
  return typeof command === 'string' ? (command.split(' ')[0] ?? '') : '';
}
