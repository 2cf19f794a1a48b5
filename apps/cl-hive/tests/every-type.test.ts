import type { NodeId } from '@cl-hive/core';
import type { Tier } from '@cl-hive/hive';
import {
  encodeHiveMessage,
  escapedText,
  eventId,
  type HiveMessageName,
  MESSAGE_NAMES,
  messageType,
} from '@cl-hive/protocol';
import { ALICE, BOB, signedSample } from '@cl-hive/protocol/testing';
import { describe, expect, it } from 'vitest';
import { RELAYED } from '../src/wire/message-rules.ts';
import type { Fate } from '../src/wire/wire-counts.ts';
import { memberState, Network, type TestNode, testKey } from './support/network.ts';

const CAROL = testKey(1).id;
/** Shortly after the samples were signed. */
const NOW_MS = 1_795_250_060_000;
/** What the word of a node outside the hive may be: a candidate that has no channel is refused. */
const JOINING = ['HELLO', 'CHALLENGE', 'ATTEST', 'WELCOME'];
/** What a node says by itself, or in answer to anybody that may speak. */
const HARMLESS = ['MSG_ACK', 'GOSSIP', 'STATE_HASH', 'FULL_SYNC', 'hive:hello'];

/** What this node makes of a member's messages; every type that is not here has no feature yet. */
const TAKEN: Readonly<Partial<Record<HiveMessageName, Fate>>> = {
  HELLO: 'refused',
  CHALLENGE: 'refused',
  ATTEST: 'refused',
  WELCOME: 'refused',
  GOSSIP: 'refused',
  STATE_HASH: 'taken',
  FULL_SYNC: 'refused',
  VOUCH: 'taken',
  BAN: 'taken',
  PROMOTION: 'taken',
  PROMOTION_REQUEST: 'refused',
  MEMBER_LEFT: 'taken',
  BAN_PROPOSAL: 'taken',
  BAN_VOTE: 'later',
  MSG_ACK: 'taken',
};

type Standing = 'member' | 'stranger' | 'banned';

/** A node, two members that only listen, and the sender of the samples as `standing` has it. */
async function among(standing: Standing): Promise<{ net: Network; node: TestNode }> {
  const net = new Network();
  net.clock.step(NOW_MS - net.clock.now());
  const { id } = testKey(0);
  const others = standing === 'member' ? [id, CAROL, ALICE] : [id, CAROL];
  const members = new Map<NodeId, Tier>([
    ...others.map((one) => [one, 'member'] as const),
    [BOB, 'neophyte'],
  ]);
  const node = net.add(0, (self) => {
    const state = memberState(self, members);
    const bans = new Map([[ALICE, { at: 1, words: new Map() }]]);
    return standing === 'banned' ? { ...state, membership: { ...state.membership, bans } } : state;
  });
  for (const other of [ALICE, CAROL]) {
    net.addRecorder(other);
    net.link(id, other, false);
  }
  await net.pass(5000);
  net.carried.length = 0;
  return { net, node };
}

/** Who is in and out, what is believed of whom, and what waits to be sent. */
function standing({ hive }: TestNode): unknown {
  const { members, bans, challenges, joining } = hive.membership.view();
  return {
    members: [...members],
    bans: [...bans.keys()],
    challenges: challenges.size,
    joining,
    hash: hive.state.fleetHash(),
    own: hive.state.fleet.value.ownVersion,
    waiting: hive.delivery.outbox.value.size,
  };
}

const deliver = (node: TestNode, name: HiveMessageName): Promise<Fate> => {
  const { raw } = signedSample(name, escapedText);
  return node.hive.dispatcher.take(ALICE, encodeHiveMessage(name, raw));
};

describe('each of the 66 types', () => {
  it('is 66 in number', () => {
    expect(MESSAGE_NAMES).toHaveLength(66);
  });

  it.each(MESSAGE_NAMES)(
    '%s of a member is taken, acknowledged and passed on as due',
    async (name) => {
      const { net, node } = await among('member');
      const before = standing(node);
      const fate = await deliver(node, name);
      await net.settle();
      expect(fate).toBe(TAKEN[name] ?? 'unhandled');
      expect(node.hive.dispatcher.counts.view()[name]).toEqual({ [fate]: 1 });
      const sent = (what: string, to: NodeId): number =>
        net.carried.filter((one) => one.what === what && one.to === to).length;
      // An acknowledgement names the event; SPLICE_UPDATE has nothing that its event is known by.
      const named = eventId(name, signedSample(name, escapedText).raw) !== undefined;
      const { reliable } = messageType(name);
      expect(named || name === 'SPLICE_UPDATE' || !reliable).toBe(true);
      const acknowledged = reliable && named && fate !== 'later';
      expect(sent('MSG_ACK', ALICE)).toBe(acknowledged ? 1 : 0);
      const due = RELAYED.has(name) && (fate === 'taken' || fate === 'unhandled');
      expect(sent(name, CAROL)).toBe(due ? 1 : 0);
      // Nothing is answered by what could cost anything, and nobody is moved.
      const said = new Set(net.carried.map(({ what }) => what).filter((what) => what !== name));
      expect([...said].filter((what) => !HARMLESS.includes(what))).toEqual([]);
      const { members } = node.hive.membership.view();
      if (name === 'MEMBER_LEFT') {
        expect([...members.keys()]).toEqual([node.id, CAROL, BOB]);
      } else {
        expect(standing(node)).toEqual(before);
      }
      // Once more: a copy of what is remembered, and never a failure.
      const again = await deliver(node, name);
      expect(['repeated', 'stranger', fate]).toContain(again);
      expect(node.hive.dispatcher.counts.total('failed')).toBe(0);
    },
  );

  it.each(['stranger', 'banned'] as const)(
    'of a %s node is counted, and answered by nothing',
    async (who) => {
      const { net, node } = await among(who);
      const before = standing(node);
      for (const name of MESSAGE_NAMES) {
        const expected = who === 'stranger' && JOINING.includes(name) ? 'refused' : who;
        expect(await deliver(node, name), name).toBe(expected);
      }
      await net.settle();
      expect(net.carried).toEqual([]);
      expect(standing(node)).toEqual(before);
      const counts = node.hive.dispatcher.counts.view();
      expect(Object.keys(counts)).toHaveLength(66);
    },
  );
});
