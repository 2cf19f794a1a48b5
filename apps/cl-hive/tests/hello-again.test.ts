import { text } from '@cl-hive/core';
import { expect, it } from 'vitest';
import { Network } from './support/network.ts';

it('lets in a node that says HELLO the same way again, once a member said that it may come', async () => {
  const net = new Network();
  const founder = net.add(1);
  const original = net.add(2);
  net.link(founder.id, original.id);
  await founder.hive.invitations.genesis('orchard');
  // Originals show no ticket.
  const hello = () =>
    original.hive.post.send(founder.id, 'HELLO', { pubkey: original.id, protocol_version: 1 });
  hello();
  await net.settle();
  expect(founder.hive.membership.view().challenges.size).toBe(0);
  expect([...founder.hive.joining.turnedAway]).toEqual([[original.id, 'bad_ticket']]);
  expect(net.log).toContainEqual(expect.stringContaining(`hive-invite peer_id=${original.id}`));

  await founder.hive.invitations.invite(24, 0, 'neophyte', original.id);
  hello();
  await net.settle();
  expect(founder.hive.membership.view().challenges.has(original.id)).toBe(true);
});

it('says of the vouch that promotes how many were needed, not how many will be', async () => {
  const net = new Network();
  const founder = net.add(1);
  const candidate = net.add(2);
  net.link(founder.id, candidate.id);
  await founder.hive.invitations.genesis('orchard');
  const invited = await founder.hive.invitations.invite(24, 0, 'neophyte', undefined);
  await candidate.hive.invitations.join(text(10_000)(invited['ticket']), undefined);
  await net.settle();
  await candidate.hive.ballots.requestPromotion();
  await net.settle();
  expect(await founder.hive.ballots.vouch(candidate.id)).toMatchObject({
    vouch_count: 1,
    quorum_needed: 1,
    quorum_reached: true,
  });
  expect([...founder.hive.joining.turnedAway]).toEqual([]);
});
