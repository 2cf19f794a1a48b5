import { readdir, readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '@cl-hive/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { definePlugin, type NativeTopic, option } from '../src/index.ts';
import { textOf } from '../src/testing/fake-rpc-error.ts';
import { FakeLightningd, PluginLink, runInProcess, until } from '../src/testing/index.ts';

// Real messages of lightningd v26.06.6, replayed byte for byte.

const FOLDER = new URL('../../cln-rpc/fixtures/transcripts/messages/', import.meta.url);

let node: FakeLightningd;
beforeEach(async () => {
  node = await FakeLightningd.start();
});
afterEach(() => node.stop());

async function recorded(): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  for (const file of (await readdir(FOLDER)).sort()) {
    const parsed = parseJson(await readFile(new URL(file, FOLDER), 'utf8'));
    messages.push(...(Array.isArray(parsed) ? parsed.filter(isJsonObject) : []));
  }
  return messages;
}

it('a plugin with everything declared takes every recorded message', async () => {
  const messages = await recorded();
  const topics = new Set(
    messages.filter(({ id }) => id === undefined).map(({ method }) => textOf(method)),
  );
  const seen: string[] = [];
  const plugin = definePlugin({
    name: 'lab',
    options: {
      'lab-string': option.string({ description: 'd', default: 'x', dynamic: true }),
      'lab-int': option.int({ description: 'd', default: 7 }),
      'lab-bool': option.bool({ description: 'd', default: true }),
      'lab-flag': option.flag({ description: 'd' }),
      'lab-multi': option.strings({ description: 'd' }),
    },
  })
    .method('lab-echo', { description: 'd', params: {}, handle: () => ({}) })
    .hook('peer_connected', { handle: () => undefined })
    .hook('custommsg', { delayEveryPeerMessage: true, handle: () => undefined })
    .hook('htlc_accepted', { onFailure: 'fail', handle: () => ({ result: 'continue' }) })
    .hook('invoice_payment', { handle: () => undefined })
    .hook('openchannel', { handle: () => ({ result: 'continue' }) })
    .hook('commitment_revocation', { handle: () => undefined });
  for (const topic of topics) {
    if (topic !== 'shutdown') {
      plugin.on(topic as NativeTopic, (_payload, call) => void seen.push(call.topic));
    }
  }
  const link = new PluginLink(runInProcess(plugin));
  const inOrder = [...messages].sort((a, b) => rank(a) - rank(b));
  const expected: string[] = [];
  for (const message of inOrder) {
    const id = message['id'];
    if (typeof id === 'string') {
      const reply = link.replyTo(id);
      link.write(`${stringifyJson(message)}\n\n`);
      const { result, error } = await reply;
      const name = textOf(message['method']);
      expect(
        result ?? (name === 'lab-echo' ? error : undefined),
        stringifyJson(message),
      ).toBeDefined();
      if (
        [
          'peer_connected',
          'custommsg',
          'htlc_accepted',
          'invoice_payment',
          'openchannel',
          'commitment_revocation',
        ].includes(name)
      ) {
        expect(result, name).toEqual({ result: 'continue' });
      }
    } else {
      expected.push(textOf(message['method']));
      link.write(`${stringifyJson(message)}\n\n`);
    }
  }
  await until(
    `${expected.length} notifications; log ${stringifyJson(link.logs)}`,
    () => seen.length === expected.length,
  );
  expect(seen).toEqual(expected);
  expect(link.logs.filter(({ level }) => level === 'broken')).toEqual([]);
  expect(link.killed).toBeUndefined();
  link.process.stdin.end();
  expect(await link.gone).toBe(0);
});

function rank(message: JsonObject): number {
  return message['method'] === 'getmanifest' ? 0 : message['method'] === 'init' ? 1 : 2;
}
