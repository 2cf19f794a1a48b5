import { startRelay } from '@cl-hive/hive-lab';
import { SeededRandom } from '@cl-hive/testkit';
import {
  Client,
  Duration,
  EventBuilder,
  Filter,
  Keys,
  Kind,
  loadWasmSync,
  NIP44Version,
  NostrSigner,
  nip44Decrypt,
  nip44Encrypt,
  PublicKey,
  RelayMessage,
  type Event as SdkEvent,
  Tag,
  UnwrappedGift,
} from '@rust-nostr/nostr-sdk';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openGiftWrap } from '../src/gift-wrap.ts';
import { eventDecoder, hasValidSignature, localSigner } from '../src/index.ts';
import { afterwards } from './support/cleanup.ts';
import { type Party, startParty } from './support/party.ts';

interface Advisor {
  readonly keys: Keys;
  readonly client: Client;
  readonly received: {
    readonly sender: string;
    readonly content: string;
    readonly tags: string[][];
  }[];
}

/** A client of rust-nostr, which shares no code with nostr-tools. */
async function startAdvisor(relays: readonly string[]): Promise<Advisor> {
  const keys = Keys.generate();
  const signer = NostrSigner.keys(keys);
  const client = new Client(signer);
  for (const url of relays) {
    await client.addRelay(url);
  }
  await client.connect();
  await client.waitForConnection(Duration.fromSecs(5));
  afterwards(() => client.shutdown());
  const received: Advisor['received'] = [];
  client.handleNotifications({
    handleEvent: async (_relay: string, _subscription: string, event: SdkEvent) => {
      const { sender, rumor } = await UnwrappedGift.fromGiftWrap(NostrSigner.keys(keys), event);
      received.push({
        sender: sender.toHex(),
        content: rumor.content,
        tags: rumor.tags.map((tag) => tag.asVec()),
      });
      return false;
    },
    handleMsg: async (_relay: string, _message: RelayMessage) => false,
  });
  await client.subscribe(new Filter().kind(new Kind(1_059)).pubkey(keys.publicKey));
  return { keys, client, received };
}

beforeAll(() => loadWasmSync());

describe('NIP-17 with a client of another library', () => {
  it('reads its message, and it reads the answer', async () => {
    const relay = await startRelay();
    afterwards(() => relay.stop());
    const node = await startParty([relay.url]);
    const advisor = await startAdvisor([relay.url]);
    await advisor.client.sendPrivateMsg(
      PublicKey.parse(node.signer.pubkey),
      'set fees of 1x2x3, please \u{1f41d}',
      [Tag.parse(['subject', 'fees'])],
    );
    await vi.waitFor(() => expect(node.received).toHaveLength(1), 10_000);
    const [message] = node.received;
    expect(message).toMatchObject({
      form: 'nip17',
      sender: advisor.keys.publicKey.toHex(),
      content: 'set fees of 1x2x3, please \u{1f41d}',
      tags: expect.arrayContaining([['subject', 'fees']]),
    });
    expect(Math.abs((message?.sentAt ?? 0) - Date.now())).toBeLessThan(60_000);
    if (message !== undefined) {
      const { outcome } = await node.transport.reply(message, 'done');
      expect(await outcome).toEqual({ kind: 'accepted', by: [relay.url] });
    }
    await vi.waitFor(() => expect(advisor.received).toHaveLength(1), 10_000);
    expect(advisor.received[0]).toMatchObject({
      sender: node.signer.pubkey,
      content: 'done',
      tags: expect.arrayContaining([['e', message?.id]]),
    });
  });

  it('works on while two of three relays fail in turn, duplicate and reorder; nothing is read twice', async () => {
    const relays = await Promise.all([1, 2, 3].map((seed) => startRelay({ seed })));
    relays.forEach((relay) => afterwards(() => relay.stop()));
    const urls = relays.map(({ url }) => url);
    const node: Party = await startParty(urls, {
      onMessage: async (message) => {
        node.received.push(message);
        await node.transport.reply(message, `did ${message.content}`);
      },
    });
    const advisor = await startAdvisor(urls);
    for (const sound of [0, 1, 2]) {
      relays.forEach((relay, index) => {
        const link = index === sound ? { drop: 0, duplicate: 1, reorder: 0.5 } : { drop: 1 };
        relay.setFaults({ incoming: link, outgoing: link });
      });
      // Its client waits for the relays that drop, so it is told of the sound one alone.
      await advisor.client.sendPrivateMsgTo(
        [urls[sound] ?? ''],
        PublicKey.parse(node.signer.pubkey),
        `round ${sound}`,
      );
      await vi.waitFor(
        () =>
          expect(advisor.received.map(({ content }) => content)).toContain(`did round ${sound}`),
        10_000,
      );
    }
    const rounds = ['round 0', 'round 1', 'round 2'];
    expect(node.received.map(({ content }) => content)).toEqual(rounds);
    expect([...new Set(advisor.received.map(({ content }) => content))]).toEqual(
      rounds.map((round) => `did ${round}`),
    );
  });
});

describe('NIP-44 with another implementation', () => {
  it('gives the same text both ways, whatever its length', () => {
    const random = new SeededRandom(44);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }),
          fc.integer({ min: 1, max: 40_000 }).map((length) => 'x'.repeat(length)),
        ),
        (text) => {
          const theirs = Keys.generate();
          const ours = localSigner(random.bytes(32), random);
          const us = PublicKey.parse(ours.pubkey);
          const them = theirs.publicKey.toHex();
          expect(nip44Decrypt(theirs.secretKey, us, ours.encrypt(them, text))).toBe(text);
          const payload = nip44Encrypt(theirs.secretKey, us, text, NIP44Version.V2);
          expect(ours.decrypt(them, payload)).toBe(text);
        },
      ),
      { numRuns: 30, examples: [['x'.repeat(32)], ['x'.repeat(33)]] },
    );
  });

  it('opens gift wraps of the other side as it does ours', async () => {
    const theirs = Keys.generate();
    const random = new SeededRandom(45);
    const ours = localSigner(random.bytes(32), random);
    const wrap = await EventBuilder.privateMsg(
      NostrSigner.keys(theirs),
      PublicKey.parse(ours.pubkey),
      'in a wrap',
    );
    const event = eventDecoder(JSON.parse(wrap.asJson()));
    expect(hasValidSignature(event)).toBe(true);
    expect(openGiftWrap(event, ours)).toMatchObject({
      ok: true,
      value: { content: 'in a wrap', pubkey: theirs.publicKey.toHex() },
    });
  });
});
