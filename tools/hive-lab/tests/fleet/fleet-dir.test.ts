import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFleetDir, readRunningFleet, resolveFleetDir } from '../../src/fleet/fleet-dir.ts';
import { type FleetState, MARK_VARIABLE } from '../../src/fleet/fleet-state.ts';
import { SOCKET_PATH_BYTES_MAX } from '../../src/fleet/limits.ts';
import {
  endProcesses,
  findByEnvironment,
  isRunning,
  processRef,
} from '../../src/fleet/process-table.ts';

let base: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'hl-dir-'));
});
afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  rmSync(base, { recursive: true, force: true });
});

function stateOf(mark: string, owner = processRef(process.pid)): FleetState {
  if (owner === undefined) {
    throw new Error('no owner');
  }
  return { format: 1, owner, mark, backend: 'lab', publicNetwork: '', nodes: [] };
}

/** A process that runs until it is ended; an immortal one ignores SIGTERM. */
async function child(mark: string, immortal = false): Promise<ChildProcess> {
  const guard = immortal ? "process.on('SIGTERM', () => {});" : '';
  const started = spawn(
    process.execPath,
    ['-e', `${guard} console.log('up'); setInterval(() => {}, 1000)`],
    { env: { ...process.env, [MARK_VARIABLE]: mark }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(started);
  if (started.stdout !== null) {
    await once(started.stdout, 'data');
  }
  return started;
}

async function deadOwner(): Promise<{ pid: number; start: string }> {
  const dead = await child('dead');
  const ref = processRef(dead.pid ?? 0);
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  if (ref === undefined) {
    throw new Error('the child was not seen');
  }
  return ref;
}

describe('processes', () => {
  it('are told from later ones with the same number', async () => {
    const some = await child('a');
    const ref = processRef(some.pid ?? 0);
    expect(ref !== undefined && isRunning(ref)).toBe(true);
    expect(isRunning({ pid: some.pid ?? 0, start: 'another' })).toBe(false);
    expect(processRef(2 ** 22 + 1)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('are found by their environment', async () => {
    const some = await child('mark-1');
    await child('mark-2');
    expect(findByEnvironment(MARK_VARIABLE, 'mark-1').map(({ pid }) => pid)).toEqual([some.pid]);
    expect(findByEnvironment(MARK_VARIABLE, 'mark')).toEqual([]);
  });

  it('are ended, by force where need be', async () => {
    const refs = [await child('x'), await child('x', true)].flatMap(
      ({ pid }) => processRef(pid ?? 0) ?? [],
    );
    expect(refs).toHaveLength(2);
    expect(await endProcesses(refs, 100)).toEqual([]);
    expect(refs.some(isRunning)).toBe(false);
  });
});

describe('claimFleetDir', () => {
  it('makes the folder for its owner only, and gives it back with the logs left', async () => {
    const dir = path.join(base, 'a', 'b');
    const claimed = await claimFleetDir(dir, stateOf('m1'));
    expect(readRunningFleet(dir)?.mark).toBe('m1');
    mkdirSync(path.join(dir, 'node-1'));
    claimed.write({ ...stateOf('m1'), relay: 'ws://127.0.0.1:1' });
    expect(readRunningFleet(dir)?.relay).toBe('ws://127.0.0.1:1');
    claimed.release();
    claimed.release();
    claimed.write(stateOf('m1'));
    expect(readRunningFleet(dir)).toBeUndefined();
    expect(existsSync(path.join(dir, 'node-1'))).toBe(true);
    const again = await claimFleetDir(dir, stateOf('m2'));
    expect(readdirSync(dir).sort()).toEqual(['THIS-FOLDER-IS-CLEARED-BY-HIVE-LAB', 'fleet.json']);
    again.release();
  });

  it('refuses a folder in which a fleet runs, and tells how to stop it', async () => {
    const dir = path.join(base, 'x');
    const claimed = await claimFleetDir(dir, stateOf('m1'));
    await expect(claimFleetDir(dir, stateOf('m2'))).rejects.toMatchObject({
      code: 'fleet_running',
      message: expect.stringContaining(String(process.pid)) as string,
      remedy: expect.stringContaining(`kill ${process.pid}`) as string,
    });
    expect(readRunningFleet(dir)?.mark).toBe('m1');
    claimed.release();
  });

  it('lets one of many starts at once win', async () => {
    const dir = path.join(base, 'x');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => claimFleetDir(dir, stateOf(`m${i}`))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')(
    'recognises a run that was killed, ends what it left behind, and takes its folder',
    async () => {
      const dir = path.join(base, 'x');
      await claimFleetDir(dir, stateOf('old', await deadOwner()));
      mkdirSync(path.join(dir, 'node-1'));
      const orphans = [await child('old'), await child('old', true)];
      const bystander = await child('other');
      const claimed = await claimFleetDir(dir, stateOf('new'));
      expect(claimed.orphansEnded).toBe(2);
      expect(orphans.map(({ pid }) => processRef(pid ?? 0))).toEqual([undefined, undefined]);
      expect(processRef(bystander.pid ?? 0)).toBeDefined();
      expect(existsSync(path.join(dir, 'node-1'))).toBe(false);
      claimed.release();
    },
  );

  it('does not take a process that got the number of the old owner for it', async () => {
    const dir = path.join(base, 'x');
    await claimFleetDir(dir, stateOf('old', { pid: process.pid, start: 'before this boot' }));
    const claimed = await claimFleetDir(dir, stateOf('new'));
    expect(readRunningFleet(dir)?.mark).toBe('new');
    claimed.release();
  });

  it.each(['', 'garbage', '{"format":2}', '[]', '\u0000'.repeat(300_000)])(
    'gets over a state file that it cannot read (%#)',
    async (content) => {
      const dir = path.join(base, 'x');
      (await claimFleetDir(dir, stateOf('old'))).release();
      writeFileSync(path.join(dir, 'fleet.json'), content);
      const claimed = await claimFleetDir(dir, stateOf('new'));
      expect(readRunningFleet(dir)?.mark).toBe('new');
      claimed.release();
    },
  );

  it('never touches a folder with files of others', async () => {
    writeFileSync(path.join(base, 'precious'), 'x');
    await expect(claimFleetDir(base, stateOf('m'))).rejects.toMatchObject({
      code: 'fleet_dir_foreign',
    });
    writeFileSync(path.join(base, 'fleet.json'), stringifyJson(stateOf('m')));
    await expect(claimFleetDir(base, stateOf('m'))).rejects.toMatchObject({
      code: 'fleet_dir_foreign',
    });
    expect(readdirSync(base).sort()).toEqual(['fleet.json', 'precious']);
  });

  it('names a folder that cannot be made', async () => {
    const file = path.join(base, 'file');
    writeFileSync(file, '');
    await expect(claimFleetDir(path.join(file, 'x'), stateOf('m'))).rejects.toMatchObject({
      code: 'fleet_dir_unusable',
      message: expect.stringContaining(file) as string,
    });
  });
});

describe('resolveFleetDir', () => {
  it('is .hive-lab in the working folder, or what was chosen', () => {
    expect(resolveFleetDir('/home/me')).toBe('/home/me/.hive-lab');
    expect(resolveFleetDir('/home/me', 'x')).toBe('/home/me/x');
    expect(resolveFleetDir('/home/me', '/y')).toBe('/y');
  });

  it('moves to the temporary files where the paths of sockets would be too long', () => {
    const deep = `/${'d'.repeat(40)}/${'e'.repeat(40)}`;
    const dir = resolveFleetDir(deep);
    expect(dir.startsWith(tmpdir())).toBe(true);
    expect(dir).toBe(resolveFleetDir(deep));
    expect(dir).not.toBe(resolveFleetDir(`${deep}x`));
    expect(Buffer.byteLength(`${dir}/node-50/regtest/lightning-rpc`)).toBeLessThanOrEqual(
      SOCKET_PATH_BYTES_MAX,
    );
  });

  it('refuses a chosen one that is too long', () => {
    expect(() => resolveFleetDir('/', `/${'ä'.repeat(50)}`)).toThrow('by ');
    expect(() => resolveFleetDir('/', `/${'ä'.repeat(50)}`)).toThrow(
      expect.objectContaining({ code: 'fleet_path_long' }) as Error,
    );
  });
});
