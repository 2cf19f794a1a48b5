import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Relay, type RelayOptions, startRelay } from '@cl-hive/hive-lab';
import fc from 'fast-check';
import { decrypt as decryptNip04 } from 'nostr-tools/nip04';
import { describe, expect, it, vi } from 'vitest';
import {
  answering,
  KINDS,
  localSigner,
  memoryStorage,
  type NostrTransportOptions,
  type RelayStatus,
} from '../src/index.ts';
import { NIP04_HINT } from '../src/nip04-hints.ts';
import { bundled } from './support/bundled.ts';
import { afterwards } from './support/cleanup.ts';
import { systemClock } from './support/clock.ts';
import { type Party, someSigner, startParty } from './support/party.ts';
import { scriptedRelay } from './support/scripted-relay.ts';
import { watch } from './support/stranger.ts';

async function labRelay(options: RelayOptions = {}): Promise<Relay> {
  const relay = await startRelay(options);
  afterwards(() => relay.stop());
  return relay;
}

const soon = (assertion: () => void, ms = 15_000): Promise<void> => vi.waitFor(assertion, ms);

const statusOf = (party: Party, url: string): RelayStatus | undefined =>
  party.transport.health().find((each) => each.url === url);

const allHealthy = (party: Party): Promise<void> =>
  soon(() => {
    for (const { verdict, url } of party.transport.health()) {
      expect(verdict, url).toBe('healthy');
    }
  });

/** A node that answers `echo …`, fails on `fail` and never comes back on `hang`. */
async function startEcho(
  relays: readonly string[],
  deadlineMs = 5_000,
  options: Partial<NostrTransportOptions> = {},
): Promise<Party> {
  const node: Party = await startParty(relays, {
    ...options,
    onMessage: (message) => {
      node.received.push(message);
      return answering(
        async ({ content }) => {
          if (content === 'fail') {
            throw new Error('it cannot be done');
          }
          return content === 'hang' ? new Promise<string>(() => undefined) : `echo ${content}`;
        },
        {
          clock: systemClock,
          deadlineMs,
          failureText: (failure) => JSON.stringify(failure),
          reply: (to, content) => node.transport.reply(to, content),
        },
      )(message);
    },
  });
  return node;
}

describe('a key that was replaced', () => {
  it.each(['nip17', 'nip44'] as const)(
    'is read and answered beside the new one for a while, by %s',
    async (form) => {
      const relay = await labRelay({ auth: true });
      const former = someSigner();
      const node = await startEcho([relay.url], 5_000, { formers: [former] });
      const advisor = await startParty([relay.url]);
      await Promise.all([allHealthy(node), allHealthy(advisor)]);
      for (const to of [former.pubkey, node.signer.pubkey]) {
        const outcome = await advisor.transport.request({ to, content: to, form }, 10_000);
        // An answer from another key than the one that was asked would not count as one.
        expect(outcome).toMatchObject({
          kind: 'answered',
          message: { content: `echo ${to}`, sender: to },
        });
      }
      expect(node.received.map(({ reader }) => reader)).toEqual([
        former.pubkey,
        node.signer.pubkey,
      ]);
    },
  );
});

describe('a relay that asks who reads (NIP-42)', () => {
  it('hands a gift wrap to its reader, whose transport authenticates, and to no stranger', async () => {
    const relay = await labRelay({ auth: true });
    const node = await startParty([relay.url]);
    const advisor = await startParty([relay.url]);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    const stranger = await watch(relay.url);
    await advisor.transport.send({ to: node.signer.pubkey, content: 'for you alone' });
    await soon(() =>
      expect(node.received.map(({ content }) => content)).toEqual(['for you alone']),
    );
    expect(node.transport.health()[0]).toMatchObject({ auth: 'accepted', subscription: 'live' });

    const wraps = { kinds: [KINDS.giftWrap] };
    const anything = { '#p': [node.signer.pubkey] };
    stranger.send(['REQ', 'wraps', wraps]);
    stranger.send(['REQ', 'anything', anything]);
    await soon(() => expect(stranger.frames).toContainEqual(['EOSE', 'anything']));
    expect(stranger.frames).toContainEqual([
      'CLOSED',
      'wraps',
      expect.stringMatching(/^auth-required: /),
    ]);
    stranger.authenticate(someSigner(), relay.url);
    await soon(() => expect(stranger.frames).toContainEqual(['OK', expect.any(String), true, '']));
    stranger.send(['REQ', 'again', wraps]);
    await soon(() => expect(stranger.frames).toContainEqual(['EOSE', 'again']));
    expect(stranger.frames.filter(([type]) => type === 'EVENT')).toEqual([]);
  });

  it('takes no answer to another challenge, for another relay, of another time or forged', async () => {
    const relay = await labRelay({ auth: true });
    const signer = someSigner();
    const stranger = await watch(relay.url);
    const bad = [
      { challenge: 'another' },
      { url: 'wss://relay.example' },
      { ageSeconds: 3_600 },
      { forge: true },
    ];
    for (const change of bad) {
      stranger.authenticate(signer, relay.url, change);
    }
    await soon(() =>
      expect(stranger.frames.filter(([type]) => type === 'OK')).toHaveLength(bad.length),
    );
    for (const [type, , accepted] of stranger.frames) {
      expect(type === 'OK' ? accepted : false).toBe(false);
    }
    stranger.send(['REQ', 'wraps', { kinds: [KINDS.giftWrap] }]);
    await soon(() => expect(stranger.frames.at(-1)?.slice(0, 2)).toEqual(['CLOSED', 'wraps']));
  });
});

describe('requests', () => {
  it.each(['nip17', 'nip44'] as const)(
    'end in a result, an error or a timeout, by %s',
    async (form) => {
      const relay = await labRelay();
      const node = await startEcho([relay.url], 200);
      const advisor = await startParty([relay.url]);
      await Promise.all([allHealthy(node), allHealthy(advisor)]);
      const ask = async (content: string, deadlineMs = 10_000): Promise<unknown> => {
        const outcome = await advisor.transport.request(
          { to: node.signer.pubkey, content, form },
          deadlineMs,
        );
        return outcome.kind === 'answered' ? outcome.message.content : outcome.kind;
      };
      expect(await Promise.all([ask('hello'), ask('fail'), ask('hang')])).toEqual([
        'echo hello',
        JSON.stringify({ code: 'failed', message: 'it cannot be done' }),
        JSON.stringify({ code: 'timeout', afterMs: 200 }),
      ]);
      expect(node.received.map((message) => message.form)).toEqual([form, form, form]);
      expect(advisor.received).toEqual([]);
      const nobody = someSigner().pubkey;
      expect(await advisor.transport.request({ to: nobody, content: 'x', form }, 100)).toEqual({
        kind: 'timeout',
      });
    },
  );

  it('are not answered by somebody else who knows their id', async () => {
    const relay = await labRelay();
    const advisor = await startParty([relay.url]);
    const node = someSigner();
    const mallory = await startParty([relay.url]);
    await Promise.all([allHealthy(advisor), allHealthy(mallory)]);
    const sent = await advisor.transport.send({ to: node.pubkey, content: 'x' });
    const waiting = advisor.transport.request({ to: node.pubkey, content: 'secret' }, 1_500);
    // The forger answers every id it can think of; here it knows one that is not even waited for.
    await mallory.transport.send({
      to: advisor.signer.pubkey,
      content: 'forged',
      replyTo: sent.id,
    });
    await soon(() => expect(advisor.received.map(({ content }) => content)).toEqual(['forged']));
    expect(await waiting).toEqual({ kind: 'timeout' });
  });
});

describe('several relays of which some fail', () => {
  it('delivers everything once while two of three fail in turn, duplicate, reorder and drop', async () => {
    const relays = await Promise.all([1, 2, 3].map((seed) => labRelay({ seed })));
    const urls = relays.map(({ url }) => url);
    const node = await startEcho(urls);
    const advisor = await startParty(urls);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    const answers: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      relays.forEach((relay, index) => {
        const sound = index === round % 3;
        const link = sound
          ? { drop: 0, duplicate: 0.5, reorder: 0.5 }
          : { drop: 1, duplicate: 0, reorder: 0 };
        relay.setFaults({
          incoming: link,
          outgoing: link,
          refuseConnections: !sound && round % 2 === 1,
        });
        if (!sound && round % 2 === 1) {
          relay.disconnectAll();
        }
      });
      const asked = await Promise.all(
        [0, 1, 2, 3].map((n) =>
          advisor.transport.request({ to: node.signer.pubkey, content: `${round}.${n}` }, 20_000),
        ),
      );
      answers.push(
        ...asked.map((each) => (each.kind === 'answered' ? each.message.content : each.kind)),
      );
      // Nobody waits for two minutes here: the relay of the next round must be connected again.
      relays.forEach((relay) =>
        relay.setFaults({ refuseConnections: false, incoming: { drop: 0 }, outgoing: { drop: 0 } }),
      );
      const next = urls[(round + 1) % 3] ?? '';
      await soon(() => {
        expect(statusOf(node, next)).toMatchObject({ phase: 'open', subscription: 'live' });
        expect(statusOf(advisor, next)).toMatchObject({ phase: 'open', subscription: 'live' });
      });
    }
    const expected = Array.from({ length: 24 }, (_, n) => `${Math.floor(n / 4)}.${n % 4}`);
    expect(answers).toEqual(expected.map((text) => `echo ${text}`));
    expect(node.received.map(({ content }) => content).sort()).toEqual(expected);
  });

  it('comes back to a relay that was restarted, and hears what was written meanwhile', async () => {
    const first = await startRelay();
    const { port, url } = first;
    const stays = await labRelay();
    const node = await startParty([url]);
    const advisor = await startParty([url, stays.url], { quorum: 2 });
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    await first.stop();
    await soon(() =>
      expect(statusOf(node, url)).toMatchObject({ phase: 'waiting', verdict: 'unhealthy' }),
    );
    const { outcome } = await advisor.transport.send({
      to: node.signer.pubkey,
      content: 'meanwhile',
    });
    await labRelay({ port });
    expect(await outcome).toMatchObject({ kind: 'accepted' });
    await soon(() => expect(node.received.map(({ content }) => content)).toEqual(['meanwhile']));
    await soon(() => expect(statusOf(node, url)?.verdict).toBe('healthy'));
  });

  it('survives a relay process that is killed: what it forgot is still delivered', async () => {
    const script = await bundled(new URL('./support/relay-process.ts', import.meta.url));
    const start = async (port: number): Promise<{ child: ChildProcess; url: string }> => {
      const child = spawn(process.execPath, [script, `${port}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      afterwards(() => child.kill('SIGKILL'));
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      return { child, url: line.toString().trim() };
    };
    const { child, url } = await start(0);
    const node = await startEcho([url]);
    const advisor = await startParty([url]);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    const first = await advisor.transport.request(
      { to: node.signer.pubkey, content: 'one' },
      10_000,
    );
    expect(first.kind).toBe('answered');
    child.kill('SIGKILL');
    await soon(() => expect(statusOf(advisor, url)?.phase).toBe('waiting'));
    const waiting = advisor.transport.request({ to: node.signer.pubkey, content: 'two' }, 20_000);
    await start(Number(new URL(url).port));
    expect((await waiting).kind).toBe('answered');
    expect(node.received.map(({ content }) => content)).toEqual(['one', 'two']);
  });

  it('hears nothing through an open socket of a relay that drops all, and calls it unhealthy', async () => {
    const relay = await labRelay();
    relay.setFaults({ incoming: { drop: 1 } });
    const node = await startParty([relay.url]);
    await soon(() => expect(statusOf(node, relay.url)?.phase).toBe('open'));
    expect(statusOf(node, relay.url)?.verdict).toBe('unknown');
    await soon(() => expect(statusOf(node, relay.url)?.subscription).toBe('live'));
    expect(statusOf(node, relay.url)?.verdict).not.toBe('healthy');
  });
});

describe('the outbox', () => {
  it('goes on after a restart with what no relay had taken', async () => {
    const relay = await startRelay();
    const { port, url } = relay;
    await relay.stop();
    const storage = memoryStorage();
    const signer = someSigner();
    const before = await startParty([url], { storage, signer });
    const { id, outcome } = await before.transport
      .publish({ kind: 1, tags: [], content: 'kept' })
      .then(({ event, outcome: pending }) => ({ id: event.id, outcome: pending }));
    await before.transport.close();
    expect(await outcome).toEqual({ kind: 'queued' });
    expect((await storage.loadOutbox()).map((record) => record.id)).toEqual([id]);
    const again = await labRelay({ port });
    await startParty([url], { storage, signer });
    await vi.waitFor(async () => expect(await storage.loadOutbox()).toEqual([]), 10_000);
    expect(again.events).toBe(1);
  });

  it('stores an event before any relay sees it', async () => {
    const relay = await scriptedRelay();
    const storage = memoryStorage();
    const steps: string[] = [];
    relay.script = {
      onEvent: (_client, event) => {
        if (event.kind === 1) {
          steps.push('seen');
        }
        return false;
      },
    };
    const node = await startParty([relay.url], {
      storage: {
        ...storage,
        putOutbox: async (record) => {
          await storage.putOutbox(record);
          steps.push('stored');
        },
      },
    });
    await allHealthy(node);
    await (await node.transport.publish({ kind: 1, tags: [], content: 'x' })).outcome;
    expect(steps.slice(0, 2)).toEqual(['stored', 'seen']);
  });

  it('publishes hundreds of events at once without an uncaught rejection', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('unhandledRejection', note);
    afterwards(() => process.off('unhandledRejection', note));
    const [relay, flaky] = await Promise.all([labRelay(), labRelay()]);
    flaky.setFaults({ incoming: { drop: 0.5 } });
    const node = await startParty([relay.url, flaky.url]);
    await soon(() => expect(statusOf(node, relay.url)?.verdict).toBe('healthy'));
    const published = await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        node.transport.publish({ kind: 1, tags: [], content: `note ${n}` }),
      ),
    );
    flaky.disconnectAll();
    const outcomes = await Promise.all(published.map(({ outcome }) => outcome));
    expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(400);
    expect(uncaught).toEqual([]);
  });

  it('refuses with a code when it is closed or without relays', async () => {
    const none = await startParty([]);
    const publish = (party: Party): Promise<unknown> =>
      party.transport.publish({ kind: 1, tags: [], content: 'x' });
    await expect(publish(none)).rejects.toMatchObject({ code: 'no_relays' });
    const closed = await startParty(['ws://127.0.0.1:1']);
    await closed.transport.close();
    await expect(publish(closed)).rejects.toMatchObject({ code: 'outbox_closed' });
  });

  it('tells the caller when the store cannot take an event', async () => {
    const relay = await labRelay();
    const storage = memoryStorage();
    const node = await startParty([relay.url], {
      storage: { ...storage, putOutbox: () => Promise.reject(new Error('disk full')) },
    });
    await expect(node.transport.publish({ kind: 1, tags: [], content: 'x' })).rejects.toThrow(
      'disk full',
    );
    expect(node.transport.outgoing).toBe(0);
  });
});

describe('the store failing under incoming messages', () => {
  it('leaves an event for later and does not move the cursor past it', async () => {
    const relay = await labRelay();
    const storage = memoryStorage();
    let broken = true;
    const node = await startParty([relay.url], {
      storage: {
        ...storage,
        hasSeen: (id) =>
          broken ? Promise.reject(new Error('disk I/O error')) : storage.hasSeen(id),
      },
    });
    const advisor = await startParty([relay.url]);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    await (await advisor.transport.send({ to: node.signer.pubkey, content: 'x' })).outcome;
    await soon(() => expect(node.lines.join('\n')).toContain('disk I/O error'));
    expect(node.received).toEqual([]);
    broken = false;
    relay.disconnectAll();
    await soon(() => expect(node.received).toHaveLength(1));
  });
});

describe('NIP-04', () => {
  it('is refused with a hint that its writer can read, once', async () => {
    const relay = await scriptedRelay();
    const node = await startParty([relay.url]);
    await allHealthy(node);
    const secret = new Uint8Array(32).fill(7);
    const old = localSigner(secret, {
      bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    for (const text of ['one', 'two']) {
      const event = old.sign({
        kind: KINDS.nip04,
        created_at: Math.floor(Date.now() / 1_000),
        tags: [['p', node.signer.pubkey]],
        content: old.encryptHint(node.signer.pubkey, text),
      });
      relay.put(JSON.parse(JSON.stringify(event)));
    }
    const hints = (): string[] =>
      relay.stored
        .filter(({ kind, pubkey }) => kind === KINDS.nip04 && pubkey === node.signer.pubkey)
        .map(({ content }) => decryptNip04(secret, node.signer.pubkey, content));
    await soon(() => expect(hints()).toEqual([NIP04_HINT]));
    expect(node.received).toEqual([]);
    await soon(() => expect(node.transport.refused).toEqual({ nip04: 2 }));
    expect(hints()).toHaveLength(1);
  });
});

describe("the reader's own relays (kind 10050)", () => {
  it('get the message, and nobody else does', async () => {
    const [shared, theirs] = await Promise.all([labRelay(), scriptedRelay()]);
    const peer = await startParty([theirs.url]);
    const lister = await startParty([shared.url], { signer: peer.signer });
    await (
      await lister.transport.publish({
        kind: KINDS.dmRelays,
        tags: [['relay', theirs.url]],
        content: '',
      })
    ).outcome;
    const node = await startParty([shared.url]);
    await allHealthy(node);
    const before = shared.events;
    const { outcome } = await node.transport.send({
      to: peer.signer.pubkey,
      content: 'to your relay',
    });
    expect(await outcome).toEqual({ kind: 'accepted', by: [theirs.url] });
    await soon(() =>
      expect(peer.received.map(({ content }) => content)).toEqual(['to your relay']),
    );
    expect(shared.events).toBe(before);
  });

  it('are published for this node', async () => {
    const relay = await scriptedRelay();
    const node = await startParty([relay.url]);
    await (await node.transport.publishRelayList()).outcome;
    expect(relay.stored.find(({ kind }) => kind === KINDS.dmRelays)?.tags).toEqual([
      ['relay', relay.url],
    ]);
  });
});

describe('sending', () => {
  it('refuses a reader that is no public key and a text that is too long', async () => {
    const node = await startParty(['ws://127.0.0.1:1']);
    await expect(node.transport.send({ to: 'npub1xyz', content: 'x' })).rejects.toMatchObject({
      code: 'recipient_invalid',
    });
    await expect(node.transport.send({ to: 'ff'.repeat(32), content: 'x' })).rejects.toMatchObject({
      code: 'nip44_invalid',
    });
    await expect(
      node.transport.send({ to: someSigner().pubkey, content: 'x'.repeat(60_000) }),
    ).rejects.toMatchObject({ code: 'nip44_too_long' });
  });

  it('carries any text both ways', async () => {
    const relay = await labRelay();
    const node = await startEcho([relay.url]);
    const advisor = await startParty([relay.url]);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 3_000, unit: 'grapheme' }),
        async (content) => {
          const outcome = await advisor.transport.request(
            { to: node.signer.pubkey, content },
            10_000,
          );
          expect(outcome.kind === 'answered' && outcome.message.content).toBe(`echo ${content}`);
        },
      ),
      { numRuns: 10, examples: [['\u0000'], ['"\\'], ['\u{1f41d}'.repeat(500)]] },
    );
  });
});

describe('closing', () => {
  it('lets the process end by itself, also with relays that hang, and ends what waits', async () => {
    const sound = await labRelay();
    const silent = await scriptedRelay({ handshake: 'silent' });
    const script = await bundled(new URL('./support/closing-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, sound.url, silent.url, 'ws://127.0.0.1:1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    const deadline = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(deadline);
    expect({ code, output }).toEqual({ code: 0, output: 'accepted failed\n' });
  });

  it('is done once and waits for handlers', async () => {
    const relay = await labRelay();
    let release: () => void = () => undefined;
    const node: Party = await startParty([relay.url], {
      onMessage: (message) =>
        new Promise((resolve) => {
          node.received.push(message);
          release = resolve;
        }),
    });
    const advisor = await startParty([relay.url]);
    await Promise.all([allHealthy(node), allHealthy(advisor)]);
    await advisor.transport.send({ to: node.signer.pubkey, content: 'x' });
    await soon(() => expect(node.received).toHaveLength(1));
    let closed = false;
    const closing = node.transport.close().then(() => (closed = true));
    await soon(() => expect(relay.connections).toBe(1));
    expect(closed).toBe(false);
    release();
    await closing;
    await node.transport.close();
    expect(relay.connections).toBe(1);
  });
});
