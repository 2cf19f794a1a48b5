import { type CallOptions, RpcError } from '@cl-hive/cln-rpc';
import type { JsonValue } from '@cl-hive/core';
import { VirtualClock } from '@cl-hive/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLUGINS, type PluginName } from './plugins.ts';
import { type PluginState, PROBE_DELAY_MAX_MS } from './sibling-watch.ts';
import { PROBE_TIMEOUT_MS, SiblingWatcher } from './sibling-watcher.ts';
import { encodeVersionAnswer } from './version-answer.ts';

/** A question on its way to a sibling. */
interface Question {
  readonly name: PluginName;
  readonly options: CallOptions | undefined;
  readonly resolve: (answer: JsonValue) => void;
  readonly reject: (error: Error) => void;
}

type Answer = PluginState | 'unknown_method';

/** A watcher whose questions are answered when the test says so. */
class Scene {
  readonly clock = new VirtualClock();
  readonly questions: Question[] = [];
  readonly watcher: SiblingWatcher;

  constructor(self: PluginName) {
    const raw = (method: string, _params: unknown, options?: CallOptions): Promise<JsonValue> =>
      new Promise((resolve, reject) => {
        const names = Object.keys(PLUGINS) as PluginName[];
        const name = names.find((candidate) => PLUGINS[candidate].versionMethod === method);
        this.questions.push({ name: name ?? self, options, resolve, reject });
      });
    this.watcher = new SiblingWatcher(self, this.clock, { raw }, () => undefined);
  }

  get asked(): readonly PluginName[] {
    return this.questions.map(({ name }) => name);
  }

  async answer(question: Question | undefined, answer: Answer): Promise<void> {
    if (answer === 'unknown_method') {
      question?.reject(new RpcError('m', -32601, 'Unknown command'));
    } else if (question !== undefined) {
      question.resolve(encodeVersionAnswer(question.name, '1.0.0', [], answer));
    }
    await settle();
  }

  started(name: PluginName): void {
    this.watcher.pluginStarted(['something', PLUGINS[name].versionMethod]);
  }

  stopped(name: PluginName): void {
    this.watcher.pluginStopped([PLUGINS[name].versionMethod]);
  }

  kind(name: PluginName): string | undefined {
    return this.watcher.state.siblings.get(name)?.seen.kind;
  }
}

/** Lets every promise that can settle do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    await Promise.resolve();
  }
}

describe('the watcher of siblings', () => {
  it('asks both siblings once at start, and never again for one that is not there', async () => {
    const scene = new Scene('cl-hive');
    scene.watcher.start();
    expect(scene.asked).toEqual(['cl-hive-comms', 'cl-hive-archon']);
    expect(scene.questions[0]?.options?.timeoutMs).toBe(PROBE_TIMEOUT_MS);
    await scene.answer(scene.questions[0], 'unknown_method');
    await scene.answer(scene.questions[1], 'unknown_method');
    expect(scene.clock.pending).toBe(0);
    expect(scene.questions).toHaveLength(2);
  });

  it('drops an answer that was on its way when the sibling stopped', async () => {
    const scene = new Scene('cl-hive');
    scene.started('cl-hive-comms');
    expect(scene.asked).toEqual(['cl-hive-comms']);
    scene.stopped('cl-hive-comms');
    await scene.answer(scene.questions[0], 'ready');
    expect(scene.kind('cl-hive-comms')).toBe('absent');
  });

  it('asks one that is starting after each wait, and at once when lightningd has news', async () => {
    const scene = new Scene('cl-hive-archon');
    scene.started('cl-hive-comms');
    await scene.answer(scene.questions[0], 'starting');
    scene.clock.advance(199);
    expect(scene.questions).toHaveLength(1);
    scene.clock.advance(1);
    expect(scene.questions).toHaveLength(2);
    await scene.answer(scene.questions[1], 'starting');
    scene.started('cl-hive-comms');
    expect(scene.questions).toHaveLength(3);
    expect(scene.clock.pending).toBe(0);
  });

  it('asks one that stopped no more, though it was to be asked again', async () => {
    const scene = new Scene('cl-hive-archon');
    scene.started('cl-hive-comms');
    await scene.answer(scene.questions[0], 'starting');
    scene.stopped('cl-hive-comms');
    scene.clock.advance(PROBE_DELAY_MAX_MS);
    expect(scene.questions).toHaveLength(1);
  });

  it('asks whoever idled for want of one that turned ready, in that order', async () => {
    const scene = new Scene('cl-hive');
    scene.watcher.start();
    await scene.answer(scene.questions[1], 'idle');
    await scene.answer(scene.questions[0], 'ready');
    expect(scene.asked).toEqual(['cl-hive-comms', 'cl-hive-archon', 'cl-hive-archon']);
  });

  it('calls an answer that it cannot read incompatible, and a failure waiting', async () => {
    const scene = new Scene('cl-hive');
    scene.watcher.start();
    scene.questions[0]?.resolve({ api_version: 'one' });
    scene.questions[1]?.reject(new Error('broken pipe'));
    await settle();
    expect(scene.kind('cl-hive-comms')).toBe('incompatible');
    expect(scene.kind('cl-hive-archon')).toBe('waiting');
    expect(scene.clock.pending).toBe(1);
  });

  it('does nothing more once stopped', async () => {
    const scene = new Scene('cl-hive');
    scene.watcher.start();
    await scene.answer(scene.questions[0], 'starting');
    scene.watcher.stop();
    expect(scene.clock.pending).toBe(0);
    expect(scene.questions[1]?.options?.signal?.aborted).toBe(true);
    await scene.answer(scene.questions[1], 'ready');
    scene.started('cl-hive-comms');
    scene.stopped('cl-hive-archon');
    scene.watcher.start();
    expect(scene.questions).toHaveLength(2);
    expect(scene.kind('cl-hive-archon')).toBe('absent');
    expect(scene.kind('cl-hive-comms')).toBe('waiting');
  });

  it('after a stop no answer to an earlier question brings a sibling back, whatever came before', async () => {
    const name = fc.constantFrom<PluginName>('cl-hive-comms', 'cl-hive-archon');
    const event = fc.oneof(
      fc.record({ kind: fc.constantFrom('started' as const, 'stopped' as const), name }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1000) }),
      fc.record({
        kind: fc.constant('answer' as const),
        which: fc.nat(6),
        answer: fc.constantFrom<Answer>('ready', 'idle', 'starting', 'unknown_method'),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
        const scene = new Scene('cl-hive');
        scene.watcher.start();
        for (const happening of events) {
          if (happening.kind === 'wait') {
            scene.clock.advance(happening.ms);
          } else if (happening.kind === 'answer') {
            await scene.answer(scene.questions[happening.which], happening.answer);
          } else {
            scene[happening.kind](happening.name);
          }
        }
        scene.stopped('cl-hive-comms');
        scene.stopped('cl-hive-archon');
        const asked = scene.questions.length;
        expect(scene.clock.pending).toBe(0);
        for (const question of scene.questions) {
          await scene.answer(question, 'ready');
        }
        expect(scene.questions).toHaveLength(asked);
        expect(scene.kind('cl-hive-comms')).toBe('absent');
        expect(scene.kind('cl-hive-archon')).toBe('absent');
      }),
    );
  });
});
