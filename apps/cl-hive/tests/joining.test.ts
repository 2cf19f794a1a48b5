import { hexToBytes, text } from '@cl-hive/core';
import {
  encodeHiveMessage,
  encodePayload,
  escapedText,
  signMessage,
  type WireObject,
} from '@cl-hive/protocol';
import { describe, expect, it } from 'vitest';
import { Network, type TestNode, testKey } from './support/network.ts';

/** A founder, and a candidate that has a channel with it. */
async function pair(): Promise<{ net: Network; founder: TestNode; candidate: TestNode }> {
  const net = new Network();
  const founder = net.add(0);
  const candidate = net.add(1);
  net.link(founder.id, candidate.id);
  await founder.hive.invitations.genesis('bees');
  await net.pass(5000);
  return { net, founder, candidate };
}

const ticketOf = async ({ hive }: TestNode): Promise<string> =>
  text(10_000)((await hive.invitations.invite(24, 0, 'neophyte', undefined))['ticket']);
const tierOf = (at: TestNode, of: TestNode) => at.hive.membership.view().members.get(of.id)?.tier;

describe('joining', () => {
  it('by ticket, once; the next candidate needs its own', async () => {
    const { net, founder, candidate } = await pair();
    const ticket = await ticketOf(founder);
    expect(await candidate.hive.invitations.join(ticket, undefined)).toMatchObject({
      status: 'join_requested',
      hive_id: 'bees',
    });
    await net.settle();
    expect(tierOf(founder, candidate)).toBe('neophyte');
    expect(tierOf(candidate, founder)).toBe('member');
    const second = net.add(2);
    net.link(founder.id, second.id);
    await second.hive.invitations.join(ticket, undefined);
    await net.settle();
    expect(tierOf(founder, second)).toBeUndefined();
    expect(second.hive.membership.view().hiveId).toBeUndefined();
  });

  it('goes on after a lost WELCOME: the neophyte asks once more', async () => {
    const { net, founder, candidate } = await pair();
    const ticket = await ticketOf(founder);
    net.arrives = ({ what }) => what !== 'WELCOME';
    await candidate.hive.invitations.join(ticket, undefined);
    await net.settle();
    expect(tierOf(founder, candidate)).toBe('neophyte');
    expect(candidate.hive.membership.view().hiveId).toBeUndefined();
    net.arrives = () => true;
    await candidate.hive.invitations.join(ticket, undefined);
    await net.settle();
    expect(candidate.hive.membership.view().hiveId).toBe('bees');
  });

  it('nobody gets in without channel, without ticket, or with a ticket of another node', async () => {
    const { net, founder, candidate } = await pair();
    const ticket = await ticketOf(founder);
    const stranger = net.add(3);
    net.link(founder.id, stranger.id, false);
    expect(await stranger.hive.invitations.join(ticket, undefined)).toMatchObject({
      error: 'no_channel',
      remedy: expect.any(String),
    });
    const hello = encodePayload('HELLO', { pubkey: candidate.id, protocol_version: 1 });
    const bytes = encodeHiveMessage('HELLO', hello);
    expect(await founder.hive.dispatcher.take(candidate.id, bytes)).toBe('refused');
    // Another node's identity: it is not the one that delivers.
    expect(await founder.hive.dispatcher.take(stranger.id, bytes)).toBe('refused');
    await net.settle();
    expect(founder.hive.membership.view().members.size).toBe(1);
  });

  it('a banned node stays out, whatever it shows', async () => {
    const { net, founder, candidate } = await pair();
    await candidate.hive.invitations.join(await ticketOf(founder), undefined);
    await net.settle();
    const banned = await founder.hive.ballots.proposeBan(candidate.id, 'leech');
    expect(banned).toMatchObject({ status: 'ban_executed' });
    await net.settle();
    expect(candidate.hive.membership.view().hiveId).toBeUndefined();
    await candidate.hive.invitations.join(await ticketOf(founder), undefined);
    await net.settle();
    expect(tierOf(founder, candidate)).toBeUndefined();
    expect(founder.hive.dispatcher.counts.total('banned')).toBeGreaterThan(0);
  });

  it('several hives never mix: what another hive says is that of a stranger', async () => {
    const { net, founder, candidate } = await pair();
    await candidate.hive.invitations.genesis('wasps');
    expect(await candidate.hive.invitations.join(await ticketOf(founder), undefined)).toMatchObject(
      { error: 'already_in_hive', hive_id: 'wasps' },
    );
    await net.pass(30_000);
    expect(founder.hive.membership.view().members.size).toBe(1);
    expect(founder.hive.state.words()).toHaveLength(1);
  });

  it('nothing that a peer sends is signed: only the challenge that was asked for', async () => {
    const { net, founder, candidate } = await pair();
    const raw = encodePayload('CHALLENGE', { nonce: 'ab'.repeat(32), hive_id: 'bees' });
    const bytes = encodeHiveMessage('CHALLENGE', raw);
    expect(await candidate.hive.dispatcher.take(founder.id, bytes)).toBe('refused');
    await net.settle();
    expect(net.carried.map(({ what }) => what)).not.toContain('ATTEST');
  });
});

describe('a member that lies', () => {
  it('cannot gossip for another, in its name or passed on, and a forged word counts for nothing', async () => {
    const { net, founder, candidate } = await pair();
    await candidate.hive.invitations.join(await ticketOf(founder), undefined);
    await net.pass(10_000);
    const word = founder.hive.state.fleet.value.signed.get(candidate.id);
    const { secret } = testKey(0);
    const forged: WireObject = { ...word?.raw, version: 99, signature: 'y'.repeat(104) };
    const take = (raw: WireObject) =>
      founder.hive.dispatcher.take(candidate.id, encodeHiveMessage('GOSSIP', raw));
    expect(await take(forged)).toBe('bad_signature');
    const signed = signMessage(escapedText('another text'), hexToBytes('11'.repeat(32)));
    expect(await take({ ...forged, signature: signed.zbase })).toBe('bad_signature');
    // As the founder itself: whose word it would be does not deliver it, and did not sign it.
    const own = signMessage(escapedText('another text'), secret).zbase;
    const fate = await take({
      ...forged,
      sender_id: founder.id,
      peer_id: founder.id,
      signature: own,
    });
    expect(fate).toBe('bad_signature');
    expect(founder.hive.state.fleet.value.signed.get(candidate.id)).toBe(word);
  });
});
