import { hexToBytes } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import signing from '../fixtures/hive-signing-vectors.json' with { type: 'json' };
import vectors from '../fixtures/hive-wire-vectors.json' with { type: 'json' };
import {
  eventId,
  fleetHash,
  gossipDataHash,
  membershipHash,
  relayMessageId,
  sha256Hex,
  syncMembersHash,
} from './hashes.ts';
import { type AnyKnownHiveMessage, decodeHiveMessage } from './hive-message.ts';
import { messageType } from './message-types.ts';
import { JsonFloat } from './wire-value.ts';

const messages: readonly AnyKnownHiveMessage[] = vectors.flatMap(({ hex }) => {
  const result = decodeHiveMessage(hexToBytes(hex));
  return result.ok && result.value.kind === 'known' ? [result.value] : [];
});
const sync = messages.find((message) => message.name === 'FULL_SYNC');
const states = sync?.payload.states ?? [];
const members = sync?.payload.members ?? [];

describe('against recordings of originals', () => {
  it('the fleet hash is that of the full sync and of the welcome', () => {
    expect(states).toHaveLength(1);
    expect(fleetHash(states)).toBe(sync?.payload.fleet_hash);
    const welcome = messages.find((message) => message.name === 'WELCOME');
    expect(fleetHash(states)).toBe(welcome?.payload.state_hash);
  });

  it('the membership hash is that of the state hash message', () => {
    const state = messages.find((message) => message.name === 'STATE_HASH');
    expect(members).toHaveLength(2);
    expect(membershipHash(members)).toBe(state?.payload.membership_hash);
    expect(membershipHash([...members].reverse())).toBe(state?.payload.membership_hash);
  });

  it('the members hash is what the full sync signs', () => {
    const vector = signing.find(
      ({ message, origin }) => message === 'FULL_SYNC' && origin === 'recorded',
    );
    expect(vector?.signs).toContain(`"members_hash":"${syncMembersHash(members)}"`);
    expect(syncMembersHash([])).toBe('');
  });

  it('the data hash is what each gossip signs', () => {
    const gossips = messages.filter((message) => message.name === 'GOSSIP');
    expect(gossips).toHaveLength(2);
    const vector = signing.find(
      ({ message, origin }) => message === 'GOSSIP' && origin === 'recorded',
    );
    for (const { raw } of gossips) {
      expect(vector?.signs).toContain(`"data_hash":"${gossipDataHash(raw)}"`);
    }
  });

  it('event and relay ids are those that originals put on messages', () => {
    let events = 0;
    let relays = 0;
    for (const { name, raw, header } of messages) {
      if (header._event_id !== undefined) {
        expect(eventId(name, raw)).toBe(header._event_id);
        events += 1;
      }
      if (header._relay !== undefined) {
        expect(relayMessageId(raw)).toBe(header._relay.msg_id);
        relays += 1;
      }
    }
    expect([events, relays]).toEqual([3, 6]);
  });

  it('an acknowledgement names the event id of what it acknowledges', () => {
    const ack = messages.find((message) => message.name === 'MSG_ACK');
    const ids = messages.map(({ name, raw }) => eventId(name, raw));
    expect(messages[ids.indexOf(ack?.payload.ack_msg_id)]?.name).toBe('VOUCH');
  });
});

describe('properties', () => {
  const entry = fc.record({
    peer_id: fc.string({ unit: 'binary' }),
    version: fc.nat(),
    last_update: fc.nat(),
    tier: fc.constantFrom('member', 'neophyte'),
    joined_at: fc.nat(),
  });
  const entries = fc.uniqueArray(entry, { selector: ({ peer_id }) => peer_id, maxLength: 12 });

  it('hashes do not depend on the order of members', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.nat()), (list, keys) => {
        const turned = list
          .map((one) => [keys.next().value ?? 0, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        expect(fleetHash(turned)).toBe(fleetHash(list));
        expect(membershipHash(turned)).toBe(membershipHash(list));
        expect(syncMembersHash(turned)).toBe(syncMembersHash(list));
      }),
    );
  });

  it('a change of version, time or tier changes them', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(fleetHash([{ ...one, version: one.version + 1 }])).not.toBe(fleetHash([one]));
        expect(fleetHash([{ ...one, last_update: one.last_update + 1 }])).not.toBe(
          fleetHash([one]),
        );
        const tier = one.tier === 'member' ? 'neophyte' : 'member';
        expect(membershipHash([{ ...one, tier }])).not.toBe(membershipHash([one]));
      }),
    );
  });
});

describe('gossipDataHash', () => {
  it('sorts the topology by code point and keeps floats floats', () => {
    const raw = {
      capacity_sats: 1,
      available_sats: 0,
      fee_policy: { fee_rate: new JsonFloat(1) },
      topology: ['\u{10000}', '\uffff', 'b', 'a'],
    };
    const text =
      '{"available_sats":0,"capacity_sats":1,"fee_policy":{"fee_rate":1.0},' +
      '"topology":["a","b","\\uffff","\\ud800\\udc00"]}';
    expect(gossipDataHash(raw)).toBe(sha256Hex(text));
  });
});

describe('eventId', () => {
  it('is made of the type and its identifying members alone', () => {
    const text = '{"_type":"BAN_VOTE","proposal_id":"P","voter_peer_id":"V"}';
    const raw = { proposal_id: 'P', voter_peer_id: 'V', vote: 'approve' };
    expect(eventId('BAN_VOTE', raw)).toBe(sha256Hex(text).slice(0, 32));
    expect(eventId('BAN_VOTE', { ...raw, vote: 'reject' })).toBe(eventId('BAN_VOTE', raw));
    expect(eventId('BAN_VOTE', { proposal_id: 'P' })).toBeUndefined();
    expect(eventId('BAN_VOTE', { ...raw, voter_peer_id: null })).toBeUndefined();
    expect(messageType('GOSSIP').identity).toBeUndefined();
    expect(eventId('GOSSIP', raw)).toBeUndefined();
  });
});

describe('relayMessageId', () => {
  it('leaves out what relays add, and takes an event id in its place', () => {
    const id = relayMessageId({ a: 1 });
    expect(relayMessageId({ a: 1, _relay: { ttl: 2 }, _envelope_version: 1 })).toBe(id);
    expect(relayMessageId({ a: 2 })).not.toBe(id);
    expect(relayMessageId({ a: 1, _event_id: 'ab'.repeat(16) })).toBe('ab'.repeat(16));
    expect(relayMessageId({ a: 1, _event_id: 'short' })).toBe(id);
  });
});
