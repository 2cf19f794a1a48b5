import type { UnixMs } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLUGINS, type PluginName } from './plugins.ts';
import {
  initialWatch,
  missingNeed,
  type PluginState,
  PROBE_DELAY_MAX_MS,
  type ProbeAnswer,
  type ProbeCommand,
  stepWatch,
  type VersionAnswer,
  type WatchInput,
  type WatchState,
} from './sibling-watch.ts';

const NOW = 0 as UnixMs;

function version(state: PluginState = 'ready', apiVersion = 1, oldestApi = 1): ProbeAnswer {
  const answer: VersionAnswer = { version: '0.1.0', apiVersion, oldestApi, features: [], state };
  return { kind: 'version', answer };
}

/** Feeds inputs; keeps the newest probe of each sibling so that answers can name it. */
class Watch {
  state: WatchState;
  commands: readonly ProbeCommand[] = [];

  constructor(self: PluginName) {
    this.state = initialWatch(self);
  }

  feed(input: WatchInput): this {
    const { state, commands } = stepWatch(this.state, input, NOW);
    this.state = state;
    this.commands = commands;
    return this;
  }

  answer(sibling: PluginName, answer: ProbeAnswer): this {
    const probe = this.state.siblings.get(sibling)?.probe ?? -1;
    return this.feed({ kind: 'probed', sibling, probe, answer });
  }

  kind(sibling: PluginName): string | undefined {
    return this.state.siblings.get(sibling)?.seen.kind;
  }
}

const started = (name: PluginName): WatchInput => ({
  kind: 'plugin_started',
  methods: ['something', PLUGINS[name].versionMethod],
});
const stopped = (name: PluginName): WatchInput => ({
  kind: 'plugin_stopped',
  methods: [PLUGINS[name].versionMethod],
});

describe('the watch over siblings', () => {
  it('asks both siblings once at start, and never again for one that is not there', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    expect(watch.commands.map(({ sibling, delayMs }) => [sibling, delayMs])).toEqual([
      ['cl-hive-comms', 0],
      ['cl-hive-archon', 0],
    ]);
    watch.answer('cl-hive-comms', { kind: 'unknown_method' });
    expect(watch.commands).toEqual([]);
    expect(watch.kind('cl-hive-comms')).toBe('absent');
    expect(missingNeed(watch.state)?.sibling).toBe('cl-hive-comms');
  });

  it('is satisfied by a ready need, whether or not the optional sibling is there', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-archon', { kind: 'unknown_method' });
    watch.answer('cl-hive-comms', version());
    expect(missingNeed(watch.state)).toBeUndefined();
  });

  it('comms needs nobody', () => {
    expect(missingNeed(initialWatch('cl-hive-comms'))).toBeUndefined();
  });

  it('wakes when the need starts later and idles when it stops', () => {
    const watch = new Watch('cl-hive-archon').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', { kind: 'unknown_method' });
    watch.feed(started('cl-hive-comms'));
    expect(watch.commands.map(({ sibling }) => sibling)).toEqual(['cl-hive-comms']);
    watch.answer('cl-hive-comms', version());
    expect(missingNeed(watch.state)).toBeUndefined();
    watch.feed(stopped('cl-hive-comms'));
    expect(missingNeed(watch.state)?.reason).toBe('it was stopped');
    expect(watch.commands).toEqual([]);
  });

  it('drops an answer that was on its way when the sibling stopped', () => {
    const watch = new Watch('cl-hive').feed(started('cl-hive-comms'));
    const probe = watch.commands[0]?.probe ?? -1;
    watch.feed(stopped('cl-hive-comms'));
    watch.feed({ kind: 'probed', sibling: 'cl-hive-comms', probe, answer: version() });
    expect(watch.kind('cl-hive-comms')).toBe('absent');
  });

  it.each([
    [2, 2, 'newer'],
    [0, 0, 'older'],
  ])('counts a sibling that serves only API %i to %i as absent, with the reason', (api, oldest) => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', version('ready', api, oldest));
    expect(watch.kind('cl-hive-comms')).toBe('incompatible');
    expect(missingNeed(watch.state)?.reason).toMatch(/API versions .* run the same release/);
    expect(watch.commands).toEqual([]);
  });

  it('counts a sibling whose version answer it cannot read as incompatible, and lets it be', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', { kind: 'not_understood', reason: 'api_version: expected' });
    expect(watch.kind('cl-hive-comms')).toBe('incompatible');
    expect(watch.commands).toEqual([]);
  });

  it('takes a newer sibling that still serves our API', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', version('ready', 3, 1));
    expect(watch.kind('cl-hive-comms')).toBe('ready');
  });

  it('asks one that is starting again, with growing delays that stay bounded', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    const delays: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      watch.answer('cl-hive-comms', version('starting'));
      delays.push(watch.commands[0]?.delayMs ?? -1);
    }
    expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1600]);
    expect(Math.max(...delays)).toBe(PROBE_DELAY_MAX_MS);
  });

  it('asks one that gave no answer again', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', { kind: 'no_answer', reason: 'no answer within 10 s' });
    expect(watch.commands).toHaveLength(1);
    expect(missingNeed(watch.state)?.reason).toBe('no answer within 10 s');
  });

  it('leaves one alone that failed, until it is started again', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', version('failed'));
    expect(watch.commands).toEqual([]);
    expect(missingNeed(watch.state)?.reason).toBe('it is failed');
    watch.feed(started('cl-hive-comms'));
    expect(watch.commands).toHaveLength(1);
  });

  it('two that idle for want of a third do not poll each other, and both wake', () => {
    const watch = new Watch('cl-hive').feed({ kind: 'started' });
    watch.answer('cl-hive-comms', { kind: 'unknown_method' });
    watch.answer('cl-hive-archon', version('idle'));
    expect(watch.commands).toEqual([]);
    watch.feed(started('cl-hive-comms'));
    watch.answer('cl-hive-comms', version());
    expect(watch.commands.map(({ sibling }) => sibling)).toEqual(['cl-hive-archon']);
    watch.answer('cl-hive-archon', version('idle'));
    expect(watch.commands.map(({ delayMs }) => delayMs)).toEqual([200]);
    watch.answer('cl-hive-archon', version());
    expect(watch.kind('cl-hive-archon')).toBe('ready');
    expect(watch.commands).toEqual([]);
  });

  it('after a stop no answer to an earlier question brings a sibling back, whatever came before', () => {
    const event = fc.oneof(
      fc.constantFrom<WatchInput>(
        { kind: 'started' },
        started('cl-hive-comms'),
        started('cl-hive-archon'),
        stopped('cl-hive-comms'),
        stopped('cl-hive-archon'),
      ),
      fc.record({
        kind: fc.constant('probed' as const),
        sibling: fc.constantFrom<PluginName>('cl-hive-comms', 'cl-hive-archon'),
        probe: fc.nat(6),
        answer: fc.constantFrom<ProbeAnswer>(version(), version('idle'), version('starting'), {
          kind: 'unknown_method',
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const watch = new Watch('cl-hive');
        const asked: ProbeCommand[] = [];
        for (const input of events) {
          asked.push(...watch.feed(input).commands);
        }
        watch.feed(stopped('cl-hive-comms')).feed(stopped('cl-hive-archon'));
        expect(watch.commands).toEqual([]);
        for (const { sibling, probe } of asked) {
          watch.feed({ kind: 'probed', sibling, probe, answer: version() });
          expect(watch.kind(sibling)).toBe('absent');
        }
      }),
    );
  });
});
