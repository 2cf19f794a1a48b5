import { readFileSync } from 'node:fs';
import { parseJson, stringifyJson } from '@cl-hive/core';
import * as kernel from '@cl-hive/planning-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someSnapshot } from './random-snapshot.ts';
import { HUBS, sampleSnapshot } from './sample.ts';

const { plan, planBytes, replay, SnapshotPacker, unpackSnapshot } = kernel;
type Snapshot = Readonly<Record<string, unknown>>;

/** Packs a snapshot whose channels come in pieces of `size`. */
function packed({ channels, nodes, ...rest }: Snapshot, size = 1_000): kernel.PackedSnapshot {
  const packer = new SnapshotPacker();
  const entries = channels as readonly unknown[];
  for (let at = 0; at < entries.length; at += size) {
    packer.read(entries.slice(at, at + size));
  }
  const whole = packer.finish(rest, nodes as readonly unknown[] | undefined);
  return parseJson(stringifyJson(whole)) as unknown as kernel.PackedSnapshot;
}

/** What a recording gives back. */
const recorded = (snapshot: Snapshot): Snapshot => unpackSnapshot(packed(snapshot));

describe('recording', () => {
  it('keeps what leads to the same plan, broken entries included, and is smaller', () => {
    fc.assert(
      fc.property(someSnapshot, fc.integer({ min: 1, max: 9 }), (snapshot, size) => {
        const pack = packed(snapshot, size);
        expect(pack).toEqual(packed(snapshot));
        expect(plan(unpackSnapshot(pack)).digest).toBe(plan(snapshot).digest);
      }),
    );
    const snapshot = sampleSnapshot();
    expect(stringifyJson(packed(snapshot)).length).toBeLessThan(
      stringifyJson(snapshot).length * 0.4,
    );
  });

  it('gives back what was recorded, broken entries and their places included', () => {
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const kept = recorded(snapshot);
        expect(recorded(kept)).toEqual(kept);
        const ids = (list: unknown) =>
          (list as readonly Snapshot[]).map((entry) => Object(entry)['short_channel_id']);
        expect(ids(kept['channels'])).toEqual(ids(snapshot['channels']));
      }),
    );
  });

  it('refuses a pack of another version, and one that is damaged', () => {
    const whole = packed(sampleSnapshot());
    for (const bad of [
      { ...whole, version: 2 },
      { ...whole, ids: [] },
    ]) {
      expect(() => unpackSnapshot(bad as kernel.PackedSnapshot)).toThrow(RangeError);
    }
  });

  it('keeps lists of an older recording that are absent or no lists as they are', () => {
    const { channels: _, nodes: __, ...rest } = sampleSnapshot();
    const older = { version: 1, rest, ids: [] } as const;
    expect(unpackSnapshot({ ...older, channels: null, nodes: null })).toEqual(rest);
    expect(unpackSnapshot({ ...older, channels: { raw: 'none' }, nodes: { raw: 5 } })).toEqual({
      ...rest,
      channels: 'none',
      nodes: 5,
    });
  });

  it('replays to the same plan, and says what differs where it does not', () => {
    const snapshot = sampleSnapshot();
    const made = plan(snapshot);
    expect(replay(recorded(snapshot), made.digest)).toMatchObject({ identical: true });
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
