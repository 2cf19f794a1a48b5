import { readFileSync } from 'node:fs';
import { parseJson, stringifyJson } from '@cl-hive/core';
import * as kernel from '@cl-hive/planning-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someSnapshot } from './random-snapshot.ts';
import { HUBS, sampleSnapshot } from './sample.ts';

const { packSnapshot, plan, planBytes, recordableSnapshot, replay, unpackSnapshot } = kernel;

describe('recording', () => {
  it('keeps what leads to the same plan, broken entries included, and is smaller', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const kept = parseJson(stringifyJson(recordableSnapshot(snapshot)));
        expect(plan(kept).digest).toBe(plan(snapshot).digest);
      }),
    );
    const snapshot = sampleSnapshot();
    expect(stringifyJson(recordableSnapshot(snapshot)).length).toBeLessThan(
      stringifyJson(snapshot).length * 0.85,
    );
  });

  it('packs and unpacks to what it was, broken entries and their places included', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const kept = recordableSnapshot(snapshot);
        const packed = parseJson(stringifyJson(packSnapshot(kept)));
        const again = unpackSnapshot(packed as unknown as kernel.PackedSnapshot);
        expect(parseJson(stringifyJson(again))).toEqual(parseJson(stringifyJson(kept)));
      }),
    );
    const usual = recordableSnapshot(sampleSnapshot());
    expect(stringifyJson(packSnapshot(usual)).length).toBeLessThan(
      stringifyJson(usual).length * 0.4,
    );
    for (const bad of [
      { ...packSnapshot(usual), version: 2 },
      { ...packSnapshot(usual), ids: [] },
    ]) {
      expect(() => unpackSnapshot(bad as kernel.PackedSnapshot)).toThrow(RangeError);
    }
  });

  it('keeps lists that are absent or no lists as they are', () => {
    for (const changes of [
      { channels: 'none' },
      { nodes: 5 },
      { channels: undefined, nodes: undefined },
    ]) {
      const snapshot = sampleSnapshot(changes);
      expect(plan(recordableSnapshot(snapshot)).digest).toBe(plan(snapshot).digest);
    }
  });

  it('replays to the same plan, and says what differs where it does not', () => {
    const snapshot = sampleSnapshot();
    const made = plan(snapshot);
    expect(replay(recordableSnapshot(snapshot), made.digest)).toMatchObject({ identical: true });
    const other = replay({ ...snapshot, expansionsEnabled: false }, made.digest, planBytes(made));
    expect(other).toMatchObject({
      identical: false,
      recordedDigest: made.digest,
      differing: ['diagnostics', 'orders'],
    });
    expect(replay(snapshot, 'other', 'not JSON')).toMatchObject({ identical: false });
  });
});

describe('the README', () => {
  it('shows an example that runs', () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const names = /import \{([\s\S]*?)\} from '@cl-hive\/planning-kernel';/.exec(code)?.[1] ?? '';
    const body = code.replace(/import [\s\S]*?;\n/, '');
    // eslint-disable-next-line typescript/no-implied-eval
    const run = new Function(
      'kernel',
      'snapshot',
      'previousGraph',
      'now',
      'target',
      'a',
      'b',
      'c',
      `const {${names}} = kernel;\n${body}\nreturn { plan, commands, told: explain(target) };`,
    ) as (...inputs: readonly unknown[]) => {
      plan: kernel.Plan;
      commands: readonly unknown[];
      told: kernel.Explanation;
    };
    const {
      plan: made,
      commands,
      told,
    } = run(kernel, sampleSnapshot(), undefined, 0, HUBS[1], ...HUBS);
    expect(made.digest).toBe(plan(sampleSnapshot()).digest);
    expect(commands).toMatchObject([{ kind: 'ask_approval', order: { target: HUBS[1] } }]);
    expect(told.rank).toBe(1);
  });
});
