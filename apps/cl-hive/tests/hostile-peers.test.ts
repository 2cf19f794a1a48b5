import { type NodeId, nodeId, text } from '@cl-hive/core';
import {
  FOREIGN_INTENTS_PER_MEMBER_MAX,
  FUTURE_SECONDS_MAX,
  RATE_BURST,
  RATE_ENTRIES_MAX,
  readTicket,
  STATE_AGE_SECONDS_MAX,
  type Tier,
  ticketText,
  trustedStates,
  VERSION_STEP_MAX,
  writeTicket,
} from '@cl-hive/hive';
import {
  encodeHiveMessage,
  escapedText,
  type HiveMessageName,
  type SignedMessageName,
  signingString,
  signMessage,
  type WireObject,
} from '@cl-hive/protocol';
import { describe, expect, it } from 'vitest';
import { TURNED_AWAY_MAX } from '../src/limits.ts';
import { HiveAdapter } from '../src/openings/hive-adapter.ts';
import { LockRunner } from '../src/openings/lock-runner.ts';
import { memberState, Network, type TestNode, testKey } from './support/network.ts';

const LIAR = testKey(1);
const HONEST = testKey(2);
const UNSIGNED = 'y'.repeat(104);

/** A hive of a node, a member that lies whatever the test says, and an honest one. */
interface Scene {
  readonly net: Network;
  readonly node: TestNode;
  readonly honest: TestNode;
  /** Delivers bytes that the liar made up. */
  readonly lie: (bytes: Uint8Array) => Promise<string>;
  readonly seconds: () => number;
}

async function scene(): Promise<Scene> {
  const net = new Network();
  const ids = [testKey(0).id, LIAR.id, HONEST.id];
  const members = new Map<NodeId, Tier>(ids.map((id) => [id, 'member'] as const));
  const state = (self: NodeId) => memberState(self, members);
  const node = net.add(0, state);
  const liar = net.add(1, state);
  const honest = net.add(2, state);
  // It has channels like everybody, but says only what a test makes it say.
  liar.up = false;
  net.addRecorder(liar.id);
  net.link(node.id, liar.id);
  net.link(node.id, honest.id);
  await net.pass(5000);
  const lie = (bytes: Uint8Array): Promise<string> => node.hive.dispatcher.take(liar.id, bytes);
  return { net, node, honest, lie, seconds: () => Math.floor(net.clock.now() / 1000) };
}

function signed(name: SignedMessageName, fields: WireObject, { secret } = LIAR): Uint8Array {
  const key = name === 'VOUCH' ? 'sig' : 'signature';
  const raw = { ...fields, [key]: UNSIGNED };
  const { zbase } = signMessage(escapedText(signingString(name, raw)), secret);
  return encodeHiveMessage(name, { ...raw, [key]: zbase });
}

/** What the liar says of itself, in order but for `changes`. */
function gossip(seconds: number, changes: WireObject = {}): Uint8Array {
  const peer = LIAR.id;
  return signed('GOSSIP', {
    peer_id: peer,
    sender_id: peer,
    capacity_sats: 1_000_000,
    available_sats: 400_000,
    fee_policy: { base_fee: 0, fee_rate: 1 },
    topology: [],
    version: 1,
    timestamp: seconds,
    state_hash: 'ab'.repeat(32),
    ...changes,
  });
}

/** A message of the liar as it writes it, without anybody having checked its fields. */
function written(type: HiveMessageName, payload: string): Uint8Array {
  const envelope = encodeHiveMessage(type, {});
  return new TextEncoder().encode(
    new TextDecoder().decode(envelope).replace('"payload":{}', `"payload":${payload}`),
  );
}

/** All that decides: who is in and out, what is believed of whom, what waits to be sent. */
function beliefs({ hive }: TestNode): unknown {
  const { hiveId, members, bans, promotions, proposals, departures } = hive.membership.view();
  return {
    hiveId,
    members: [...members],
    bans: [...bans],
    promotions: [...promotions],
    proposals: [...proposals],
    departures: [...departures],
    hash: hive.state.fleetHash(),
    states: trustedStates(hive.state.fleet.value).map(({ peer, version }) => [peer, version]),
    waiting: hive.delivery.outbox.value.size,
  };
}

const believedVersion = ({ hive }: TestNode, id: NodeId): number | undefined =>
  trustedStates(hive.state.fleet.value).find(({ peer }) => peer === id)?.version;

/** The honest member has something new to say, and is heard. */
async function expectHonestHeard({ net, node, honest }: Scene): Promise<void> {
  const version = honest.hive.state.fleet.value.ownVersion;
  await honest.hive.gossiping.bump(version + 1);
  await net.pass(5000);
  expect(believedVersion(node, honest.id)).toBe(version + 2);
}

describe('a hostile peer', () => {
  it('with capacity far above its public channels is not believed, up to a tenth more it is', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    for (const capacity of [2_100_000_000_000_000, 100_000_000, 1_100_001]) {
      const fate = await at.lie(gossip(at.seconds(), { capacity_sats: capacity }));
      expect(fate, String(capacity)).toBe('refused');
    }
    expect(await at.lie(gossip(at.seconds(), { available_sats: 1_000_001 }))).toBe('refused');
    expect(beliefs(at.node)).toEqual(before);
    expect(await at.lie(gossip(at.seconds(), { capacity_sats: 1_100_000 }))).toBe('taken');
    await expectHonestHeard(at);
  });

  it('with versions from the future silences nobody, itself neither', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    for (const version of [Number.MAX_SAFE_INTEGER, 100 * VERSION_STEP_MAX + 1]) {
      expect(await at.lie(gossip(at.seconds(), { version }))).toBe('refused');
    }
    expect(beliefs(at.node)).toEqual(before);
    expect(await at.lie(gossip(at.seconds(), { version: 7 }))).toBe('taken');
    const jump = { version: 7 + VERSION_STEP_MAX + 1 };
    expect(await at.lie(gossip(at.seconds(), jump))).toBe('refused');
    expect(believedVersion(at.node, LIAR.id)).toBe(7);
    // Of others, and of this node itself: its own version would never be believed again.
    const { ownVersion } = at.node.hive.state.fleet.value;
    for (const peer of [at.node.id, at.honest.id]) {
      await at.lie(signed('FULL_SYNC', fullSync(at, [{ peer, version: 2 ** 52 }])));
    }
    expect(at.node.hive.state.fleet.value.ownVersion).toBe(ownVersion);
    expect(at.node.hive.state.fleet.value.hearsay.size).toBe(0);
    await expectHonestHeard(at);
  });

  it('with timestamps from the future or the past moves no state and no clock', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const wrong = [FUTURE_SECONDS_MAX + 1, 86_400 * 365, -STATE_AGE_SECONDS_MAX - 1].map(
      (offset) => at.seconds() + offset,
    );
    for (const timestamp of [...wrong, 0, 1]) {
      expect(await at.lie(gossip(at.seconds(), { timestamp })), String(timestamp)).toBe('refused');
    }
    for (const timestamp of [at.net.clock.now(), -1, Number.MAX_SAFE_INTEGER]) {
      expect(await at.lie(gossip(at.seconds(), { timestamp }))).toBe('not_decoded');
    }
    expect(beliefs(at.node)).toEqual(before);
    expect(at.node.hive.time.wallSeconds()).toBe(at.seconds());
    const edge = { timestamp: at.seconds() + FUTURE_SECONDS_MAX };
    expect(await at.lie(gossip(at.seconds(), edge))).toBe('taken');
    await expectHonestHeard(at);
  });

  it('under another member’s identity says nothing in its name', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const [timestamp, victim] = [at.seconds(), at.honest.id];
    const id = 'ab'.repeat(16);
    const request = { target_pubkey: LIAR.id, request_id: id, timestamp };
    const lies: readonly Uint8Array[] = [
      gossip(timestamp, { peer_id: victim, sender_id: victim, version: 9 }),
      gossip(timestamp, { peer_id: victim, version: 9 }),
      gossip(timestamp, { sender_id: victim, version: 9 }),
      signed('MEMBER_LEFT', { peer_id: victim, timestamp, reason: 'gone' }),
      signed('BAN_PROPOSAL', {
        proposal_id: id,
        target_peer_id: at.node.id,
        proposer_peer_id: victim,
        reason: 'leech',
        timestamp,
      }),
      signed('VOUCH', { ...request, voucher_pubkey: victim }),
      signed('STATE_HASH', {
        fleet_hash: 'cd'.repeat(32),
        peer_count: 9,
        timestamp,
        sender_id: victim,
      }),
      encodeHiveMessage('HELLO', { pubkey: victim, protocol_version: 1 }),
      encodeHiveMessage('BAN', { peer_id: victim, reason: 'quorum_ban', proposal_id: id }),
    ];
    const fates: string[] = [];
    for (const bytes of lies) {
      fates.push(await at.lie(bytes));
    }
    const refusals = ['bad_signature', 'not_its_word', 'refused'];
    expect(fates.slice(0, -1).filter((fate) => !refusals.includes(fate))).toEqual([]);
    // BAN is not signed: it is heard, and bans nobody.
    expect(fates.at(-1)).toBe('taken');
    await at.net.settle();
    expect(beliefs(at.node)).toEqual(before);
    await expectHonestHeard(at);
  });

  it('with oversized and deeply nested JSON is told apart before anything is built from it', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const lies = [
      new Uint8Array(0),
      written('GOSSIP', `{"topology":["${'a'.repeat(65_536)}"]}`),
      written('GOSSIP', nested(32_000)),
      written('GOSSIP', nested(17)),
      written('GOSSIP', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
      written('GOSSIP', '['.repeat(65_000)),
      written('FULL_SYNC', `{"states":[${'{},'.repeat(20_000)}{}]}`),
      written('HELLO', '{"__proto__":{"pubkey":1},"constructor":{"prototype":1}}'),
    ];
    for (const [index, bytes] of lies.entries()) {
      expect(await at.lie(bytes), `lie ${index}`).toBe('not_decoded');
    }
    expect(beliefs(at.node)).toEqual(before);
    expect(at.node.hive.dispatcher.counts.view()['(none)']).toEqual({ not_decoded: lies.length });
    await expectHonestHeard(at);
  });

  it('with NaN, infinities and 2^64 puts no such number into the state', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const good = new TextDecoder().decode(gossip(at.seconds(), { version: 77_777 }));
    const numbers = ['NaN', 'Infinity', '-Infinity', '1e400', '-1', '77777.5', 'null', '"7"'];
    const large = [2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 64n + 1n, 10n ** 400n].map(String);
    for (const number of [...numbers, ...large]) {
      for (const member of ['"version":77777', '"capacity_sats":1000000'] as const) {
        expect(good).toContain(member);
        const name = member.slice(0, member.indexOf(':'));
        const bytes = new TextEncoder().encode(good.replace(member, `${name}:${number}`));
        expect(await at.lie(bytes), `${name} ${number}`).toBe('not_decoded');
      }
    }
    expect(beliefs(at.node)).toEqual(before);
    await expectHonestHeard(at);
  });

  it('with unicode look-alikes is nobody’s double', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const { id } = HONEST;
    const letter = id.search(/[ace]/);
    const alike = { a: 'а', c: 'с', e: 'е' }[id[letter] as 'a' | 'c' | 'e'];
    const doubles = [
      `${id.slice(0, letter)}${alike}${id.slice(letter + 1)}`,
      id.toUpperCase(),
      id.replace('0', '０'),
      `${id}\u200b`,
      `\u202e${id}`,
      ` ${id}`,
    ];
    for (const peer_id of doubles) {
      expect(peer_id).not.toBe(id);
      expect(await at.lie(gossip(at.seconds(), { peer_id, version: 9 }))).toBe('not_decoded');
      const state = fullSync(at, [], [{ peer_id, tier: 'member', joined_at: at.seconds() }]);
      expect(await at.lie(signed('FULL_SYNC', state))).toBe('not_decoded');
    }
    const tier = fullSync(at, [], [{ peer_id: id, tier: 'mеmber', joined_at: at.seconds() }]);
    expect(await at.lie(signed('FULL_SYNC', tier))).toBe('not_decoded');
    expect(beliefs(at.node)).toEqual(before);
    await expectHonestHeard(at);
  });

  it('as 10,000 senders costs nothing that stays, and takes no member’s turn', async () => {
    const at = await scene();
    const before = beliefs(at.node);
    const stranger = (index: number): NodeId => nodeId(`02${index.toString(16).padStart(64, '0')}`);
    const state = gossip(at.seconds());
    const { dispatcher } = at.node.hive;
    for (let index = 1; index <= RATE_ENTRIES_MAX + 50; index += 1) {
      const from = stranger(index);
      const hello = written('HELLO', `{"pubkey":"${from}","protocol_version":1}`);
      // Rates are kept of so many; who is one more is not heard.
      const heard = index <= RATE_ENTRIES_MAX ? 'refused' : 'over_rate';
      expect(await dispatcher.take(from, hello)).toBe(heard);
      expect(await dispatcher.take(from, state)).toBe('stranger');
    }
    // In the same moment a member is heard.
    expect(await at.lie(state)).toBe('taken');
    const { counts } = dispatcher;
    expect(RATE_ENTRIES_MAX).toBe(10_000);
    expect(counts.total('stranger')).toBe(10_050);
    expect(counts.total('failed')).toBe(0);
    expect(at.node.hive.membership.view().challenges.size).toBe(0);
    expect(at.node.hive.joining.turnedAway.size).toBeLessThanOrEqual(TURNED_AWAY_MAX);
    expect(Object.keys(counts.view()).length).toBeLessThan(10);
    expect(beliefs(at.node)).toMatchObject({ members: (before as { members: object }).members });
    const { net } = at;
    expect(net.carried.filter(({ to }) => ![at.node.id, LIAR.id, HONEST.id].includes(to))).toEqual(
      [],
    );
    await expectHonestHeard(at);
  }, 60_000);

  it('that replays is answered once, and beyond its rate not at all', async () => {
    const at = await scene();
    const said = at.node.hive.state.fleet.value.signed.get(at.honest.id);
    const old = encodeHiveMessage('GOSSIP', said?.raw ?? {});
    await expectHonestHeard(at);
    const before = beliefs(at.node);
    const fates: string[] = [];
    for (let count = 0; count < 500; count += 1) {
      fates.push(await at.lie(old));
    }
    expect(new Set(fates)).toEqual(new Set(['repeated', 'over_rate']));
    expect(fates.filter((fate) => fate === 'repeated').length).toBeLessThanOrEqual(RATE_BURST);
    expect(beliefs(at.node)).toEqual(before);
    // A start forgets which gossips came, not what they said.
    const { membership, state, delivery } = at.node.hive;
    at.net.start(at.node, {
      membership: membership.view(),
      fleet: state.fleet.value,
      own: state.own.value,
      outbox: delivery.outbox.value,
      seen: new Map(),
      records: { presence: new Map(), contributions: new Map() },
      time: undefined,
    });
    await at.net.pass(5000);
    const heard = believedVersion(at.node, at.honest.id);
    expect(await at.lie(old)).toBe('refused');
    expect(believedVersion(at.node, at.honest.id)).toBe(heard);
    await expectHonestHeard(at);
  });

  it('that floods with intents keeps five, wins none, and no other member’s', async () => {
    const at = await scene();
    const lock = await lockOf(at.node);
    const targets = Array.from({ length: 41 }, (_, index) => testKey(100 + index).id);
    const intent = (initiator: NodeId, index: number): Uint8Array =>
      encodeHiveMessage('INTENT', {
        intent_type: 'channel_open',
        target: targets[index] ?? '',
        initiator,
        timestamp: at.seconds(),
        expires_at: at.seconds() + 300,
      });
    const fates: string[] = [];
    for (let index = 0; index < 1000; index += 1) {
      fates.push(await at.lie(intent(index % 3 === 0 ? at.honest.id : LIAR.id, index % 40)));
    }
    expect(fates.filter((fate) => fate === 'taken').length).toBeLessThanOrEqual(RATE_BURST);
    expect(new Set(fates)).toEqual(new Set(['taken', 'refused', 'over_rate']));
    const of = (id: NodeId): number =>
      [...lock.state.foreign.keys()].filter((key) => key.startsWith(id)).length;
    expect(of(LIAR.id)).toBe(FOREIGN_INTENTS_PER_MEMBER_MAX);
    expect(of(at.honest.id)).toBe(0);
    expect(lock.state.tables.grants.size).toBe(0);
    const own = await at.node.hive.dispatcher.take(at.honest.id, intent(at.honest.id, 40));
    expect(own).toBe('taken');
    expect(of(at.honest.id)).toBe(1);
    await expectHonestHeard(at);
  });

  it('with tickets forged, expired and reused stays outside; the next honest one is let in', async () => {
    const net = new Network();
    const [founder, first, second] = [net.add(0), net.add(1), net.add(2)];
    const hostile = testKey(3);
    net.addRecorder(hostile.id);
    for (const { id } of [first, second, hostile]) {
      net.link(founder.id, id);
    }
    await founder.hive.invitations.genesis('bees');
    const issue = async (hours: number): Promise<string> =>
      text(10_000)(
        (await founder.hive.invitations.invite(hours, 0, 'neophyte', undefined))['ticket'],
      );
    const [expired, used] = [await issue(1), await issue(48)];
    await first.hive.invitations.join(used, undefined);
    await net.settle();
    await net.pass(5000);
    net.clock.advance(3_700_000);
    const shown = readTicket(used);
    const { signature: _, ...unsigned } = shown;
    const byItself = { ...unsigned, issuer: hostile.id };
    const forged = (of: typeof unsigned): string =>
      writeTicket({
        ...of,
        signature: signMessage(escapedText(ticketText(of)), hostile.secret).zbase,
      });
    const tickets = [
      forged(unsigned),
      forged(byItself),
      writeTicket({ ...shown, expiresAt: shown.expiresAt + 1 }),
      writeTicket({ ...shown, hiveId: 'bееs' }),
      expired,
      used,
      'eyJ',
      'A'.repeat(20_000),
    ];
    for (const [index, ticket] of tickets.entries()) {
      const hello = { pubkey: hostile.id, protocol_version: 1, ticket };
      const fate = await founder.hive.dispatcher.take(
        hostile.id,
        encodeHiveMessage('HELLO', hello),
      );
      expect(fate, `ticket ${index}`).toBe('refused');
    }
    await net.settle();
    expect(net.carried.filter(({ to }) => to === hostile.id)).toEqual([]);
    expect(founder.hive.joining.turnedAway.has(hostile.id)).toBe(true);
    expect([...founder.hive.membership.view().members.keys()]).toEqual([founder.id, first.id]);
    await second.hive.invitations.join(await issue(1), undefined);
    await net.settle();
    expect(founder.hive.membership.isMember(second.id)).toBe(true);
  });
});

/** The node's intent lock on its dispatcher and line, as the openings have it. */
async function lockOf({ id, hive }: TestNode): Promise<LockRunner> {
  const adapter = new HiveAdapter(hive, () => lock);
  const lock: LockRunner = new LockRunner({
    self: id,
    hive: adapter,
    stored: [],
    line: hive.line,
    liars: 0,
    now: () => hive.time.now(),
    log: () => undefined,
    open: () => expect.unreachable('nobody asked for an opening'),
    reconcile: () => undefined,
    changed: () => undefined,
  });
  adapter.listen();
  await lock.start(900_000, new Map());
  return lock;
}

/** A full sync of the liar. */
function fullSync(
  { seconds }: Pick<Scene, 'seconds'>,
  states: readonly { readonly peer: NodeId; readonly version: number }[],
  members: readonly WireObject[] = [],
): WireObject {
  return {
    states: states.map(({ peer, version }) => ({
      peer_id: peer,
      capacity_sats: 1,
      available_sats: 1,
      fee_policy: {},
      topology: [],
      version,
      last_update: seconds(),
    })),
    fleet_hash: 'ab'.repeat(32),
    timestamp: seconds(),
    members,
    sender_id: LIAR.id,
  };
}
