import { RpcError } from '@cl-hive/cln-rpc';
import { CodedError, isCodedError, type JsonObject } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import type { PluginName } from './plugins.ts';
import { SuitePlugin } from './suite-plugin.ts';
import { encodeVersionAnswer } from './version-answer.ts';

const METHODS: Readonly<Record<string, PluginName>> = {
  'hive-comms-version': 'cl-hive-comms',
  'hive-archon-version': 'cl-hive-archon',
  'hive-version': 'cl-hive',
};

/** A node with siblings that come and go, and one plugin of the suite under test. */
class World {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly events: string[] = [];
  readonly running = new Set<PluginName>();
  asked = 0;
  openError: Error | undefined;
  wakeErrors = 0;
  readonly plugin: SuitePlugin<string>;

  constructor(self: PluginName) {
    this.plugin = new SuitePlugin<string>({
      self,
      version: '9.9.9',
      features: ['f'],
      clock: this.clock,
      rpc: { raw: async (method) => this.#answer(method) },
      log: (level, message) => this.log.push(`${level}: ${message}`),
      open: async () => {
        if (this.openError !== undefined) {
          throw this.openError;
        }
        this.events.push('open');
        return 'services';
      },
      close: async () => void this.events.push('close'),
      wake: async () => {
        if (this.wakeErrors > 0) {
          this.wakeErrors -= 1;
          throw new Error('comms went away');
        }
        this.events.push('wake');
      },
      idle: async () => void this.events.push('idle'),
    });
  }

  #answer(method: string): JsonObject {
    this.asked += 1;
    const name = METHODS[method];
    if (name === undefined || !this.running.has(name)) {
      throw new RpcError(method, -32601, `Unknown command '${method}'`);
    }
    return encodeVersionAnswer(name, '1.2.3', [], 'ready');
  }

  /** Lets every promise that can settle do so. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i += 1) {
      await Promise.resolve();
    }
  }

  async appear(name: PluginName): Promise<void> {
    this.running.add(name);
    this.plugin.pluginStarted(Object.keys(METHODS).filter((method) => METHODS[method] === name));
    await this.settle();
  }

  async vanish(name: PluginName): Promise<void> {
    this.running.delete(name);
    this.plugin.pluginStopped(Object.keys(METHODS).filter((method) => METHODS[method] === name));
    await this.settle();
  }
}

async function started(self: PluginName, ...running: readonly PluginName[]): Promise<World> {
  const world = new World(self);
  running.forEach((name) => world.running.add(name));
  await world.plugin.start();
  await world.settle();
  return world;
}

function refusal(world: World): CodedError {
  try {
    world.plugin.ready();
  } catch (error) {
    if (isCodedError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error('it was ready');
}

describe('a plugin of the suite', () => {
  it('is ready at once when it needs nobody', async () => {
    const world = await started('cl-hive-comms');
    expect(world.plugin.state).toBe('ready');
    expect(world.plugin.ready()).toBe('services');
    expect(world.events).toEqual(['open', 'wake']);
  });

  it('idles without its need, costs no calls, says what it waits for, and wakes', async () => {
    const world = await started('cl-hive');
    expect(world.plugin.state).toBe('idle');
    expect(world.events).toEqual(['open']);
    expect(refusal(world).code).toBe('plugin_idle');
    expect(refusal(world).message).toMatch(/needs cl-hive-comms/);
    expect(world.plugin.status()).toMatchObject({ state: 'idle', waiting_for: 'cl-hive-comms' });
    const asked = world.asked;
    world.clock.advance(86_400_000);
    await world.settle();
    expect(world.asked).toBe(asked);
    await world.appear('cl-hive-comms');
    expect(world.plugin.state).toBe('ready');
    expect(world.events).toEqual(['open', 'wake']);
  });

  it('idles again when its need goes, keeps its services, and wakes once more', async () => {
    const world = await started('cl-hive', 'cl-hive-comms');
    await world.vanish('cl-hive-comms');
    expect(world.plugin.state).toBe('idle');
    await world.appear('cl-hive-comms');
    expect(world.plugin.state).toBe('ready');
    expect(world.events).toEqual(['open', 'wake', 'idle', 'wake']);
  });

  it('shows each sibling with its state and reason', async () => {
    const world = await started('cl-hive', 'cl-hive-comms');
    expect(world.plugin.status()['siblings']).toEqual([
      {
        name: 'cl-hive-comms',
        state: 'ready',
        needed: true,
        version: '1.2.3',
        api_version: 1,
        features: [],
      },
      {
        name: 'cl-hive-archon',
        state: 'absent',
        needed: false,
        reason: 'no running plugin offers it',
      },
    ]);
  });

  it('stays up when it cannot open, and says why and what to do', async () => {
    const world = new World('cl-hive-comms');
    world.openError = new CodedError('store_denied', 'the folder /x may not be written', {
      remedy: 'chown it',
    });
    await world.plugin.start();
    await world.settle();
    expect(world.plugin.state).toBe('failed');
    expect(world.plugin.status()['problem']).toEqual({
      code: 'store_denied',
      message: 'the folder /x may not be written',
      remedy: 'chown it',
    });
    expect(refusal(world)).toMatchObject({ code: 'plugin_failed', remedy: 'chown it' });
    expect(world.log.join('\n')).toMatch(/broken: .*may not be written; remedy: chown it/);
    expect(world.plugin.versionAnswer()).toMatchObject({ state: 'failed' });
  });

  it('tries to wake again after a failure, with growing waits', async () => {
    const world = new World('cl-hive');
    world.running.add('cl-hive-comms');
    world.wakeErrors = 2;
    await world.plugin.start();
    await world.settle();
    expect(world.plugin.state).toBe('starting');
    expect(world.plugin.status()['waking_problem']).toBe('comms went away');
    world.clock.advance(500);
    await world.settle();
    expect(world.plugin.state).toBe('starting');
    world.clock.advance(999);
    await world.settle();
    expect(world.plugin.state).toBe('starting');
    world.clock.advance(1);
    await world.settle();
    expect(world.plugin.state).toBe('ready');
    expect(world.plugin.status()['waking_problem']).toBeUndefined();
  });

  it('stops once, going idle first, and then serves nobody', async () => {
    const world = await started('cl-hive', 'cl-hive-comms');
    await Promise.all([world.plugin.stop(), world.plugin.stop()]);
    expect(world.events).toEqual(['open', 'wake', 'idle', 'close']);
    expect(refusal(world).code).toBe('plugin_stopped');
    await world.appear('cl-hive-comms');
    expect(world.events).toHaveLength(4);
    expect(world.clock.pending).toBe(0);
  });

  it('closes what was still opening when it was stopped', async () => {
    const world = new World('cl-hive-comms');
    const starting = world.plugin.start();
    await world.plugin.stop();
    await starting;
    expect(world.events).toEqual(['open', 'close']);
  });
});
