import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, rankTransports } from './choose-transport.ts';

function candidate(id: string, given: Partial<Candidate> = {}): Candidate {
  const seal = id === 'bolt8' ? 'link' : 'recipient';
  return {
    id,
    seal,
    registered: id === 'dmail',
    reach: { kind: 'now' },
    health: { state: 'up' },
    ...given,
  };
}

function order(candidates: readonly Candidate[], sensitivity: 'routine' | 'sensitive'): string[] {
  return rankTransports(candidates, sensitivity)
    .filter(({ usable }) => usable)
    .map(({ id }) => id);
}

const ALL = [candidate('nostr'), candidate('dmail'), candidate('bolt8')];

describe('the choice of a transport', () => {
  it('prefers for routine what goes straight, for sensitive what only the recipient reads', () => {
    expect(order(ALL, 'routine')).toEqual(['bolt8', 'nostr', 'dmail']);
    expect(order(ALL, 'sensitive')).toEqual(['dmail', 'nostr', 'bolt8']);
  });

  it('prefers for routine what reaches now over what keeps the message, and up over degraded', () => {
    const later = candidate('bolt8', { reach: { kind: 'later', reason: 'asleep' } });
    expect(order([later, candidate('nostr')], 'routine')).toEqual(['nostr', 'bolt8']);
    const weak = candidate('bolt8', { health: { state: 'degraded', reason: 'lossy' } });
    expect(order([weak, candidate('nostr')], 'routine')).toEqual(['nostr', 'bolt8']);
  });

  it('lets a sensitive message rather wait than be read by others', () => {
    const later = candidate('nostr', { reach: { kind: 'later', reason: 'no relay answers now' } });
    expect(order([candidate('bolt8'), later], 'sensitive')).toEqual(['nostr', 'bolt8']);
  });

  it('leaves out what is down or does not reach, and says why', () => {
    const ranked = rankTransports(
      [
        candidate('dmail', { health: { state: 'down', reason: 'its plugin does not run' } }),
        candidate('bolt8', { reach: { kind: 'none', reason: 'the node is not connected' } }),
      ],
      'routine',
    );
    expect(ranked).toEqual([
      { id: 'dmail', usable: false, reason: 'down: its plugin does not run' },
      { id: 'bolt8', usable: false, reason: 'the node is not connected' },
    ]);
  });

  it('does not depend on the order in which transports are known, and names each once', () => {
    const reach = fc.constantFrom<Candidate['reach']>(
      { kind: 'now' },
      { kind: 'later', reason: 'r' },
      { kind: 'none', reason: 'r' },
    );
    const state = fc.constantFrom<Candidate['health']['state']>('up', 'degraded', 'down');
    const some = fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z]{1,6}$/),
        seal: fc.constantFrom('link' as const, 'recipient' as const),
        registered: fc.boolean(),
        reach,
        health: state.map((of) => ({ state: of })),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    );
    fc.assert(
      fc.property(some, fc.constantFrom('routine' as const, 'sensitive' as const), (all, how) => {
        const ranked = rankTransports(all, how);
        const mirrored = rankTransports([...all].reverse(), how);
        expect(ranked.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
        expect(mirrored.filter(({ usable }) => usable)).toEqual(
          ranked.filter(({ usable }) => usable),
        );
      }),
    );
  });
});
