import { VirtualClock } from '@cl-hive/testkit';
import { expect, it } from 'vitest';
import { FleetClock } from './fleet-clock.ts';

it('runs and cancels timers until it is closed, and none afterwards', () => {
  const inner = new VirtualClock();
  const clock = new FleetClock(inner);
  const ran: string[] = [];
  clock.after(1, () => ran.push('first'));
  clock.after(1, () => ran.push('cancelled'))();
  clock.after(5, () => ran.push('late'));
  inner.advance(1);
  expect([ran, inner.pending]).toEqual([['first'], 1]);
  clock.close();
  clock.after(1, () => ran.push('after the end'));
  inner.advance(10);
  expect([ran, inner.pending, clock.now()]).toEqual([['first'], 0, inner.now()]);
});
