import { describe, expect, it } from 'vitest';
import { Cell, type Write } from './cell.ts';
import { type Disk, Line } from './line.ts';

const row: Write = async () => {};

function lineOn(disk: Disk): Line {
  return new Line({ disk, now: () => 1000, log: () => {} });
}

describe('the line', () => {
  it('shows a state, and begins its effects, only when its rows are on disk', async () => {
    const cell = new Cell(1, () => [row]);
    const seen: string[] = [];
    const line = lineOn({
      commit: async (writes) => {
        seen.push(`disk ${writes.length}, seen ${cell.value}`);
      },
    });
    await line.run((turn) => {
      turn.set(cell, turn.get(cell) + 1);
      turn.after(() => seen.push(`effect, seen ${cell.value}`));
      seen.push(`within ${turn.get(cell)}`);
    });
    expect(seen).toEqual(['within 2', 'disk 1, seen 1', 'effect, seen 2']);
  });

  it('changes nothing and begins nothing when the disk refuses or the decision throws', async () => {
    const cell = new Cell(1, () => [row]);
    let effects = 0;
    const line = lineOn({ commit: () => Promise.reject(new Error('disk full')) });
    const change = line.run((turn) => {
      turn.set(cell, 2);
      turn.after(() => (effects += 1));
    });
    await expect(change).rejects.toThrow('disk full');
    await expect(
      line.run((turn) => {
        turn.set(cell, 3);
        throw new TypeError('a mistake');
      }),
    ).rejects.toThrow('a mistake');
    expect([cell.value, effects]).toEqual([1, 0]);
    await expect(line.run((turn) => turn.get(cell))).resolves.toBe(1);
  });

  it('decides one after the other, each on what the one before left', async () => {
    const cell = new Cell(0, () => [row]);
    const line = lineOn({ commit: () => Promise.resolve() });
    await Promise.all(
      Array.from({ length: 100 }, () => line.run((turn) => turn.set(cell, turn.get(cell) + 1))),
    );
    expect(cell.value).toBe(100);
  });

  it('refuses more than it can hold, and everything once stopped', async () => {
    let free = (): void => {};
    const held = new Promise<void>((resolve) => (free = resolve));
    const cell = new Cell(0, () => [row]);
    const line = lineOn({ commit: () => held });
    const waiting = Array.from({ length: 10_000 }, () => line.run((turn) => turn.set(cell, 1)));
    await expect(line.run(() => 1)).rejects.toMatchObject({ code: 'hive_busy' });
    free();
    await Promise.all(waiting);
    await line.stop();
    await expect(line.run(() => 1)).rejects.toMatchObject({ code: 'hive_stopped' });
  });
});
