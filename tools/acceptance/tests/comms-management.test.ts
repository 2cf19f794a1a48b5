import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Advisor, type Ask, signingText, textOf } from './support/advisor.ts';
import { channelOf, feeOf, INFO, setFee, verified } from './support/management.ts';
import { withNode } from './support/node.ts';
import { withPair } from './support/node-pair.ts';
import { DIST } from './support/plugins.ts';

const ACT = { mode: 'act' } as const;

describe('an advisor with a token', () => {
  it('reads, proposes, and changes a fee once it may; all of it is in the receipts', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(first, second);
      const alice = await Advisor.authorize(node, 'alice');

      const info = await alice.ask(INFO);
      expect(info).toMatchObject({ outcome: 'executed', nonce: 1, node: first.id });
      expect((info['result'] as JsonObject)['id']).toBe(first.id);

      const asked = await alice.ask(setFee(channel, 120));
      expect(asked).toMatchObject({ outcome: 'pending', reason: { code: 'approval_waits' } });
      const pending = await node.call('hive-client-pending');
      expect(pending['pending']).toMatchObject([
        { id: Number(asked['approval']), advisor: 'alice', action: 'set_single', danger: 2 },
      ]);
      expect(await feeOf(first, second)).not.toBe(120);

      const approved = await node.call('hive-client-approve', { id: Number(asked['approval']) });
      expect(approved).toMatchObject({ outcome: 'executed' });
      expect(await feeOf(first, second)).toBe(120);

      await node.call('hive-client-authorize', { advisor: 'alice', ...ACT });
      const request = alice.signed(setFee(channel, 130));
      const done = await alice.send(request);
      expect(done).toMatchObject({ outcome: 'executed', receipt: { seq: expect.anything() } });
      expect(await feeOf(first, second)).toBe(130);
      await node.call('setchannel', { id: second.id, feeppm: 77 });
      expect(await alice.send(request)).toMatchObject({
        outcome: 'executed',
        receipt: done['receipt'],
      });
      expect(await feeOf(first, second)).toBe(77);
      await verified(node);
    });
  });
});

describe('who is behind a request', () => {
  it('I6: is proven by a signature, never by being able to call', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const alice = await Advisor.authorize(node, 'alice', ACT);
      const bob = await Advisor.authorize(node, 'bob', ACT);
      const refused = async (envelope: JsonObject, code: string): Promise<void> => {
        const answer = await alice.send(envelope);
        expect(answer).toMatchObject({
          outcome: 'refused',
          reason: { code, message: expect.any(String), remedy: expect.any(String) },
        });
        expect(answer['result']).toBeUndefined();
      };
      await refused(alice.bare(INFO), 'signature_invalid');
      await refused({ ...alice.signed(INFO), principal: 'bob' }, 'signature_invalid');
      await refused({ ...alice.signed(INFO), nonce: 99 }, 'signature_invalid');
      await refused({ ...alice.signed(INFO), params: { format: 'x' } }, 'signature_invalid');
      await refused({ ...bob.signed(INFO), signature: 'ab'.repeat(32) }, 'signature_invalid');
      await refused({ ...alice.signed(INFO), node: `02${'00'.repeat(32)}` }, 'wrong_node');
      await refused(alice.signed({ ...INFO, timestamp: 1_700_000_000 }), 'clock_skew');
      await refused(alice.signed({ ...INFO, schema: 'hive:other/v1' }), 'schema_unknown');
      await refused(alice.signed({ ...INFO, principal: 'nobody' }), 'signature_invalid');
      const used = alice.signed(INFO);
      expect(await alice.send(used)).toMatchObject({ outcome: 'executed' });
      await refused(used, 'nonce_used');

      const { id } = await node.call('getinfo');
      await node.call('hive-client-authorize', { advisor: 'self', key: textOf(id) });
      const self = new Advisor(node, textOf(id), 'self', '00');
      const bare = self.bare(INFO);
      const { zbase } = await node.call('signmessage', { message: signingText(bare) });
      expect(await self.send({ ...bare, signature: textOf(zbase) })).toMatchObject({
        outcome: 'executed',
      });
    });
  });

  it('is proven by a rune that allows the schema', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const { id } = await node.call('getinfo');
      const restrictions = [['method=hive-comms-rpc'], ['pnameschema=hive:monitor/v1']];
      const { rune } = await node.call('createrune', { restrictions });
      const other = (await node.call('createrune', { restrictions }))['rune'];
      const wrong = (await node.call('createrune', { restrictions: [['method=getinfo']] }))['rune'];
      const view = await node.call('hive-client-authorize', {
        advisor: 'ray',
        rune: textOf(rune),
        ...ACT,
      });
      expect(view['advisor']).toMatchObject({ name: 'ray', proven_by: ['rune'] });
      expect(view['token']).toBeUndefined();
      const ray = new Advisor(node, textOf(id), 'ray', '00');
      const ask = (ask: Ask, by: unknown) =>
        node.call('hive-comms-rpc', { envelope: ray.bare(ask), rune: by as string });
      expect(await ask(INFO, rune)).toMatchObject({ outcome: 'executed' });
      const fees = { schema: 'hive:fee-policy/v1', action: 'set_single', params: {} };
      expect(await ask(fees, rune)).toMatchObject({ reason: { code: 'signature_invalid' } });
      expect(await ask(INFO, wrong)).toMatchObject({ reason: { code: 'signature_invalid' } });
      expect(await ask(INFO, other)).toMatchObject({ reason: { code: 'principal_unknown' } });
      expect(await ask(INFO, 'AAAA')).toMatchObject({ reason: { code: 'signature_invalid' } });
      const mismatch = {
        envelope: ray.bare(INFO),
        rune: rune as string,
        schema: 'hive:fee-policy/v1',
      };
      expect((await node.refusal('hive-comms-rpc', mismatch)).rpcData).toMatchObject({
        code: 'rpc_mismatch',
      });
      expect(node.log()).not.toContain(textOf(rune));
    });
  });
});

describe('the operator', () => {
  it('names advisors, ends grants, keys and trials, and revokes', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const alice = await Advisor.authorize(node, 'alice');
      await node.call('hive-client-alias', { advisor: 'alice', alias: 'al' });
      expect(await alice.ask({ ...INFO, principal: 'al' })).toMatchObject({ outcome: 'executed' });
      expect(await alice.ask({ ...INFO, principal: '1' })).toMatchObject({ outcome: 'executed' });
      const taken = await node.refusal('hive-client-authorize', { advisor: 'AL!' });
      expect(taken.rpcData).toMatchObject({ code: 'advisor_name', remedy: expect.any(String) });
      await node.call('hive-client-trial', { action: 'start', advisor: 'tim', ends: '1h' });
      expect((await node.call('hive-client-trial'))['trials']).toMatchObject([
        { name: 'tim', state: 'trial' },
      ]);
      await node.call('hive-client-trial', { action: 'keep', advisor: 'tim' });
      expect((await node.call('hive-client-trial'))['trials']).toEqual([]);
      const power = { amount_msat: '1000sat', until: '2d' };
      const spend = { advisor: 'alice', mode: 'act', tier: 'advanced', spend: power };
      expect((await node.call('hive-client-authorize', spend))['advisor']).toMatchObject({
        grants: [{ mode: 'act', spend: { amount_msat: 1_000_000, used_msat: 0 } }],
      });
      const advice = await node.refusal('hive-client-authorize', { ...spend, mode: 'advice' });
      expect(advice.rpcData).toMatchObject({ code: 'grant_value' });

      await node.call('hive-client-authorize', { advisor: 'alice' });
      const waits = await alice.ask({ schema: 'hive:wallet/v1', action: 'new_address' });
      expect(waits).toMatchObject({ outcome: 'pending' });
      const status = await node.call('hive-client-status');
      expect(JSON.stringify(status)).not.toContain('"keys"');
      const revoked = await node.call('hive-client-revoke', { advisor: 'al' });
      expect(revoked).toMatchObject({ advisor: { name: 'alice', state: 'revoked', grants: [] } });
      expect(revoked['rejected']).toEqual([Number(waits['approval'])]);
      expect(await alice.ask(INFO)).toMatchObject({ outcome: 'refused' });
      expect((await node.refusal('hive-client-revoke', { advisor: 'zoe' })).rpcData).toMatchObject({
        code: 'advisor_unknown',
      });
      await verified(node);
    });
  });

  it('sets a policy that holds, and overrides that lapse', async () => {
    await withPair(['cl-hive-comms'], async (first, second) => {
      const { node } = first;
      await node.untilState('cl-hive-comms', 'ready');
      const channel = await channelOf(first, second);
      const alice = await Advisor.authorize(node, 'alice', ACT);
      const policy = (params: JsonObject) => node.call('hive-client-policy', params);
      expect(await policy({})).toMatchObject({ preset: 'conservative', overrides: [] });
      await policy({ action: 'forbid_peer', peer: second.id });
      expect(await alice.ask(setFee(channel, 50))).toMatchObject({
        outcome: 'refused',
        reason: { code: 'peer_forbidden' },
      });
      await policy({ action: 'allow_peer', peer: second.id });
      const none = { action: 'override', settings: { actions_per_hour: 0 }, until: '1h' };
      expect(await policy(none)).toMatchObject({ overrides: [{ id: 1, in_force: true }] });
      expect(await alice.ask(setFee(channel, 50))).not.toMatchObject({ outcome: 'executed' });
      await policy({ action: 'end_override', override: 1 });
      expect(await alice.ask(setFee(channel, 50))).toMatchObject({ outcome: 'executed' });
      const bad = await node.refusal('hive-client-policy', {
        action: 'set',
        settings: { danger_max: 99 },
      });
      expect(bad.rpcData).toMatchObject({ code: 'policy_value' });
      const far = { action: 'override', settings: { danger_max: 9 }, until: '400d' };
      expect((await node.refusal('hive-client-policy', far)).rpcData).toMatchObject({
        code: 'policy_value',
      });
      expect((await node.call('hive-client-payments'))['limits']).toMatchObject([
        { setting: 'spend_per_action_msat', used_msat: 0 },
        { setting: 'spend_per_hour_msat', used_msat: 0 },
        { setting: 'spend_per_day_msat', used_msat: 0 },
        { setting: 'spend_per_week_msat', used_msat: 0 },
      ]);
      const { schemas } = await node.call('hive-client-discover');
      expect((schemas as readonly JsonObject[]).length).toBe(15);
      await verified(node);
    });
  });
});

describe('what waits for the operator', () => {
  it('is told by webhook, again after a restart, and is never done when rejected', async () => {
    const told: JsonObject[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += String(chunk);
      });
      request.on('end', () => {
        told.push(JSON.parse(text) as JsonObject);
        response.writeHead(204).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = { 'hive-comms-webhook': `http://127.0.0.1:${port}/secret-path` };
    const waits = (text: string) => told.some((one) => textOf(one['text']).includes(text));
    try {
      await withNode({}, async (node) => {
        await node.startPlugin('cl-hive-comms', options);
        await node.untilState('cl-hive-comms', 'ready');
        const alice = await Advisor.authorize(node, 'alice');
        const request = alice.signed({ schema: 'hive:wallet/v1', action: 'new_address' });
        expect(await alice.send(request)).toMatchObject({ outcome: 'pending', approval: '1' });
        await node.until('the webhook is told', () => waits('hive-client-approve 1'));
        told.length = 0;
        await node.killPlugin('cl-hive-comms');
        await node.startPlugin('cl-hive-comms', options);
        await node.untilState('cl-hive-comms', 'ready');
        await node.until('the webhook is told again', () => waits('hive-client-approve 1'));
        expect(await alice.send(request)).toMatchObject({ outcome: 'pending', approval: '1' });
        expect(await node.call('hive-client-reject', { id: 1 })).toMatchObject({
          outcome: 'refused',
          code: 'approval_rejected',
        });
        const late = await node.refusal('hive-client-approve', { id: 1 });
        expect(late.rpcData).toMatchObject({
          code: 'approval_unknown',
          remedy: expect.any(String),
        });
        expect(await alice.send(request)).toMatchObject({ reason: { code: 'approval_rejected' } });
        expect((await node.call('hive-client-pending'))['pending']).toEqual([]);
        expect(node.log()).not.toContain('secret-path');
        await verified(node);
      });
    } finally {
      server.close();
    }
  });
});

describe('receipts', () => {
  const base = mkdtempSync(path.join(tmpdir(), 'hive-receipts-'));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  const program = path.join(DIST, 'cl-hive-comms/hive-receipts.js');

  /** The verifier's words about the given lines, and its exit status. */
  const verify = (lines: readonly string[], ...more: readonly string[]) => {
    const file = path.join(base, 'chain.jsonl');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [program, 'verify', file, ...more],
      {
        env: {},
        encoding: 'utf8',
      },
    );
    return { said: stdout + stderr, status };
  };

  it('are exported, verified with nothing but the file, and pruned', async () => {
    await withNode({ plugins: ['cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive-comms', 'ready');
      const alice = await Advisor.authorize(node, 'alice');
      for (const alias of ['a', 'b', 'c', 'd']) {
        await node.call('hive-client-alias', { advisor: 'alice', alias });
      }
      const { file, head } = await node.call('hive-client-receipts', { action: 'export' });
      expect(statSync(textOf(file)).mode & 0o777).toBe(0o600);
      const lines = readFileSync(textOf(file), 'utf8').trim().split('\n');
      expect(lines).toHaveLength(5);
      const { id } = await node.call('getinfo');
      expect(verify(lines, '--node', textOf(id)).said).toContain('the chain is whole');
      expect(verify(lines).status).toBe(0);
      const [one = '', two = '', three = '', four = '', five = ''] = lines;
      const bad: readonly (readonly [readonly string[], string])[] = [
        [
          [one, two.replace('"alice"', '"mallory"'), three, four, five],
          'line 2, receipt 2: edited',
        ],
        [[one, three, four, five], 'line 2, receipt 2: gap'],
        [[one, three, two, four, five], 'line 3, receipt 2: reordered'],
        [[one, two, two, three, four, five], 'line 3, receipt 2: repeated'],
        [[two, three, four, five], 'line 1, receipt 2: start_not_sealed'],
      ];
      for (const [chain, place] of bad) {
        const { said, status } = verify(chain);
        expect(status, place).toBe(1);
        expect(said).toContain(place);
      }
      const { seq, digest } = head as { seq: number; digest: string };
      const cut = verify([one, two, three], '--head', `${seq}:${digest}`);
      expect(cut.said).toContain('tail_cut');
      expect(verify(['nonsense']).status).toBe(2);
      expect(spawnSync(process.execPath, [program]).status).toBe(2);
      for (const name of ['../x', '/etc/x', '.hidden', 'a/b']) {
        const error = await node.refusal('hive-client-receipts', { action: 'export', file: name });
        expect(error.rpcData).toMatchObject({ code: 'export_name' });
      }

      const { rpcMessage } = await node.refusal('hive-client-prune', { keep: '31d' });
      expect(rpcMessage).toMatch(/keep: .*at least 32d/);
      const pruned = await node.call('hive-client-prune');
      expect(pruned['history']).toEqual({ requests: 0, ledger_entries: 0 });
      expect(pruned).toMatchObject({ pruned: 5, checkpoint: 6 });
      expect(await alice.ask(INFO)).toMatchObject({ outcome: 'executed' });
      await node.call('hive-client-alias', { advisor: 'alice', alias: 'e' });
      expect(await verified(node)).toMatchObject({ receipts: 2 });
      const again = await node.call('hive-client-receipts', { action: 'export' });
      expect(verify(readFileSync(textOf(again['file']), 'utf8').trim().split('\n')).status).toBe(0);
    });
  });
});
