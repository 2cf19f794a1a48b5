/** Ids from `start` to `end`, both included. */
export interface IdRange {
  readonly start: number;
  readonly end: number;
}

/** The ranges with `range` in them, merged and in order. */
export function addRange(ranges: readonly IdRange[], range: IdRange): readonly IdRange[] {
  const merged: IdRange[] = [];
  for (const next of [...ranges, range].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && next.start <= last.end + 1) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
    } else {
      merged.push(next);
    }
  }
  return merged;
}

/** The ranges without the ids of `range`. */
export function removeRange(ranges: readonly IdRange[], range: IdRange): readonly IdRange[] {
  return ranges
    .flatMap(({ start, end }) => [
      { start, end: Math.min(end, range.start - 1) },
      { start: Math.max(start, range.end + 1), end },
    ])
    .filter(({ start, end }) => start <= end)
    .filter((kept, i, all) => i === 0 || kept.start !== all[i - 1]?.start);
}

/** Whether an id lies in one of the ranges. */
export function inRanges(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some(({ start, end }) => start <= id && id <= end);
}
