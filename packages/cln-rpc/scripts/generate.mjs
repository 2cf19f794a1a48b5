// Generates src/generated from schemas/ and the corrections. `--check` writes nothing and fails
// when what is committed differs from what would be written.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CORRECTIONS, FOREIGN_COMMANDS, OPEN_REQUESTS, TOPICS } from './corrections.mjs';
import { byCodeUnit, camel, decoderOf, pascal, Source, typeOf } from './emit.mjs';
import { emitHook, emitHookMaps } from './emit-hooks.mjs';
import { shapeOf } from './schema.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'src', 'generated');
const read = (path) => JSON.parse(readFileSync(join(root, 'schemas', `${path}.json`), 'utf8'));
const namesIn = (folder) =>
  [
    ...new Set(
      readdirSync(join(root, 'schemas', folder)).map((file) =>
        file.replace(/\.(request|response)\.json$/, ''),
      ),
    ),
  ].sort(byCodeUnit);

const unused = new Set(CORRECTIONS);
function corrected(path) {
  const schema = read(path);
  for (const correction of CORRECTIONS) {
    if (correction.file === path) {
      correction.apply(schema);
      unused.delete(correction);
    }
  }
  return shapeOf(schema, path);
}

/** path below src/generated -> text */
const files = new Map();
const owners = new Map();
function add(path, source) {
  files.set(path, String(source));
  for (const name of [...source.types, ...source.exports]) {
    if (owners.has(name)) throw new Error(`${name} is declared in ${owners.get(name)} and ${path}`);
    owners.set(name, path);
  }
}

function command(source, name) {
  const type = pascal(name);
  const request = corrected(`rpc/${name}.request`);
  request.extra = OPEN_REQUESTS.includes(name);
  typeOf(source, request, `${type}Request`, 'out', `Parameters of \`${name}\`.`);
  const response = corrected(`rpc/${name}.response`);
  result(source, name, `${type}Response`, response);
  source.read('asParams');
  source.extra.add("import type { RpcMethod } from '../rpc-method.ts';");
  source.body.push(
    `/** The command \`${name}\`. */`,
    `export const ${source.name('value', camel(name))}: RpcMethod<${type}Request, ${type}Response> = {`,
    `  name: '${name}',`,
    '  encode: asParams,',
    `  decode: decode${type}Response,`,
    '};',
    '',
  );
}

function result(source, name, type, shape) {
  const about = `Result of \`${name}\`.`;
  const declared = typeOf(source, shape, type, 'in', about);
  if (shape.kind === 'object') {
    decoderOf(source, shape, type, false);
    return;
  }
  source.name('type', type);
  source.body.push(
    `/** ${about} */`,
    `export type ${type} = ${declared};`,
    '',
    `function decode${type}(input: unknown): ${type} {`,
    `  return ${source.read('readRecord')}(input);`,
    '}',
    '',
  );
}

function notification(source, file) {
  const topic = TOPICS[file] ?? file;
  const type = `${pascal(topic)}Notification`;
  const shape = corrected(`notifications/${file}.response`);
  typeOf(
    source,
    shape,
    type,
    'in',
    `Body of the notification \`${topic}\`: what stands under its topic.`,
  );
  decoderOf(source, shape, type, true);
  return { topic, type };
}

function notificationMaps(source, all) {
  source.name('type', 'NotificationPayloads');
  source.name('type', 'NotificationTopic');
  source.name('value', 'NOTIFICATION_DECODERS');
  source.body.push(
    '/** Body of each notification of lightningd and its built-in plugins, by topic. */',
    'export interface NotificationPayloads {',
    ...all.map(({ topic, type }) => `  readonly ${topic}: ${type};`),
    '}',
    '',
    '/** A topic of lightningd or its built-in plugins. */',
    'export type NotificationTopic = keyof NotificationPayloads;',
    '',
    '/** Decoder of the body of each notification: of what stands under the topic in `params`. */',
    'export const NOTIFICATION_DECODERS: {',
    '  readonly [T in NotificationTopic]: (body: unknown) => NotificationPayloads[T];',
    '} = {',
    ...all.map(({ topic, type }) => `  ${topic}: decode${type},`),
    '};',
  );
}

function commands() {
  const builtin = new Set(
    Object.values(read('builtin-manifests')).flatMap((manifest) => [
      ...Object.keys(manifest.methods),
      ...Object.keys(manifest.deprecated_methods ?? {}),
    ]),
  );
  const source = new Source('schemas/help-usage.json and builtin-manifests.json', 1);
  source.name('type', 'CommandInfo');
  source.name('value', 'COMMANDS');
  source.body.push(
    '/** A command of lightningd as its `help` shows it. */',
    'export interface CommandInfo {',
    '  /** Usage without the name. */',
    '  readonly usage: string;',
    '  /** Names of the parameters in positional order. */',
    '  readonly params: readonly string[];',
    '  readonly required: readonly string[];',
    '  /** True for a command of lightningd itself, false for one of a built-in plugin. */',
    '  readonly core: boolean;',
    '}',
    '',
    '/** Every command of lightningd v26.06.6, by name. */',
    'export const COMMANDS: Readonly<Record<string, CommandInfo>> = {',
  );
  for (const line of read('help-usage')) {
    const [name, ...words] = line.trim().split(' ');
    if (FOREIGN_COMMANDS.includes(name)) continue;
    const named = words.map((word) => word.replace(/[[\]]/g, '').split('=')[0]);
    const required = named.filter((_, i) => !words[i].startsWith('['));
    const list = (items) => `[${items.map((item) => `'${item}'`).join(', ')}]`;
    source.body.push(
      `  '${name}': { usage: '${words.join(' ')}', params: ${list(named)}, required: ${list(required)}, core: ${!builtin.has(name)} },`,
    );
  }
  source.body.push('};');
  add('commands.gen.ts', source);
}

// One file for all commands, not one each: 170 small modules cost every test run a second.
const rpc = new Source('schemas/rpc', 1);
for (const name of namesIn('rpc')) command(rpc, name);
add('rpc.gen.ts', rpc);

const hooks = new Source('schemas/hooks', 1);
const hookNames = namesIn('hooks');
for (const name of hookNames) {
  emitHook(hooks, name, corrected(`hooks/${name}.request`), corrected(`hooks/${name}.response`));
}
emitHookMaps(hooks, hookNames);
add('hooks.gen.ts', hooks);

const notifications = new Source('schemas/notifications', 1);
const topics = namesIn('notifications').map((file) => notification(notifications, file));
notificationMaps(notifications, topics);
add('notifications.gen.ts', notifications);
commands();
files.set(
  'index.gen.ts',
  `// Generated by scripts/generate.mjs. Do not edit.\n${[...files.keys()]
    .map((path) => `export * from './${path}';\n`)
    .join('')}`,
);
if (unused.size > 0) {
  throw new Error(`corrections of no schema: ${[...unused].map(({ file }) => file).join(', ')}`);
}

function* present(folder) {
  if (!existsSync(join(target, folder))) return;
  for (const entry of readdirSync(join(target, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* present(path);
    else yield path;
  }
}
const stale = [...present('')].filter((path) => !files.has(path));
const differing = [...files].filter(([path, text]) => {
  const file = join(target, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
if (process.argv.includes('--check')) {
  const wrong = [...stale, ...differing.map(([path]) => path)];
  if (wrong.length > 0) {
    process.stderr.write(`not as generated: ${wrong.join(', ')}\nRun node scripts/generate.mjs\n`);
    process.exitCode = 1;
  }
} else {
  for (const path of stale) rmSync(join(target, path));
  for (const [path, text] of differing) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
  process.stdout.write(
    `${files.size} files, ${differing.length} changed, ${stale.length} removed\n`,
  );
}
