import { describe, expect, it } from 'vitest';
import { relayList } from './relay-list.ts';

const url = (number: number): string => `wss://relay-${number}.example`;

describe('the relays of the node', () => {
  it('are those of the option, less those taken out, with those added', () => {
    const list = relayList(
      [`${url(1)}/`, url(2)],
      [
        { url: url(2), state: 'removed' },
        { url: url(3), state: 'added' },
        { url: url(1), state: 'added' },
      ],
    );
    expect(list).toEqual({
      relays: [
        { url: url(1), from: 'option' },
        { url: url(3), from: 'command' },
      ],
      removed: [url(2)],
      problems: [],
    });
  });

  it('go on without a bad one, which is named without what may be a password', () => {
    const { relays, problems } = relayList(['nonsense', 'wss://me:secret@x.example', url(1)], []);
    expect(relays).toEqual([{ url: url(1), from: 'option' }]);
    expect(problems.map(({ code, value }) => [code, value])).toEqual([
      ['relay_url', 'nonsense'],
      ['relay_url', 'wss://...@x.example'],
    ]);
    expect(problems.every(({ remedy }) => remedy !== '')).toBe(true);
  });

  it('are eight at most; the others are named', () => {
    const all = Array.from({ length: 10 }, (_, number) => url(number));
    const { relays, problems } = relayList(all, []);
    expect(relays).toHaveLength(8);
    expect(problems.map(({ code, value }) => [code, value])).toEqual([
      ['relays_too_many', url(8)],
      ['relays_too_many', url(9)],
    ]);
  });
});
