import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseJson } from '@cl-hive/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { endProcesses, isRunning, processRef } from '../../src/fleet/process-table.ts';
import { until } from '../../src/fleet/until.ts';
import { buildLab, type Lab } from './lab.ts';
import { type PluginFaults, writePlugin } from './plugins.ts';

let lab: Lab;
beforeAll(() => {
  lab = buildLab();
});
afterAll(() => lab.remove());

const SUITE = ['cl-hive-comms.js', 'cl-hive-archon.js', 'cl-hive.js'];

/** A list for `--plugins` of freshly written ones, `faults` for the last of them. */
function plugins(files: readonly string[] = SUITE, faults: PluginFaults = {}): string {
  const dir = mkdtempSync(path.join(lab.base, 'plugins-'));
  return files
    .map((file, index) => writePlugin(dir, file, index === files.length - 1 ? faults : {}))
    .join(',');
}

let fleets = 0;
function newDir(): string {
  fleets += 1;
  return path.join(lab.base, `f${fleets}`);
}

const SMALL = ['--public-nodes', '0', '--no-relay', '--nodes', '1'];

describe('hive-lab start --once', () => {
  it('runs up to a healthy fleet, prints the table, stops and exits 0', async () => {
    const dir = newDir();
    const ended = await lab.run('start', '--once', '--dir', dir, '--plugins', plugins());
    expect(ended.err).toBe('');
    expect(ended.code).toBe(0);
    expect(ended.out).toContain(
      'hive-lab: 3 nodes, emulated | 1,000 public nodes | relay ws://127.0.0.1:',
    );
    expect(ended.out).toMatch(/^healthy \| /m);
    expect(ended.out).toMatch(/cl-hive +ready +comms, archon +sqlite node-3/);
    expect(ended.out).toContain('2 peers, 2 channels');
    expect(existsSync(path.join(dir, 'fleet.json'))).toBe(false);
    expect(existsSync(path.join(dir, 'node-1/regtest/lightning-rpc'))).toBe(false);
  });

  it.each<[string, PluginFaults, RegExp]>([
    ['dies at its start', { exitAtStart: true }, /cl-hive|exited|died/],
  ])('exits 1 with the reason when a plugin %s', async (_, faults, reason) => {
    const ended = await lab.run(
      'start',
      '--once',
      '--dir',
      newDir(),
      ...SMALL,
      '--plugins',
      plugins(SUITE, faults),
    );
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(reason);
  });

  it('is told apart from a fleet that was interrupted', async () => {
    const dir = newDir();
    const run = lab.spawn(
      'start',
      '--once',
      '--dir',
      dir,
      ...SMALL,
      '--plugins',
      plugins(SUITE, { idle: 'godot' }),
    );
    await lab.seen(run, 'idle, waits for godot');
    run.child.kill('SIGTERM');
    const ended = await run.ended;
    expect(ended.code).toBe(1);
    expect(existsSync(path.join(dir, 'fleet.json'))).toBe(false);
  });
});

describe('hive-lab start', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves nothing behind after %s, and the next start finds the folder free',
    async (signal) => {
      const dir = newDir();
      const list = plugins();
      for (const round of [1, 2]) {
        const run = lab.spawn('start', '--dir', dir, ...SMALL, '--plugins', list);
        await lab.seen(run, 'Ctrl-C stops the fleet.');
        const processes = lab.processes(dir);
        expect(processes).toHaveLength(3);
        run.child.kill(signal);
        // npm sends it a second time at once.
        run.child.kill(signal);
        const ended = await run.ended;
        expect([round, ended.code, ended.err]).toEqual([round, 0, '']);
        expect(ended.out.endsWith('Stopped.\n')).toBe(true);
        expect(processes.some(isRunning)).toBe(false);
        expect(existsSync(path.join(dir, 'fleet.json'))).toBe(false);
      }
    },
  );

  it('stops in the middle of a start', async () => {
    const dir = newDir();
    const run = lab.spawn('start', '--dir', dir, '--nodes', '3', '--plugins', plugins());
    await lab.seen(run, 'starting 3 nodes');
    const processes = await until(
      () => {
        const found = lab.processes(dir);
        return found.length > 0 && found;
      },
      { what: 'a plugin', timeoutMs: 10_000 },
    );
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect([ended.code, ended.err]).toEqual([0, '']);
    expect(processes.some(isRunning)).toBe(false);
  });

  it('leaves nothing behind after a fault that nobody caught, and exits 1 with it', async () => {
    const dir = newDir();
    const run = lab.spawnFaulty('start', '--dir', dir, ...SMALL, '--plugins', plugins());
    await lab.seen(run, 'Ctrl-C stops the fleet.');
    const processes = lab.processes(dir);
    run.child.kill('SIGUSR2');
    const ended = await run.ended;
    expect([ended.code, ended.err]).toEqual([1, 'boom\n']);
    expect(processes).toHaveLength(3);
    expect(processes.some(isRunning)).toBe(false);
    expect(existsSync(path.join(dir, 'fleet.json'))).toBe(false);
  });

  it('ends a plugin that does not want to end', async () => {
    const dir = newDir();
    const list = plugins(['immortal.js'], { immortal: true });
    const run = lab.spawn('start', '--dir', dir, ...SMALL, '--plugins', list);
    await lab.seen(run, 'Ctrl-C stops the fleet.');
    const processes = lab.processes(dir);
    expect(processes).toHaveLength(1);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    expect(processes.some(isRunning)).toBe(false);
  });

  it('finds and ends the orphans of a run that was killed', async () => {
    const dir = newDir();
    const list = plugins(['cl-hive-comms.js', 'immortal.js'], { immortal: true });
    const killed = lab.spawn('start', '--dir', dir, ...SMALL, '--plugins', list);
    await lab.seen(killed, 'Ctrl-C stops the fleet.');
    const orphans = lab.processes(dir);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(orphans.filter(isRunning).length).toBeGreaterThan(0);
    const run = lab.spawn('start', '--dir', dir, ...SMALL, '--plugins', list);
    await lab.seen(run, 'Ctrl-C stops the fleet.');
    expect(run.out()).toMatch(/ended \d processes? that an earlier fleet had left behind/);
    expect(orphans.some(isRunning)).toBe(false);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
  });

  it('serves cli and status, tells of what happens, and refuses a second fleet in its folder', async () => {
    const dir = newDir();
    const run = lab.spawn(
      'start',
      '--dir',
      dir,
      '--public-nodes',
      '0',
      '--nodes',
      '2',
      '--plugins',
      plugins(),
    );
    await lab.seen(run, 'Ctrl-C stops the fleet.');
    expect(run.out()).toContain(`hive-lab cli --dir ${dir} 1 hive-status`);
    const cli = (...words: string[]): ReturnType<Lab['run']> =>
      lab.run('cli', '--dir', dir, ...words);

    const info = await cli('2', 'getinfo');
    expect(info.code).toBe(0);
    expect(parseJson(info.out)).toMatchObject({ alias: 'hive-lab-2', network: 'regtest' });
    const positional = await cli('1', 'invoice', '9007199254740993', 'a', 'two words');
    const named = await cli('1', '-k', 'invoice', 'amount_msat=1000', 'label=b', 'description=x=y');
    expect([positional.code, named.code]).toEqual([0, 0]);
    const listed = await cli('1', 'listinvoices', 'label=a');
    expect(listed.out).toContain('"amount_msat": 9007199254740993');
    expect(await cli('1', 'no-such-method')).toMatchObject({
      code: 1,
      out: expect.stringContaining('"code": -32601') as string,
    });
    expect(await cli('3', 'getinfo')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no node 3: it has 2 nodes') as string,
    });

    const status = await lab.run('status', '--dir', dir);
    expect([status.code, status.err]).toEqual([0, '']);
    expect(status.out).toContain('healthy');

    const second = await lab.run('start', '--dir', dir, ...SMALL, '--plugins', 'none');
    expect(second).toMatchObject({ code: 1, out: '' });
    expect(second.err).toContain(`already runs in ${dir} (process ${run.child.pid})`);

    await cli('1', 'plugin', 'stop', 'cl-hive-archon.js');
    await lab.seen(run, 'node 1  cl-hive-archon is gone');
    expect((await lab.run('status', '--dir', dir)).code).toBe(1);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    expect(await cli('1', 'getinfo')).toMatchObject({
      code: 2,
      err: expect.stringContaining('npm start') as string,
    });
  });

  it('outlives the reader of its output', async () => {
    const dir = newDir();
    const run = lab.spawn('start', '--dir', dir, ...SMALL, '--plugins', plugins());
    await lab.seen(run, 'all nodes are up');
    const processes = lab.processes(dir);
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    await lab.run('cli', '--dir', dir, '1', 'plugin', 'stop', 'cl-hive.js');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    expect(processes.some(isRunning)).toBe(false);
  });
});

describe('hive-lab relay', () => {
  it('with --auth asks who is there', async () => {
    const run = lab.spawn('relay', '--auth');
    await lab.seen(run, '\n');
    const socket = new WebSocket(run.out().trim());
    const first = new Promise<string>((resolve) => {
      socket.on('message', (data) => resolve((data as Buffer).toString('utf8')));
    });
    expect(await first).toMatch(/^\["AUTH","[^"]{16,}"\]$/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    socket.terminate();
  });

  it('runs as a process of its own until it is told to stop', async () => {
    const run = lab.spawn('relay');
    await lab.seen(run, '\n');
    const socket = new WebSocket(run.out().trim());
    const reply = new Promise<string>((resolve) => {
      socket.on('open', () => socket.send('["REQ","a",{}]'));
      socket.on('message', (data) => resolve((data as Buffer).toString('utf8')));
    });
    expect(await reply).toBe('["EOSE","a"]');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    socket.terminate();
  });
});

describe('hive-lab generate', () => {
  it('writes the same network for the same seed', async () => {
    const out = mkdtempSync(path.join(tmpdir(), 'hl-gen-'));
    try {
      const args = ['generate', '--public-nodes', '200', '--now', '1770000000', '--out'];
      const ended = await lab.run(...args, path.join(out, 'a'));
      expect([ended.code, ended.err]).toEqual([0, '']);
      expect(ended.out).toContain('200 nodes, ');
      await lab.run(...args, path.join(out, 'b'));
      for (const file of ['listchannels.json', 'listnodes.json']) {
        const [a, b] = ['a', 'b'].map((dir) => readFileSync(path.join(out, dir, file), 'utf8'));
        expect(a).toBe(b);
      }
      const nodes = JSON.parse(readFileSync(path.join(out, 'a/listnodes.json'), 'utf8')) as {
        nodes: unknown[];
      };
      expect(nodes.nodes).toHaveLength(200);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});

// Orphans that a failing test has left would disturb the next run of the tests.
afterAll(async () => {
  const left = [...Array(fleets).keys()].flatMap((index) => {
    const dir = path.join(lab.base, `f${index + 1}`);
    return existsSync(path.join(dir, 'fleet.json')) ? lab.processes(dir) : [];
  });
  await endProcesses(
    left.filter(({ pid }) => processRef(pid) !== undefined),
    500,
  );
});
