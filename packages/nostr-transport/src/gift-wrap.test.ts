import { SeededRandom } from '@cl-hive/testkit';
import fc from 'fast-check';
import { verifiedSymbol } from 'nostr-tools/core';
import { describe, expect, it } from 'vitest';
import {
  type EventTemplate,
  hasValidSignature,
  type NostrEvent,
  type Rumor,
  rumor,
} from './event.ts';
import { giftWrap, openGiftWrap } from './gift-wrap.ts';
import { KINDS } from './kinds.ts';
import { openMessage } from './open-message.ts';
import { conversationKey, encryptNip44, localSigner, type Signer, signWith } from './signer.ts';

const random = new SeededRandom(7);
const secrets = [0, 1, 2].map(() => random.bytes(32)) as [Uint8Array, Uint8Array, Uint8Array];
const [alice, bob, mallory] = secrets.map((secret) => localSigner(secret, random)) as [
  Signer,
  Signer,
  Signer,
];
const NOW = 1_700_000_000;

function chat(author: string, fields: Partial<EventTemplate> = {}): Rumor {
  const template = {
    kind: KINDS.chat,
    created_at: NOW,
    tags: [['p', bob.pubkey]],
    content: 'hello',
  };
  return rumor({ ...template, ...fields, pubkey: author });
}

/** A wrap whose seal and inside are the caller's, as a forger makes it. */
function wrapOf(seal: object): NostrEvent {
  const once = random.bytes(32);
  return signWith(once, {
    kind: KINDS.giftWrap,
    created_at: NOW,
    tags: [['p', bob.pubkey]],
    content: encryptNip44(
      conversationKey(once, bob.pubkey),
      JSON.stringify(seal),
      random.bytes(32),
    ),
  });
}

function sealOf(inner: object | string, sealer: Signer = mallory): NostrEvent {
  const text = typeof inner === 'string' ? inner : JSON.stringify(inner);
  return sealer.sign({
    kind: KINDS.seal,
    created_at: NOW,
    tags: [],
    content: sealer.encrypt(bob.pubkey, text),
  });
}

describe('giftWrap', () => {
  it('is opened by its reader alone', () => {
    const wrap = giftWrap(chat(alice.pubkey), bob.pubkey, alice, NOW, random);
    expect(openGiftWrap(wrap, bob)).toEqual({ ok: true, value: chat(alice.pubkey) });
    expect(openGiftWrap(wrap, mallory)).toEqual({ ok: false, error: 'undecryptable' });
  });

  it('shows neither the writer nor the time, and is signed by a key that is used once', () => {
    const wraps = [1, 2].map(() => giftWrap(chat(alice.pubkey), bob.pubkey, alice, NOW, random));
    expect(new Set(wraps.map(({ pubkey }) => pubkey)).size).toBe(2);
    for (const wrap of wraps) {
      expect(hasValidSignature(wrap)).toBe(true);
      expect(wrap.tags).toEqual([['p', bob.pubkey]]);
      expect(JSON.stringify(wrap)).not.toContain(alice.pubkey);
      expect(wrap.created_at).toBeLessThanOrEqual(NOW);
      expect(wrap.created_at).toBeGreaterThan(NOW - 172_800);
    }
  });

  it('carries any text that fits', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 0, maxLength: 400, unit: 'binary' }), (content) => {
        const wrap = giftWrap(chat(alice.pubkey, { content }), bob.pubkey, alice, NOW, random);
        const opened = openMessage(wrap, bob, 'wss://relay.example');
        expect(opened.ok && opened.value.content).toBe(content);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a text that does not fit into the interoperable form of NIP-44', () => {
    const content = 'x'.repeat(60_000);
    expect(() => giftWrap(chat(alice.pubkey, { content }), bob.pubkey, alice, NOW, random)).toThrow(
      expect.objectContaining({ code: 'nip44_too_long' }),
    );
  });
});

describe('openGiftWrap', () => {
  const refusal = (wrap: NostrEvent): unknown => {
    const opened = openGiftWrap(wrap, bob);
    return opened.ok ? 'opened' : opened.error;
  };

  it('rejects a rumor that claims another author than its seal', () => {
    expect(refusal(wrapOf(sealOf(chat(alice.pubkey))))).toBe('rumor_author');
  });

  it('rejects a seal with a wrong signature, also under the id and author of a right one', () => {
    const seal = sealOf(chat(alice.pubkey), alice);
    const other = sealOf(chat(alice.pubkey, { content: 'other' }), alice);
    expect(refusal(wrapOf(seal))).toBe('opened');
    expect(refusal(wrapOf({ ...seal, sig: other.sig }))).toBe('seal_signature');
    expect(refusal(wrapOf({ ...seal, content: other.content }))).toBe('seal_signature');
    // Sealed by mallory with the key shared with bob, dressed up as alice: the text cannot be read.
    expect(refusal(wrapOf({ ...sealOf(chat(alice.pubkey)), pubkey: alice.pubkey }))).toBe(
      'seal_signature',
    );
  });

  it('rejects what is not a seal, and a seal without an event in it', () => {
    expect(refusal(wrapOf(chat(alice.pubkey)))).toBe('seal_malformed');
    const note = alice.sign({ kind: 1, created_at: NOW, tags: [], content: 'public' });
    expect(refusal(wrapOf(note))).toBe('seal_malformed');
    expect(refusal(wrapOf(sealOf('{"kind":14}')))).toBe('rumor_malformed');
    expect(refusal(wrapOf(sealOf('not JSON')))).toBe('rumor_malformed');
    expect(refusal(wrapOf(sealOf('[['.repeat(5_000))))).toBe('rumor_malformed');
  });

  it('rejects a rumor with a wrong id, of another kind, or for somebody else', () => {
    const mine = (fields: Partial<EventTemplate>): Rumor => chat(mallory.pubkey, fields);
    expect(refusal(wrapOf(sealOf({ ...mine({}), id: 'ab'.repeat(32) })))).toBe('rumor_id');
    expect(refusal(wrapOf(sealOf({ ...mine({}), id: 7 })))).toBe('rumor_id');
    expect(refusal(wrapOf(sealOf(mine({ kind: 1 }))))).toBe('rumor_kind');
    expect(refusal(wrapOf(sealOf(mine({ tags: [['p', alice.pubkey]] }))))).toBe('rumor_recipient');
  });

  it('takes a rumor that leaves its id out', () => {
    const { id, ...bare } = chat(mallory.pubkey);
    const opened = openGiftWrap(wrapOf(sealOf(bare)), bob);
    expect(opened.ok && opened.value.id).toBe(id);
  });
});

describe('hasValidSignature', () => {
  it('is not deceived by the mark that nostr-tools leaves on an event and a spread copies', () => {
    const event = alice.sign({ kind: 1, created_at: NOW, tags: [], content: 'right' });
    expect(hasValidSignature(event)).toBe(true);
    const marked = { ...event, [verifiedSymbol]: true };
    expect(hasValidSignature({ ...marked, content: 'wrong' })).toBe(false);
    expect(hasValidSignature({ ...event, content: 'wrong' })).toBe(false);
    expect(hasValidSignature({ ...event, pubkey: mallory.pubkey })).toBe(false);
    expect(hasValidSignature({ ...event, sig: '00'.repeat(64) })).toBe(false);
    expect(hasValidSignature({ ...event, pubkey: 'ff'.repeat(32) })).toBe(false);
  });
});

describe('direct envelopes and NIP-04', () => {
  it('opens a direct envelope of the one who signed it', () => {
    const event = alice.sign({
      kind: KINDS.direct,
      created_at: NOW,
      tags: [
        ['p', bob.pubkey],
        ['e', 'cd'.repeat(32)],
      ],
      content: alice.encrypt(bob.pubkey, 'direct'),
    });
    expect(openMessage(event, bob, 'wss://relay.example')).toEqual({
      ok: true,
      value: {
        id: event.id,
        form: 'nip44',
        sender: alice.pubkey,
        reader: bob.pubkey,
        content: 'direct',
        tags: event.tags,
        sentAt: NOW * 1_000,
        replyTo: 'cd'.repeat(32),
        relay: 'wss://relay.example',
      },
    });
  });

  it('refuses an envelope that another writer took over, and anything in NIP-04', () => {
    const content = alice.encrypt(bob.pubkey, 'direct');
    const stolen = mallory.sign({
      kind: KINDS.direct,
      created_at: NOW,
      tags: [['p', bob.pubkey]],
      content,
    });
    expect(openMessage(stolen, bob, 'r')).toEqual({ ok: false, error: 'undecryptable' });
    const old = alice.sign({
      kind: KINDS.nip04,
      created_at: NOW,
      tags: [['p', bob.pubkey]],
      content: alice.encryptHint(bob.pubkey, 'old'),
    });
    expect(openMessage(old, bob, 'r')).toEqual({ ok: false, error: 'nip04' });
  });
});
