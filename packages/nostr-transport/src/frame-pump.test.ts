import { setImmediate as nextTurn } from 'node:timers/promises';
import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import type { Socket } from './dial.ts';
import { FramePump } from './frame-pump.ts';
import { NOSTR_LIMITS } from './limits.ts';

interface Rig {
  readonly clock: VirtualClock;
  readonly pump: FramePump;
  readonly socketCalls: string[];
  worked: number;
  readonly run: () => Promise<void>;
}

function rig(checks: boolean): Rig {
  const clock = new VirtualClock();
  const socketCalls: string[] = [];
  const pump = new FramePump(clock, async () => {
    made.worked += 1;
    return checks;
  });
  const note = (call: string) => (): void => void socketCalls.push(call);
  const socket: Socket = {
    send: () => undefined,
    pause: note('pause'),
    resume: note('resume'),
    close: () => undefined,
    terminate: () => undefined,
  };
  pump.attach(socket);
  const made: Rig = {
    clock,
    pump,
    socketCalls,
    worked: 0,
    run: async () => {
      for (let last = -1; last !== made.worked; ) {
        last = made.worked;
        for (let n = 0; n < 50; n += 1) {
          await nextTurn();
        }
      }
    },
  };
  return made;
}

describe('FramePump', () => {
  it('lets a burst through, then as many frames a second as its bound', async () => {
    const it = rig(false);
    const all = NOSTR_LIMITS.frameBurst + 2 * NOSTR_LIMITS.framesPerSecond;
    for (let n = 0; n < all; n += 1) {
      it.pump.push('["NOTICE",""]');
    }
    await it.run();
    expect(it.worked).toBe(NOSTR_LIMITS.frameBurst);
    for (let ms = 0; ms < 1_000; ms += 4) {
      it.clock.advance(4);
      await nextTurn();
    }
    await it.run();
    expect(it.worked - NOSTR_LIMITS.frameBurst).toBeGreaterThan(NOSTR_LIMITS.framesPerSecond * 0.9);
    expect(it.worked - NOSTR_LIMITS.frameBurst).toBeLessThanOrEqual(
      NOSTR_LIMITS.framesPerSecond + 1,
    );
  });

  it('counts a check of signatures as several frames', async () => {
    const it = rig(true);
    for (let n = 0; n < NOSTR_LIMITS.frameBurst; n += 1) {
      it.pump.push('["NOTICE",""]');
    }
    await it.run();
    expect(it.worked).toBe(NOSTR_LIMITS.frameBurst / NOSTR_LIMITS.framesPerCheck);
  });

  it('stops reading the socket while too many frames wait, and goes on', async () => {
    const it = rig(false);
    for (let n = 0; n < NOSTR_LIMITS.frameQueue + 10; n += 1) {
      it.pump.push('x');
    }
    expect(it.socketCalls).toEqual(['pause']);
    await it.run();
    expect(it.socketCalls).toEqual(['pause', 'resume']);
  });

  it('drops what waits when it is stopped, and leaves no timer', async () => {
    const it = rig(false);
    for (let n = 0; n < NOSTR_LIMITS.frameBurst + 100; n += 1) {
      it.pump.push('x');
    }
    await it.run();
    it.pump.stop();
    it.pump.push('x');
    await it.run();
    expect(it.worked).toBe(NOSTR_LIMITS.frameBurst);
    expect(it.clock.pending).toBe(0);
  });
});
