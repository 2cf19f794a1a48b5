import { SeededRandom, VirtualClock } from '@cl-hive/testkit';
import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.ts';
import type { NostrEvent } from './event.ts';
import { Inbox } from './inbox.ts';
import { KINDS } from './kinds.ts';
import { NOSTR_LIMITS } from './limits.ts';
import { memoryStorage } from './memory-storage.ts';
import type { IncomingMessage } from './message.ts';
import type { TransportStorage } from './ports.ts';
import { SeenIds } from './seen-ids.ts';
import { localSigner } from './signer.ts';

const random = new SeededRandom(3);
const node = localSigner(random.bytes(32), random);
const advisor = localSigner(random.bytes(32), random);
const RELAY = 'wss://relay.example';

function envelope(content: string): NostrEvent {
  return advisor.sign({
    kind: KINDS.direct,
    created_at: 1_700_000_000,
    tags: [['p', node.pubkey]],
    content: advisor.encrypt(node.pubkey, content),
  });
}

function inboxWith(
  handle: (message: IncomingMessage) => Promise<void>,
  storage: TransportStorage = memoryStorage(),
): Inbox {
  return new Inbox({
    signer: node,
    formers: [],
    seen: new SeenIds(new VirtualClock(), storage),
    coverage: new Coverage(),
    log: () => undefined,
    settle: () => false,
    handle,
    hint: () => undefined,
  });
}

describe('Inbox', () => {
  it('lets only so many handlers work at once; the relay waits', async () => {
    const releases: (() => void)[] = [];
    const inbox = inboxWith(() => new Promise((resolve) => releases.push(resolve)));
    for (let n = 0; n < NOSTR_LIMITS.handlersAtOnce; n += 1) {
      expect(await inbox.receive(envelope(`${n}`), RELAY)).toBe('taken');
    }
    let taken = false;
    const more = inbox.receive(envelope('more'), RELAY).then(() => (taken = true));
    await Promise.resolve();
    expect([releases.length, taken]).toEqual([NOSTR_LIMITS.handlersAtOnce, false]);
    releases[0]?.();
    await more;
    expect(releases).toHaveLength(NOSTR_LIMITS.handlersAtOnce + 1);
  });

  it('hands a message over again after a crash in the middle of its handler, and never after it was done', async () => {
    const storage = memoryStorage();
    const event = envelope('x');
    const handled: string[] = [];
    const crashed = inboxWith(() => new Promise(() => undefined), storage);
    await crashed.receive(event, RELAY);
    const second = inboxWith(async ({ content }) => void handled.push(content), storage);
    expect(await second.receive(event, RELAY)).toBe('taken');
    await second.idle();
    const third = inboxWith(async ({ content }) => void handled.push(content), storage);
    expect(await third.receive(event, RELAY)).toBe('known');
    expect(handled).toEqual(['x']);
  });

  it('handles a message once although its handler throws and its mark is not stored', async () => {
    const storage = memoryStorage();
    let handled = 0;
    const inbox = inboxWith(
      async () => {
        handled += 1;
        throw new Error('no');
      },
      { ...storage, markSeen: () => Promise.reject(new Error('disk full')) },
    );
    const event = envelope('x');
    await inbox.receive(event, RELAY);
    await inbox.idle();
    expect(await inbox.receive(event, RELAY)).toBe('known');
    expect([handled, inbox.refused]).toEqual([1, { handler_failed: 1 }]);
  });
});
