import { VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { NOSTR_LIMITS } from './limits.ts';
import { Requests } from './requests.ts';

describe('Requests', () => {
  it('are bounded, and each ends', async () => {
    const clock = new VirtualClock();
    const requests = new Requests(clock);
    const waiting = Array.from({ length: NOSTR_LIMITS.requests }, (_, n) => {
      requests.assertRoom();
      return requests.wait(String(n), 'peer', 1_000 + n);
    });
    expect(() => requests.assertRoom()).toThrow(
      expect.objectContaining({ code: 'too_many_requests' }),
    );
    clock.advance(1_500);
    requests.close('closed');
    const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'timeout')).toHaveLength(501);
    expect(kinds.filter((kind) => kind === 'failed')).toHaveLength(499);
    expect(await requests.wait('late', 'peer', 1_000)).toEqual({
      kind: 'failed',
      reason: 'closed',
    });
    expect([clock.pending, requests.waiting]).toEqual([0, 0]);
  });
});
