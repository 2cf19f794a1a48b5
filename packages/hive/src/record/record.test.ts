import { type Msat, type NodeId } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Contributions,
  contributionOf,
  countForward,
  forgetContribution,
  newPresence,
  notePresence,
  type Presence,
  resumePresence,
  uptimePpm,
} from '../index.ts';

const node = (index: number): NodeId => `02${index.toString(16).padStart(64, '0')}` as NodeId;
const [A, B, STRANGER] = [1, 2, 3].map(node) as [NodeId, NodeId, NodeId];
const DAY = 86_400_000;
const HOUR = 3_600_000;

describe('presence', () => {
  it('is the share of the watched time', () => {
    let presence = newPresence(true, 0);
    expect(uptimePpm(presence, 0)).toBe(1_000_000);
    presence = notePresence(presence, false, 3 * DAY);
    expect(uptimePpm(presence, 4 * DAY)).toBe(750_000);
    presence = notePresence(presence, true, 5 * DAY);
    expect(uptimePpm(presence, 6 * DAY)).toBe(666_666);
    expect(uptimePpm(newPresence(false, 5), 5)).toBe(0);
  });

  it('forgets what is older than thirty days, and stays small', () => {
    let presence = newPresence(false, 0);
    presence = notePresence(presence, true, 100 * DAY);
    expect(uptimePpm(presence, 131 * DAY)).toBe(1_000_000);
    for (let day = 131; day < 400; day += 1) {
      presence = notePresence(presence, day % 2 === 0, day * DAY);
    }
    expect(presence.days.size).toBeLessThanOrEqual(30);
    expect(uptimePpm(presence, 400 * DAY)).toBeGreaterThan(400_000);
    expect(uptimePpm(presence, 400 * DAY)).toBeLessThan(600_000);
  });

  it('a restart, however long it took, is nobody’s fault or merit', () => {
    const before = notePresence(newPresence(true, 0), true, DAY);
    const after = resumePresence(before, true, 8 * DAY);
    expect(uptimePpm(after, 9 * DAY)).toBe(1_000_000);
    const gone = resumePresence(before, false, 8 * DAY);
    expect(uptimePpm(gone, 9 * DAY)).toBe(500_000);
  });

  it('is the same however often it is noted, and never beyond its bounds', () => {
    const events = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5 * DAY })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(events, (list) => {
        let [once, often]: [Presence, Presence] = [newPresence(true, 0), newPresence(true, 0)];
        let now = 0;
        for (const [online, pause] of list) {
          const was = often.online;
          often = notePresence(often, was, now + Math.floor(pause / 2));
          now += pause;
          once = notePresence(once, online, now);
          often = notePresence(notePresence(often, was, now), online, now);
        }
        const at = now + HOUR;
        return (
          uptimePpm(once, at) === uptimePpm(often, at) &&
          uptimePpm(once, at) >= 0 &&
          uptimePpm(once, at) <= 1_000_000
        );
      }),
    );
  });
});

describe('contribution', () => {
  const isMember = (one: NodeId): boolean => one === A || one === B;
  const forward = (
    to: Contributions,
    inPeer: NodeId | undefined,
    outPeer: NodeId | undefined,
    msat: bigint,
    now = 0,
  ): Contributions => {
    const amounts = { inMsat: (msat + 10n) as Msat, outMsat: msat as Msat };
    return countForward(to, { inPeer, outPeer, ...amounts }, isMember, now);
  };

  it('counts the lesser amount, for members, in both directions', () => {
    let all: Contributions = new Map();
    all = forward(all, A, B, 3000n);
    all = forward(all, A, STRANGER, 1000n);
    all = forward(all, STRANGER, A, 2000n);
    all = forward(all, undefined, undefined, 5000n);
    expect(contributionOf(all, A, 0)).toEqual({
      forwardedMsat: 4000n,
      receivedMsat: 2000n,
      ratioPpm: 2_000_000n,
      isLeech: false,
    });
    expect(contributionOf(all, B, 0)).toMatchObject({ ratioPpm: 0n, isLeech: true });
    expect(contributionOf(all, STRANGER, 0)).toMatchObject({ receivedMsat: 0n, isLeech: false });
    expect(forgetContribution(all, A).has(A)).toBe(false);
  });

  it('leaves out circles, nothing, and what no channel can carry', () => {
    const none: Contributions = new Map();
    expect(forward(none, A, A, 1000n)).toBe(none);
    expect(forward(none, A, B, 0n)).toBe(none);
    expect(forward(none, A, B, -1n)).toBe(none);
    expect(forward(none, A, B, 10n ** 14n + 1n)).toBe(none);
    expect(forward(none, A, B, 1n << 64n)).toBe(none);
  });

  it('forgets after thirty days, judges by seven, and keeps no more than a hive', () => {
    let all = forward(new Map(), A, STRANGER, 1000n);
    all = forward(all, STRANGER, A, 1000n, 10 * DAY);
    expect(contributionOf(all, A, 10 * DAY)).toMatchObject({ ratioPpm: 1_000_000n, isLeech: true });
    expect(contributionOf(all, A, 31 * DAY)).toMatchObject({ forwardedMsat: 0n });
    expect(contributionOf(all, A, 31 * DAY)).toMatchObject({ receivedMsat: 1000n });
    for (let day = 0; day < 100; day += 1) {
      all = forward(all, A, B, 1000n, day * DAY);
    }
    expect(all.get(A)?.size).toBe(30);
    for (let index = 10; index < 100; index += 1) {
      const amounts = { inMsat: 1000n as Msat, outMsat: 1000n as Msat };
      all = countForward(all, { inPeer: node(index), outPeer: A, ...amounts }, () => true, 0);
    }
    expect(all.size).toBe(50);
  });
});
