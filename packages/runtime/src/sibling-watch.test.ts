import type { SiblingAbsence, SiblingState } from '@cl-hive/cln-plugin/helpers';
import { describe, expect, it } from 'vitest';
import type { PluginName } from './plugins.ts';
import {
  type AskCommand,
  initialWatch,
  missingNeed,
  noteStarted,
  type PluginState,
  PROBE_DELAY_MAX_MS,
  stepWatch,
  type VersionAnswer,
  type WatchState,
} from './sibling-watch.ts';

type Found = SiblingState<VersionAnswer>;

function version(state: PluginState = 'ready', apiVersion = 1, oldestApi = 1): Found {
  const answer: VersionAnswer = { version: '0.1.0', apiVersion, oldestApi, features: [], state };
  return { kind: 'present', answer };
}

function absent(because: SiblingAbsence, reason: string = because): Found {
  return { kind: 'absent', because, reason };
}

/** A state to which things happen; keeps what the last step wanted asked. */
class Watch {
  state: WatchState;
  commands: readonly AskCommand[] = [];

  constructor(self: PluginName) {
    this.state = initialWatch(self);
  }

  started(sibling: PluginName): this {
    this.state = noteStarted(this.state, sibling);
    return this;
  }

  found(sibling: PluginName, found: Found): this {
    const { state, commands } = stepWatch(this.state, sibling, found);
    this.state = state;
    this.commands = commands;
    return this;
  }

  kind(sibling: PluginName): string | undefined {
    return this.state.siblings.get(sibling)?.seen.kind;
  }
}

describe('the watch over siblings', () => {
  it('never asks again for one that is not there', () => {
    const watch = new Watch('cl-hive').found('cl-hive-comms', absent('not_running'));
    expect(watch.commands).toEqual([]);
    expect(watch.kind('cl-hive-comms')).toBe('absent');
    expect(missingNeed(watch.state)?.sibling).toBe('cl-hive-comms');
  });

  it('is satisfied by a ready need, whether or not the optional sibling is there', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-archon', absent('not_running'));
    watch.found('cl-hive-comms', version());
    expect(missingNeed(watch.state)).toBeUndefined();
  });

  it('comms needs nobody', () => {
    expect(missingNeed(initialWatch('cl-hive-comms'))).toBeUndefined();
  });

  it('wakes when the need starts later and idles when it stops', () => {
    const watch = new Watch('cl-hive-archon').found('cl-hive-comms', absent('not_running'));
    watch.started('cl-hive-comms');
    expect(missingNeed(watch.state)?.reason).toBe('it has just started');
    watch.found('cl-hive-comms', version());
    expect(missingNeed(watch.state)).toBeUndefined();
    watch.found('cl-hive-comms', absent('stopped', 'it was stopped'));
    expect(missingNeed(watch.state)?.reason).toBe('it was stopped');
    expect(watch.commands).toEqual([]);
  });

  it.each([
    [2, 2, 'newer'],
    [0, 0, 'older'],
  ])('counts a sibling that serves only API %i to %i as absent, with the reason', (api, oldest) => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', version('ready', api, oldest));
    expect(watch.kind('cl-hive-comms')).toBe('incompatible');
    expect(missingNeed(watch.state)?.reason).toMatch(/API versions .* run the same release/);
    expect(watch.commands).toEqual([]);
  });

  it('counts a sibling whose version answer it cannot read as incompatible, and lets it be', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', absent('not_understood', 'api_version: expected'));
    expect(watch.kind('cl-hive-comms')).toBe('incompatible');
    expect(watch.commands).toEqual([]);
  });

  it('takes a newer sibling that still serves our API', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', version('ready', 3, 1));
    expect(watch.kind('cl-hive-comms')).toBe('ready');
  });

  it('asks one that is starting again, with growing delays that stay bounded', () => {
    const watch = new Watch('cl-hive');
    const delays: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      watch.found('cl-hive-comms', version('starting'));
      delays.push(watch.commands[0]?.delayMs ?? -1);
    }
    expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1600]);
    expect(Math.max(...delays)).toBe(PROBE_DELAY_MAX_MS);
  });

  it('asks one that gave no answer again', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', absent('no_answer', 'no answer within 10 s'));
    expect(watch.commands).toHaveLength(1);
    expect(missingNeed(watch.state)?.reason).toBe('no answer within 10 s');
  });

  it('leaves one alone that failed, until it is started again', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', version('failed'));
    expect(watch.commands).toEqual([]);
    expect(missingNeed(watch.state)?.reason).toBe('it is failed');
    watch.started('cl-hive-comms').found('cl-hive-comms', version('starting'));
    expect(watch.commands).toEqual([{ sibling: 'cl-hive-comms', delayMs: 200 }]);
  });

  it('two that idle for want of a third do not poll each other, and both wake', () => {
    const watch = new Watch('cl-hive');
    watch.found('cl-hive-comms', absent('not_running'));
    watch.found('cl-hive-archon', version('idle'));
    expect(watch.commands).toEqual([]);
    watch.started('cl-hive-comms');
    watch.found('cl-hive-comms', version());
    expect(watch.commands.map(({ sibling }) => sibling)).toEqual(['cl-hive-archon']);
    watch.found('cl-hive-archon', version('idle'));
    expect(watch.commands.map(({ delayMs }) => delayMs)).toEqual([200]);
    watch.found('cl-hive-archon', version());
    expect(watch.kind('cl-hive-archon')).toBe('ready');
    expect(watch.commands).toEqual([]);
  });
});
