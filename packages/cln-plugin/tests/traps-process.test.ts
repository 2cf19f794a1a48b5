import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeLightningd, until } from '../src/testing/index.ts';
import { buildFolder } from './bundle.ts';

// The traps that only a real process can show, by number.

const run = promisify(execFile);
let folder: Awaited<ReturnType<typeof buildFolder>>;
let node: FakeLightningd;
let noisy: string;
let busy: string;

const NOISY = `#!/usr/bin/env node
import { definePlugin } from '@cl-hive/cln-plugin';
definePlugin({ name: 'noisy' })
  .method('noisy-print', {
    description: 'Prints.',
    handle: () => {
      console.log('plain %s', 'text');
      console.log('{"a":1}');
      console.error('an error');
      console.table([{ x: 1 }]);
      process.stdout.write('raw\\n42\\n');
      process.stdout.write(new Uint8Array([0x7b, 0x7d]));
      process.emitWarning('careful', 'SomeWarning');
      return { printed: true };
    },
  })
  .run();
console.log('printed after run');
`;

const BUSY = `#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { definePlugin } from '@cl-hive/cln-plugin';
definePlugin({ name: 'busy' })
  .method('busy-last-words', {
    description: 'Answers 4 MiB and stops.',
    handle: (_params, { stop, log }) => {
      for (let i = 0; i < 40; i += 1) log.info('line ' + i);
      setImmediate(() => stop('said all'));
      return { text: 'x'.repeat(4 << 20) };
    },
  })
  .method('busy-throw', {
    description: 'Breaks.',
    handle: () => void setTimeout(() => { throw new Error('thrown from a timer'); }, 1),
  })
  .onReady(({ log }) => {
    setInterval(() => log.debug('tick'), 5);
  })
  .onStop((_context, reason) => writeFileSync('stopped', reason))
  .run();
`;

beforeAll(async () => {
  folder = await buildFolder();
  noisy = await folder.bundle('noisy.js', NOISY);
  busy = await folder.bundle('busy.js', BUSY);
});
afterAll(() => folder.remove());
beforeEach(async () => {
  node = await FakeLightningd.start();
});
afterEach(() => node.stop());

describe('processes', () => {
  it('trap 10, HK-03: whatever prints to stdout ends up in the log, and the plugin lives', async () => {
    const plugin = await node.spawn(noisy);
    expect(await plugin.call('noisy-print')).toEqual({ printed: true });
    for (const text of [
      'printed after run',
      'plain text',
      '{"a":1}',
      'raw\n42',
      '{}',
      'SomeWarning: careful',
    ]) {
      await plugin.link.logged(text);
    }
    expect((await plugin.link.logged('an error')).level).toBe('broken');
    expect(await plugin.call('noisy-print')).toEqual({ printed: true });
    expect(plugin.link.killed).toBeUndefined();
  });

  it('trap 25, HK-09: end of input stops a plugin that has timers', async () => {
    const plugin = await node.spawn(busy);
    await plugin.link.logged('tick');
    plugin.endInput();
    expect(await plugin.link.gone).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'trap 25: %s stops it the orderly way',
    async (signal) => {
      const plugin = await node.spawn(busy);
      plugin.link.process.signal(signal);
      expect(await plugin.link.gone).toBe(0);
      await plugin.link.logged(`stopping: ${signal}`);
    },
  );

  it('trap 25: a broken pipe while it writes is no uncaught error', async () => {
    const plugin = await node.spawn(busy);
    await plugin.link.logged('tick');
    plugin.link.process.stdout.destroy();
    expect(await plugin.link.gone).toBe(0);
    expect(plugin.link.process.stderr()).toBe('');
  });

  it('trap 25: end of input before getmanifest, as for `lightningd --help`, exits 0', async () => {
    const child = spawn(busy, [], {
      env: { ...process.env, LIGHTNINGD_PLUGIN: '1' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    expect(await code).toBe(0);
  });

  it('trap 28: a 4 MiB reply and the log lines before it arrive although the plugin exits', async () => {
    const plugin = await node.spawn(busy);
    plugin.link.pauseReading(true);
    const reply = plugin.call('busy-last-words');
    await until('the pipe to fill', () => plugin.link.process.stdout.readableLength > 0);
    plugin.link.pauseReading(false);
    expect(await reply).toEqual({ text: 'x'.repeat(4 << 20) });
    expect(await plugin.link.gone).toBe(0);
    const lines = plugin.link.logs.filter(({ message }) => message.startsWith('line '));
    expect(lines).toHaveLength(40);
  });

  it('trap 29: an error nobody catches is logged, and the stop handlers run', async () => {
    const plugin = await node.spawn(busy);
    await plugin.call('busy-throw');
    expect(await plugin.link.gone).toBe(1);
    expect((await plugin.link.logged('thrown from a timer')).level).toBe('broken');
  });

  it('trap 38: the argument of developer mode is no error', async () => {
    const plugin = await node.spawn(noisy, { args: ['--developer', '--dev-debug-self'] });
    expect(await plugin.shutdown()).toBe(0);
  });

  it('trap 44: run by hand, as reckless does, it explains itself and exits 0', async () => {
    const env = { PATH: process.env['PATH'] };
    const byHand = await run(busy, [], { env });
    expect(byHand.stdout).toBe('');
    expect(byHand.stderr).toContain('busy-last-words');
    const manifest = await run(busy, ['--manifest'], { env });
    expect(JSON.parse(manifest.stdout)).toMatchObject({
      rpcmethods: [{ name: 'busy-last-words' }, { name: 'busy-throw' }],
    });
    const piped = await run(busy, ['--manifest', '--help'], { env });
    expect(piped.stdout).toBe(manifest.stdout);
  });
});
