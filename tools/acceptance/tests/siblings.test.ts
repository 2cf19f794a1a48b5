import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMBINATIONS, orders } from '@cl-hive/readiness';
import { describe, expect, it } from 'vitest';
import { withNode } from './support/node.ts';
import { PLUGIN_NAMES } from './support/plugins.ts';

describe('siblings at boot', () => {
  const cases = Object.values(COMBINATIONS).flatMap((combination) => orders(combination));

  it.each(cases.map((order) => [order.join(', '), order] as const))(
    'HK-10: find each other in the order %s',
    async (_name, order) => {
      await withNode({ plugins: order }, async (node) => {
        for (const plugin of order) {
          await node.untilState(plugin, 'ready');
        }
        await node.untilAllKnow(order);
      });
    },
  );

  it('HK-10: idle without cl-hive-comms, say what they wait for, and wake when it starts', async () => {
    await withNode({ plugins: ['cl-hive-archon', 'cl-hive'] }, async (node) => {
      for (const plugin of ['cl-hive-archon', 'cl-hive'] as const) {
        await node.untilState(plugin, 'idle');
        await node.until(`${plugin} says for what it waits`, async () => {
          const status = await node.status(plugin);
          return (
            status['waiting_for'] === 'cl-hive-comms' &&
            status['waiting_reason'] === 'no running plugin offers it'
          );
        });
      }
      await node.startPlugin('cl-hive-comms');
      for (const plugin of PLUGIN_NAMES) {
        await node.untilState(plugin, 'ready');
      }
      await node.untilAllKnow(PLUGIN_NAMES);
    });
  });
});

describe('siblings while running', () => {
  it('HK-10: are noticed when each is stopped and started again', async () => {
    await withNode({ plugins: PLUGIN_NAMES }, async (node) => {
      await node.untilAllKnow(PLUGIN_NAMES);
      for (const plugin of PLUGIN_NAMES) {
        await node.stopPlugin(plugin);
        await node.untilOthersKnowGone(plugin);
        await node.startPlugin(plugin);
        await node.untilAllKnow(PLUGIN_NAMES);
      }
    });
  });

  it('are noticed when each is killed, and nothing of its own is lost', async () => {
    await withNode({ plugins: PLUGIN_NAMES }, async (node) => {
      await node.untilAllKnow(PLUGIN_NAMES);
      const before = await node.call('hive-client-identity');
      for (const plugin of PLUGIN_NAMES) {
        await node.killPlugin(plugin);
        await node.untilOthersKnowGone(plugin);
        await node.startPlugin(plugin);
        await node.untilState(plugin, 'ready');
        await node.untilAllKnow(PLUGIN_NAMES);
      }
      expect(await node.call('hive-client-identity')).toEqual(before);
    });
  });

  it('HK-10: of an incompatible API version count as absent, with the reason', async () => {
    const stranger = path.join(
      mkdtempSync(path.join(tmpdir(), 'hive-stranger-')),
      'newer-comms.js',
    );
    writeFileSync(stranger, newerComms, { mode: 0o755 });
    await withNode({ plugins: ['cl-hive', { path: stranger }] }, async (node) => {
      const status = await node.untilState('cl-hive', 'idle');
      await node.until(
        'the stranger is seen',
        async () => (await node.siblingStates('cl-hive'))['cl-hive-comms'] === 'incompatible',
      );
      expect(status['waiting_for']).toBe('cl-hive-comms');
      expect((await node.status('cl-hive'))['waiting_reason']).toMatch(
        /API versions 99 to 100.*run the same release/,
      );
    });
  });

  it('answer under the older name what scripts for the Python cl-hive read', async () => {
    await withNode({ plugins: ['cl-hive', 'cl-hive-comms'] }, async (node) => {
      await node.untilState('cl-hive', 'ready');
      expect(await node.call('hive-phase6-plugins')).toMatchObject({
        cl_hive_comms: { installed: true, active: true, name: 'cl-hive-comms' },
        cl_hive_archon: { installed: false, active: false, name: '' },
        warnings: [],
        siblings: (await node.call('hive-siblings'))['siblings'],
      });
    });
  });
});

/** A cl-hive-comms of a far release: it answers the version method alone. */
const newerComms = `#!/usr/bin/env node
const answers = {
  getmanifest: { options: [], rpcmethods: [{ name: 'hive-comms-version', usage: '', description: 'x' }], dynamic: true },
  init: {},
  'hive-comms-version': { plugin: 'cl-hive-comms', version: '99.0.0', api_version: 100, oldest_api_version: 99, features: [], state: 'ready' },
};
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  const parts = text.split('\\n\\n');
  text = parts.pop();
  for (const part of parts) {
    const { id, method } = JSON.parse(part);
    if (id !== undefined) {
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] ?? {} }) + '\\n\\n');
    }
  }
});
process.stdin.on('end', () => process.exit(0));
`;
