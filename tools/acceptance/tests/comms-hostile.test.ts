import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JsonObject, stringifyJson } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Advisor, type Ask, textOf } from './support/advisor.ts';
import { INFO, verified } from './support/management.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { pluginFile } from './support/plugins.ts';

const ACT = { mode: 'act', tier: 'advanced' };
const base = mkdtempSync(path.join(tmpdir(), 'hive-hostile-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** cl-hive-comms behind a first line and more code of its own. */
function wrapped(name: string, firstLine: string, more: string): string {
  const folder = path.join(base, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const file = path.join(folder, 'cl-hive-comms.js');
  writeFileSync(
    file,
    `${firstLine}\nimport ${JSON.stringify(pluginFile('cl-hive-comms'))};\n${more}`,
    {
      mode: 0o755,
    },
  );
  return file;
}

/** Sockets on which a process listens. */
function listening(pid: number): readonly string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        return inode === undefined ? [] : [inode];
      } catch {
        return [];
      }
    }),
  );
  const table = (name: string) =>
    readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  const tcp = ['tcp', 'tcp6'].flatMap((name) =>
    table(name).filter((row) => row[3] === '0A' && own.has(row[9] ?? '')),
  );
  const unix = table('unix').filter(
    (row) => (Number.parseInt(row[3] ?? '0', 16) & 0x10000) !== 0 && own.has(row[6] ?? ''),
  );
  return [...tcp, ...unix].map((row) => row.join(' '));
}

/** Locks an SQLite file as another program would, until it is released. */
async function lockDatabase(file: string): Promise<{ readonly release: () => Promise<void> }> {
  const driver =
    Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3';
  const code = `
    const { default: Sqlite } = await import('${driver}');
    const db = new Sqlite(${JSON.stringify(file)}, { timeout: 10_000 });
    db.exec('begin exclusive');
    process.stdout.write('locked');
    process.stdin.on('data', () => {}).on('end', () => db.close());
  `;
  const args = ['--input-type=module', '-e', code];
  const child = spawn(process.execPath, args, {
    cwd: path.dirname(pluginFile('cl-hive-comms')),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    release: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

const invoice = (label: string): Ask => ({
  schema: 'hive:payment/v1',
  action: 'create_invoice',
  params: { label, amount_msat: 1000 },
});

async function ready(node: NodeUnderTest): Promise<void> {
  await node.untilState('cl-hive-comms', 'ready');
}

describe('the door that clnrest opens', () => {
  it('TI-16, I6: has no port of its own, takes no address for a name, and keeps runes out of the log', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await ready(node);
      const alice = await Advisor.authorize(node, 'alice', ACT);
      expect(await alice.ask(INFO)).toMatchObject({ outcome: 'executed' });
      const [pid = 0] = node.pidsOf('cl-hive-comms');
      expect(listening(pid)).toEqual([]);
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const before = listening(process.pid).length;
      other.close();
      expect(before).toBeGreaterThan(0);
      expect(await alice.send(alice.bare(INFO))).toMatchObject({
        reason: { code: 'signature_invalid' },
      });
      for (const schema of ['//hive:monitor/v1', 'hive:monitor%2fv1', 'hive:monitor/v1?rune=x']) {
        expect(await alice.ask({ ...INFO, schema })).toMatchObject({ outcome: 'refused' });
      }
      const restrictions = [['method=hive-comms-rpc']];
      const { rune } = await node.call('createrune', { restrictions });
      const secret = textOf(rune);
      for (const params of [
        { envelope: alice.bare(INFO), rune: secret },
        { envelope: { ...alice.bare(INFO), rune: secret } },
        { envelope: alice.bare(INFO), Rune: secret },
        { envelope: `${stringifyJson(alice.bare(INFO))}?rune=${secret}` },
      ]) {
        const answer = await node
          .call('hive-comms-rpc', params)
          .catch((error: unknown) => String(error));
        expect(stringifyJson(answer)).not.toContain('"executed"');
      }
      expect(node.log()).not.toContain(secret);
    });
  });
});

describe('authorizing again', () => {
  it('PB-07, I6: shows no token of an advisor that has one, and leaves a receipt', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await ready(node);
      const first = await node.call('hive-client-authorize', { advisor: 'victim' });
      const { secret } = first['token'] as { secret: string };
      const before = await verified(node);
      for (const advisor of ['victim', '1']) {
        const again = await node.call('hive-client-authorize', {
          advisor,
          mode: 'advice',
          tier: 'monitor',
        });
        expect(again).not.toHaveProperty('token');
        expect(stringifyJson(again)).not.toContain(secret);
      }
      const after = await verified(node);
      expect(Number(after['receipts'])).toBe(Number(before['receipts']) + 2);
      // No action of any schema reaches it: an advisor cannot ask for another's token.
      const mallory = await Advisor.authorize(node, 'mallory', ACT);
      const ask = { schema: 'hive:config/v1', action: 'grant', params: { advisor: 'victim' } };
      const refused = await mallory.ask(ask);
      expect(refused).toMatchObject({ outcome: 'refused' });
      expect(stringifyJson(refused) + node.log()).not.toContain(secret);
    });
  });
});

describe('a database that somebody else locks', () => {
  it('DB-03, I10: holds up no other call, and loses no nonce', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await ready(node);
      const alice = await Advisor.authorize(node, 'alice', ACT);
      const location = path.join(node.lightningDir, 'cl-hive-comms/comms.sqlite3');
      const lock = await lockDatabase(location);
      const envelope = alice.signed(invoice('a'));
      const sent = alice.send(envelope).catch((error: unknown) => ({ outcome: String(error) }));
      for (let n = 0; n < 20; n += 1) {
        expect(await node.call('hive-comms-version')).toHaveProperty('version');
      }
      await lock.release();
      expect(['executed', 'unknown']).toContain((await sent).outcome);
      expect(await alice.send(envelope)).toMatchObject({ outcome: 'executed' });
      const { invoices } = await node.call('listinvoices');
      expect(invoices).toHaveLength(1);
      await verified(node);
    });
  });
});

describe('what goes wrong around the plugin', () => {
  it('HK-03, I10: noise on stdout reaches the log and nothing else', async () => {
    const noise = `
console.log('banner');
console.log(JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }));
process.stdout.write('half a line');
process.stdout.write('x'.repeat(100_000_000) + '\\n');
setInterval(() => console.log('tick'), 50);
`;
    const file = wrapped('noisy', '#!/usr/bin/env node', noise);
    await withNode({ plugins: [{ path: file }] }, async (node) => {
      await ready(node);
      const alice = await Advisor.authorize(node, 'alice');
      expect(await alice.ask(INFO)).toMatchObject({ outcome: 'executed' });
      await node.until('the noise is in the log', () => node.log().includes('banner'));
      expect(await node.call('getinfo')).toHaveProperty('id');
    });
  });

  it('HK-06, I10: hostile input does not exhaust a heap of 96 MB', async () => {
    const file = wrapped('small', '#!/usr/bin/env -S node --max-old-space-size=96', '');
    await withNode({ plugins: [{ path: file }] }, async (node) => {
      await ready(node);
      const alice = await Advisor.authorize(node, 'alice');
      const [pid] = node.pidsOf('cl-hive-comms');
      const good = stringifyJson(alice.signed(INFO));
      const bombs = [
        ' '.repeat(10_000_000) + good,
        '['.repeat(5_000_000),
        '{"a":'.repeat(1_000_000),
        `"${'\\u0041'.repeat(1_000_000)}"`,
      ];
      for (const envelope of bombs) {
        const answer = await node
          .call('hive-comms-rpc', { envelope })
          .catch((): JsonObject => ({}));
        expect(answer['outcome']).not.toBe('executed');
      }
      for (let wave = 0; wave < 20; wave += 1) {
        await Promise.all(
          Array.from({ length: 100 }, (_, n) =>
            alice.send({
              ...alice.bare({ ...INFO, nonce: 1 }),
              principal: `stranger-${wave}-${n}`,
            }),
          ),
        );
      }
      expect(node.pidsOf('cl-hive-comms')).toEqual([pid]);
      expect(await alice.ask({ ...INFO, nonce: 100 })).toMatchObject({ outcome: 'executed' });
    });
  });

  it('CK-03: a process that was suspended goes on, and does nothing twice', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await ready(node);
      const alice = await Advisor.authorize(node, 'alice', ACT);
      const [pid = 0] = node.pidsOf('cl-hive-comms');
      const envelopes = ['a', 'b', 'c'].map((label) => alice.signed(invoice(label)));
      const sent = envelopes.map((envelope) => alice.send(envelope));
      process.kill(pid, 'SIGSTOP');
      expect(await node.call('getinfo')).toHaveProperty('id');
      process.kill(pid, 'SIGCONT');
      for (const answer of await Promise.all(sent)) {
        expect(answer).toMatchObject({ outcome: expect.stringMatching(/executed|refused/) });
      }
      for (const envelope of envelopes) {
        await alice.send(envelope);
      }
      const { invoices } = await node.call('listinvoices');
      const labels = (invoices as readonly JsonObject[]).map(({ label }) => label);
      expect(new Set(labels).size).toBe(labels.length);
      await verified(node);
    });
  });

  it('KX-09: a stop in the middle of five actions leaves each done, not begun, or known as open', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await ready(node);
      await node.call('hive-client-policy', { action: 'preset', preset: 'aggressive' });
      const asked: { label: string; advisor: Advisor; envelope: JsonObject }[] = [];
      for (const label of ['a', 'b', 'c', 'd', 'e']) {
        const advisor = await Advisor.authorize(node, `advisor-${label}`, ACT);
        asked.push({ label, advisor, envelope: advisor.signed(invoice(label)) });
      }
      const sent = asked.map(({ advisor, envelope }) =>
        advisor.send(envelope).catch(() => undefined),
      );
      await node.stopPlugin('cl-hive-comms');
      await Promise.all(sent);
      await node.until('the process is gone', () => node.pidsOf('cl-hive-comms').length === 0);
      await node.startPlugin('cl-hive-comms');
      await ready(node);
      for (const { label, advisor, envelope } of asked) {
        const answer = await advisor.send(envelope);
        const { invoices } = await node.call('listinvoices', { label });
        const count = (invoices as readonly JsonObject[]).length;
        expect(['executed', 'failed', 'unknown'], label).toContain(answer['outcome']);
        expect(count, label).toBe(answer['outcome'] === 'executed' ? 1 : 0);
      }
      const report = await node.call('hive-client-receipts', { action: 'verify' });
      expect(report).toMatchObject({ ok: true, faults: [] });
    });
  });
});
