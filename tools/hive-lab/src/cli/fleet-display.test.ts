import type { UnixMs } from '@cl-hive/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initialModel, stepFleet } from '../fleet/fleet-model.ts';
import { fleetDisplay } from './fleet-display.ts';
import type { Output } from './output.ts';

const NOW = 0 as UnixMs;
const start = initialModel({
  backend: 'lab',
  dir: '/f',
  nodes: 3,
  publicNetwork: 'no public nodes',
  plugins: ['cl-hive.js'],
});
const noted = (count: number): typeof start =>
  Array.from({ length: count }).reduce<typeof start>(
    (model, _, i) => stepFleet(model, { kind: 'note', level: 'info', text: `note ${i}` }, NOW),
    start,
  );

function recorder(
  size: { columns: number; rows: number } | undefined,
): Output & { texts: string[] } {
  const texts: string[] = [];
  return { texts, out: (text) => texts.push(text), err: () => undefined, terminal: () => size };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the display without a terminal', () => {
  it('prints each line once, and no control sequences', () => {
    const output = recorder(undefined);
    const display = fleetDisplay(output, 'x');
    display.update(noted(1));
    display.update(noted(1));
    display.update(noted(3));
    display.finish();
    expect(output.texts.map((text) => text.trim().split('  ').at(-1)?.trim())).toEqual([
      'note 0',
      'note 1',
      'note 2',
    ]);
    expect(output.texts.join('')).not.toContain('\u001b');
  });
});

describe('the display on a terminal', () => {
  it('redraws in place, not more often than ten times a second, and gives the cursor back', () => {
    const output = recorder({ columns: 100, rows: 30 });
    const display = fleetDisplay(output, 'x');
    for (let i = 0; i < 50; i += 1) {
      display.update(noted(i));
    }
    vi.advanceTimersByTime(100);
    expect(output.texts).toHaveLength(1);
    expect(output.texts[0]).toContain('\u001b[?25l');
    const height = (output.texts[0] ?? '').split('\n').length - 1;
    display.update(noted(60));
    vi.advanceTimersByTime(100);
    expect(output.texts[1]?.startsWith(`\u001b[${height}A\r`)).toBe(true);
    display.update(noted(61));
    display.finish();
    expect(output.texts[2]).toContain('note 60');
    expect(output.texts.at(-1)).toBe('\u001b[?25h');
  });

  it.each([5, 10, 20, 40])('never draws more lines than %i rows hold', (rows) => {
    const output = recorder({ columns: 80, rows });
    const display = fleetDisplay(output, 'x');
    display.update(noted(100));
    display.finish();
    const lines = (output.texts[0] ?? '').trimEnd().split('\n');
    expect(lines.length).toBeLessThan(rows);
  });
});
