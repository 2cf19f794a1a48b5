import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Advisor, textOf } from './support/advisor.ts';
import { DidAdvisor } from './support/did-advisor.ts';
import { type NodeUnderTest, withNode } from './support/node.ts';
import { type PairedNode, untilConnected, withNodes } from './support/node-pair.ts';

// Three real nodes take their time to start.
vi.setConfig({ testTimeout: 180_000 });

const PLUGINS = ['cl-hive-comms', 'cl-hive-archon'] as const;
const INFO = { schema: 'hive:monitor/v1', action: 'get_info' };
const base = mkdtempSync(path.join(tmpdir(), 'hive-archon-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

async function didOf({ node }: PairedNode): Promise<string> {
  await node.untilState('cl-hive-archon', 'ready');
  return textOf((await node.call('hive-archon-provision'))['did']);
}

function three(nodes: readonly PairedNode[]): readonly [PairedNode, PairedNode, PairedNode] {
  const [first, second, third] = nodes;
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error('the fleet has no three nodes');
  }
  return [first, second, third];
}

async function identity(node: NodeUnderTest): Promise<JsonObject> {
  return (await node.untilState('cl-hive-archon', 'ready'))['identity'] as JsonObject;
}

describe('three nodes', () => {
  it('get identities by themselves, know each other, grant, use, revoke and refuse', async () => {
    await withNodes(3, PLUGINS, async (nodes) => {
      const [first, second, third] = three(nodes);
      const dids = [await didOf(first), await didOf(second), await didOf(third)];
      expect(new Set(dids).size).toBe(3);
      for (const { node, id } of nodes) {
        const { bindings } = await node.status('cl-hive-archon');
        const { public_key } = await node.call('hive-client-identity');
        expect(bindings).toMatchObject([
          { kind: 'node', key: id },
          { kind: 'nostr', key: public_key },
        ]);
      }
      await untilConnected(first, second);
      await untilConnected(first, third);
      for (const peer of [second, third]) {
        expect(
          await first.node.call('hive-archon-verify-contact', { node: peer.id }),
        ).toMatchObject({
          verified: true,
          did: await didOf(peer),
          node: peer.id,
        });
      }
      const advisor = new DidAdvisor(second, first, await didOf(second));
      expect(await advisor.ask(INFO)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'signature_invalid' },
      });
      const issued = await first.node.call('hive-archon-issue', {
        subject: await didOf(second),
        advisor: 'second',
        actions: ['hive:monitor/v1'],
      });
      expect(await advisor.ask(INFO)).toMatchObject({ outcome: 'executed' });
      const beyond = { schema: 'hive:channel/v1', action: 'open', params: {} };
      expect(await advisor.ask(beyond)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'did_refused', message: expect.stringMatching(/scope/) },
      });
      const stranger = new DidAdvisor(third, first, await didOf(second));
      expect(await stranger.ask(INFO)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'did_refused', message: expect.stringMatching(/did_signature/) },
      });
      await first.node.call('hive-archon-revoke', { id: textOf(issued['id']), reason: 'a test' });
      expect(await advisor.ask(INFO)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'did_refused', message: expect.stringMatching(/no_credential|revoked/) },
      });
    });
  });

  it('of which one issues for another: revoked there, refused here once asked anew', async () => {
    await withNodes(3, PLUGINS, async (nodes) => {
      const [first, second, third] = three(nodes);
      const subject = await didOf(second);
      const issuer = await didOf(first);
      await didOf(third);
      await untilConnected(third, first);
      await untilConnected(third, second);
      await third.node.call('hive-archon-verify-contact', { node: second.id });
      await third.node.call('hive-archon-verify-contact', { did: issuer, node: first.id });
      const terms = { subject, node: third.id, actions: ['hive:monitor/v1'] };
      const { credential, id } = await first.node.call('hive-archon-issue', terms);
      const given = { credential: credential as JsonObject };
      expect((await third.node.refusal('hive-archon-accept', given)).rpcMessage).toMatch(/trust/);
      await third.node.call('hive-archon-issuers', { did: issuer, management: true });
      // The holder shows it itself.
      await untilConnected(second, first);
      await second.node.call('hive-archon-verify-contact', { node: first.id });
      expect(await second.node.call('hive-archon-accept', given)).toEqual({ id, role: 'held' });
      await second.node.call('hive-archon-present', { id: textOf(id), node: third.id });
      await third.node.until('the credential was shown', async () => {
        const { credentials } = await third.node.call('hive-archon-credentials', { role: 'shown' });
        return (credentials as readonly JsonObject[]).some((one) => one['id'] === id);
      });
      await third.node.call('hive-client-authorize', { advisor: 'second', key: subject });
      const advisor = new DidAdvisor(second, third, subject);
      expect(await advisor.ask(INFO)).toMatchObject({ outcome: 'executed' });
      await first.node.call('hive-archon-revoke', { id: textOf(id) });
      // What is cached counts for an hour at most; a start forgets it.
      await third.node.stopPlugin('cl-hive-archon');
      await third.node.startPlugin('cl-hive-archon');
      await third.node.untilState('cl-hive-archon', 'ready');
      expect(await advisor.ask(INFO)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'did_refused', message: expect.stringMatching(/revoked/) },
      });
    });
  });
});

describe('a request in the name of a DID', () => {
  it('is refused while cl-hive-archon is dead, and others go on', async () => {
    await withNodes(2, PLUGINS, async ([first, second]) => {
      if (first === undefined || second === undefined) {
        throw new Error('the fleet has no two nodes');
      }
      await untilConnected(first, second);
      const subject = await didOf(second);
      await didOf(first);
      await first.node.call('hive-archon-verify-contact', { node: second.id });
      await first.node.call('hive-archon-issue', { subject, advisor: 'second' });
      const advisor = new DidAdvisor(second, first, subject);
      const alice = await Advisor.authorize(first.node, 'alice');
      expect(await advisor.ask(INFO)).toMatchObject({ outcome: 'executed' });
      await first.node.killPlugin('cl-hive-archon');
      expect(await advisor.ask(INFO)).toMatchObject({
        outcome: 'refused',
        reason: { code: 'did_unavailable' },
      });
      expect(await alice.ask(INFO)).toMatchObject({ outcome: 'executed' });
      await first.node.startPlugin('cl-hive-archon');
      await first.node.untilState('cl-hive-archon', 'ready');
      expect(await advisor.ask(INFO)).toMatchObject({ outcome: 'executed' });
    });
  });
});

describe('the DID of a node', () => {
  it('is the same, rotations included, after its database is lost', async () => {
    await withNode({ plugins: PLUGINS }, async (node) => {
      const before = await identity(node);
      await node.call('hive-archon-rotate-keys');
      const rotated = await identity(node);
      expect(rotated).toMatchObject({ did: before['did'], key: '#key-2', version: 2 });
      await node.stopPlugin('cl-hive-archon');
      rmSync(path.join(node.lightningDir, 'cl-hive-archon'), { recursive: true });
      await node.startPlugin('cl-hive-archon');
      expect(await identity(node)).toEqual(rotated);
    });
  });

  it('PO-10: survives SIGKILL at any moment of provisioning and rotation', async () => {
    await withNode({ plugins: PLUGINS }, async (node) => {
      let known = await identity(node);
      for (const [round, delay] of [0, 1, 3, 8, 20, 40].entries()) {
        const method = round % 2 === 0 ? 'hive-archon-rotate-keys' : 'hive-archon-rotate-did';
        const change = node.call(method).then(
          () => undefined,
          () => undefined,
        );
        await new Promise((resolve) => setTimeout(resolve, delay));
        await node.killPlugin('cl-hive-archon');
        await change;
        await node.startPlugin('cl-hive-archon');
        const now = await identity(node);
        if (method === 'hive-archon-rotate-keys') {
          expect(now['did']).toBe(known['did']);
          expect(Number(now['version']) - Number(known['version'])).toBeLessThanOrEqual(1);
        } else {
          expect(Number(now['identity']) - Number(known['identity'])).toBeLessThanOrEqual(1);
        }
        const { attestation } = await node.call('hive-archon-provision');
        const { events, bindings } = attestation as {
          events: JsonObject[];
          bindings: JsonObject[];
        };
        expect(events).toHaveLength(Number(now['version']));
        expect(bindings.map(({ kind }) => kind)).toEqual(['node', 'nostr']);
        known = now;
      }
    });
  });

  it('PO-09: is bound to no key that did not sign for it', async () => {
    await withNode({ plugins: PLUGINS }, async (node) => {
      await identity(node);
      const nostr = '11'.repeat(32);
      const asked = await node.call('hive-archon-bind-nostr', { nostr });
      expect(asked).toMatchObject({
        bound: false,
        text: expect.stringMatching(/^cl-hive\/binding/),
      });
      const { created } = asked;
      const forged = { nostr, created: textOf(created), signature: '00'.repeat(64) };
      expect((await node.refusal('hive-archon-bind-nostr', forged)).rpcData).toMatchObject({
        code: 'binding_unproven',
      });
      const cln = {
        node: `03${'cd'.repeat(32)}`,
        created: textOf(created),
        signature: 'y'.repeat(104),
      };
      expect((await node.refusal('hive-archon-bind-cln', cln)).rpcData).toMatchObject({
        code: 'binding_unproven',
      });
    });
  });

  it('SG-09: signs only texts of a registered purpose, and imports only a whole identity', async () => {
    await withNode({ plugins: PLUGINS }, async (node) => {
      await identity(node);
      for (const message of ['hello', 'hive:ban_vote:1:a:2', 'cl-hive/binding/v1:x', '{"a":1}']) {
        const refused = await node.refusal('hive-archon-sign-message', { message });
        expect(refused.rpcData).toMatchObject({ code: 'text_untagged' });
      }
      const file = path.join(base, 'identity.json');
      writeFileSync(file, '{"did":"x","privateJwk":{"d":"secret"}}', { mode: 0o600 });
      const refused = await node.refusal('hive-archon-import-identity', { file });
      expect(refused.rpcData).toMatchObject({ code: 'identity_file' });
      expect(node.log()).not.toContain('"secret"');
    });
  });
});
