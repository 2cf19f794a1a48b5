import { startRelay } from '@cl-hive/hive-lab';
import {
  Client,
  Duration,
  Filter,
  Keys,
  Kind,
  loadWasmSync,
  NostrSigner,
  PublicKey,
  RelayMessage,
  type Event as SdkEvent,
  Tag,
  UnwrappedGift,
} from '@rust-nostr/nostr-sdk';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { afterwards } from './support/cleanup.ts';
import { startParty } from './support/party.ts';

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
});
