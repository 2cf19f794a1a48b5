import { describe, expect, it } from 'vitest';
import { isOver, type OpeningDesk, type OpeningView } from './opening-desk.ts';

describe('an opening', () => {
  it('is over once nothing more can become of it', async () => {
    const state: OpeningView['state'][] = ['proposed', 'waiting', 'opening', 'unknown', 'allowed'];
    expect(state.filter(isOver)).toEqual([]);
    expect(isOver('done')).toBe(true);
    const desk: Pick<OpeningDesk, 'view'> = { view: async () => undefined };
    expect(await desk.view('x')).toBeUndefined();
  });
});
