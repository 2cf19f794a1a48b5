import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeError, type JsonObject, type JsonValue, stringifyJson } from '@cl-hive/core';
import { type NodeUnderTest, PLUGIN_NAMES } from '@cl-hive/hive-lab';
import { filesBelow } from '../files.ts';
import { withLab } from '../lab/lab.ts';
import { buildInputs, type Collector } from './collector.ts';

/** Methods that only read: everything that they say is searched. */
const READ: readonly (readonly [string, JsonObject])[] = [
  ['hive-comms-status', {}],
  ['hive-client-status', {}],
  ['hive-client-identity', {}],
  ['hive-client-identity', { action: 'relays' }],
  ['hive-client-pending', {}],
  ['hive-client-receipts', {}],
  ['hive-client-policy', {}],
  ['hive-client-payments', {}],
  ['hive-comms-transports', {}],
  ['hive-archon-status', {}],
  ['hive-status', {}],
  ['hive-siblings', {}],
];

/** A secret that was handed to the plugins. */
interface Planted {
  readonly name: string;
  /** Forms in which it would be recognised. */
  readonly forms: readonly string[];
  readonly taken: boolean;
}

/** Hands secrets to the plugins as an operator does. */
async function plant(
  node: NodeUnderTest,
): Promise<{ readonly planted: readonly Planted[]; readonly refusal: string }> {
  const planted: Planted[] = [];
  const { token } = await node.call('hive-client-authorize', { advisor: 'canary' });
  const text = typeof token === 'string' ? token : stringifyJson(token ?? '');
  planted.push({ name: 'advisor token', forms: [text], taken: text.length >= 32 });
  const webhook = `s3cret${randomBytes(12).toString('hex')}`;
  planted.push({ name: 'webhook address', forms: [webhook], taken: true });
  await node.stopPlugin('cl-hive-comms');
  await node.startPlugin('cl-hive-comms', {
    'hive-comms-webhook': `http://127.0.0.1:9/${webhook}`,
  });
  for (const plugin of PLUGIN_NAMES) {
    await node.untilState(plugin, 'ready');
  }
  const key = randomBytes(32).toString('hex');
  const file = path.join(node.dir, 'canary-key');
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  const imported = await node
    .call('hive-client-identity', { action: 'import', nsec_file: file })
    .then(() => true)
    .catch(() => false);
  planted.push({ name: 'Nostr secret key', forms: [key], taken: imported });
  const refusedKey = `nsec1${randomBytes(20).toString('hex')}`;
  const refusal = await node
    .call('hive-client-identity', { action: 'import', nsec: refusedKey })
    .then(() => '')
    .catch(describeError);
  planted.push({ name: 'mistyped secret key', forms: [refusedKey], taken: refusal !== '' });
  return { planted, refusal };
}

/** Command lines of the plugins' processes, which every user of the machine can read. */
function commandLines(node: NodeUnderTest): string {
  return PLUGIN_NAMES.flatMap((plugin) => node.pidsOf(plugin))
    .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .join('\n');
}

/** Every file of the plugins, as bytes read one to one: a token must not stand in the database. */
function storedText(node: NodeUnderTest): { readonly text: string; readonly files: number } {
  const names = PLUGIN_NAMES.flatMap((plugin) =>
    filesBelow(path.join(node.lightningDir, plugin)).map((file) => path.join(plugin, file)),
  ).filter((file) => !file.endsWith('/'));
  const texts = names.map((file) => readFileSync(path.join(node.lightningDir, file), 'latin1'));
  return { text: texts.join('\n'), files: names.length };
}

/** Plants secrets and looks for them in everything that can be read. */
export const canarySecret: Collector = {
  id: 'canary-secret',
  title:
    'plants secrets in the plugins on hive-lab and searches logs, answers, arguments and files',
  inputs: buildInputs,
  collect: async (setting) => {
    let value: JsonValue = null;
    await withLab(setting, { plugins: PLUGIN_NAMES }, async (node) => {
      for (const plugin of PLUGIN_NAMES) {
        await node.untilState(plugin, 'ready');
      }
      const { planted, refusal } = await plant(node);
      const answers: string[] = [refusal];
      for (const [method, params] of READ) {
        answers.push(stringifyJson(await node.call(method, params)));
      }
      await node.call('hive-no-such-method').catch((error: unknown) => {
        answers.push(describeError(error));
      });
      const stored = storedText(node);
      const log = node.log();
      const places = [
        ['the log', log],
        ['an answer', answers.join('\n')],
        ['a command line', commandLines(node)],
        ['a stored file', stored.text],
      ] as const;
      value = {
        planted: planted.map(({ name, forms, taken }) => ({
          name,
          taken: taken ? 'yes' : 'no',
          found: places
            .filter(([, text]) => forms.some((form) => text.includes(form)))
            .map(([where]) => where),
        })),
        searched: {
          log_lines: log.split('\n').length,
          answers: answers.length,
          files: stored.files + readdirSync(node.lightningDir).length,
        },
      };
    });
    return value;
  },
};
