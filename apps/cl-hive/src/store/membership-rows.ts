import {
  array,
  integer,
  isNodeId,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import {
  type BanProposal,
  type Member,
  type Membership,
  newMembership,
  type Promotion,
  type Ticket,
} from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import { changedKeys, type Write } from '../line/cell.ts';
import type { HiveDatabase } from './database.ts';
import { dropMeta, setMeta } from './rows.ts';

const nodes = array(nodeIdDecoder, 100_000);
const tier = oneOf('neophyte', 'member');
const decodePromotion = object({ electorate: nodes, vouches: nodes });
const decodeProposal = object({
  target: nodeIdDecoder,
  proposer: nodeIdDecoder,
  electorate: nodes,
  closesAt: integer(0, Number.MAX_SAFE_INTEGER),
  approvals: nodes,
  rejections: nodes,
});
const decodeJoining = object({
  peer: nodeIdDecoder,
  hiveId: optional(text(256)),
  phase: oneOf('hello', 'attested'),
  expiresAt: integer(0, Number.MAX_SAFE_INTEGER),
});

function putMember(peer: NodeId, { tier: standing, joinedAt, sponsor }: Member): Write {
  const values = { tier: standing, joined_at: joinedAt, sponsor: sponsor ?? null };
  return async (tx) => {
    await tx
      .insertInto('hive_members')
      .values({ peer_id: peer, ...values })
      .onConflict((conflict) => conflict.column('peer_id').doUpdateSet(values))
      .execute();
  };
}

function putTicket(id: string, { secretHash, expiresAt, usedBy }: Ticket): Write {
  const values = { secret_hash: secretHash, expires_at: expiresAt, used_by: usedBy ?? null };
  return async (tx) => {
    await tx
      .insertInto('hive_tickets')
      .values({ ticket_id: id, ...values })
      .onConflict((conflict) => conflict.column('ticket_id').doUpdateSet(values))
      .execute();
  };
}

function putPromotion(target: NodeId, { requestId, electorate, vouches }: Promotion): Write {
  const document = JSON.stringify({ electorate, vouches: [...vouches] });
  const values = { request_id: requestId, document };
  return async (tx) => {
    await tx
      .insertInto('hive_promotions')
      .values({ target, ...values })
      .onConflict((conflict) => conflict.column('target').doUpdateSet(values))
      .execute();
  };
}

function putProposal(id: string, proposal: BanProposal): Write {
  const { approvals, rejections, ...rest } = proposal;
  const sets = { approvals: [...approvals], rejections: [...rejections] };
  const document = JSON.stringify({ ...rest, ...sets });
  return async (tx) => {
    await tx
      .insertInto('hive_ban_proposals')
      .values({ proposal_id: id, document, reason: '', proposed_at: 0 })
      .onConflict((conflict) => conflict.column('proposal_id').doUpdateSet({ document }))
      .execute();
  };
}

function putBan(peer: NodeId): Write {
  return async (tx) => {
    await tx
      .insertInto('hive_bans')
      .values({ peer_id: peer, proposal_id: '', reason: '', banned_at: 0 })
      .onConflict((conflict) => conflict.column('peer_id').doNothing())
      .execute();
  };
}

function metaRows(before: Membership, after: Membership): readonly Write[] {
  const of = ({ hiveId, introducer, joining }: Membership) => ({
    hive_id: hiveId,
    introducer,
    joining: joining === undefined ? undefined : JSON.stringify(joining),
  });
  const old = of(before);
  return Object.entries(of(after)).flatMap(([key, value]) => {
    if (value === old[key as keyof typeof old]) {
      return [];
    }
    return [value === undefined ? dropMeta(key) : setMeta(key, value)];
  });
}

/** What brings the tables of membership from one state to the next. */
export function membershipRows(before: Membership, after: Membership): readonly Write[] {
  const members = changedKeys(before.members, after.members);
  const tickets = changedKeys(before.tickets, after.tickets);
  const promotions = changedKeys(before.promotions, after.promotions);
  const proposals = changedKeys(before.proposals, after.proposals);
  const bans =
    before.bans === after.bans ? [] : [...after.bans].filter((one) => !before.bans.has(one));
  return [
    ...metaRows(before, after),
    ...members.removed.map(
      (peer): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_members').where('peer_id', '=', peer).execute();
        },
    ),
    ...members.set.map(([peer, member]) => putMember(peer, member)),
    ...tickets.removed.map(
      (id): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_tickets').where('ticket_id', '=', id).execute();
        },
    ),
    ...tickets.set.map(([id, ticket]) => putTicket(id, ticket)),
    ...promotions.removed.map(
      (target): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_promotions').where('target', '=', target).execute();
        },
    ),
    ...promotions.set.map(([target, promotion]) => putPromotion(target, promotion)),
    ...proposals.removed.map(
      (id): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_ban_proposals').where('proposal_id', '=', id).execute();
        },
    ),
    ...proposals.set.map(([id, proposal]) => putProposal(id, proposal)),
    ...bans.map(putBan),
  ];
}

async function loadMeta(reader: Reader<HiveDatabase>): Promise<ReadonlyMap<string, string>> {
  const rows = await reader.selectFrom('hive_meta').selectAll().execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

function ticketOf(row: HiveDatabase['hive_tickets']): Ticket {
  const { used_by: usedBy } = row;
  const ticket = { secretHash: row.secret_hash, expiresAt: row.expires_at };
  return isNodeId(usedBy) ? { ...ticket, usedBy } : ticket;
}

function promotionOf(row: HiveDatabase['hive_promotions']): Promotion {
  const { electorate, vouches } = decodePromotion(JSON.parse(row.document));
  return { requestId: row.request_id, electorate, vouches: new Set(vouches) };
}

function proposalOf(row: HiveDatabase['hive_ban_proposals']): BanProposal {
  const { approvals, rejections, ...rest } = decodeProposal(JSON.parse(row.document));
  return { ...rest, approvals: new Set(approvals), rejections: new Set(rejections) };
}

function memberOf(row: HiveDatabase['hive_members']): Member {
  const member = { tier: tier(row.tier), joinedAt: row.joined_at };
  return isNodeId(row.sponsor) ? { ...member, sponsor: row.sponsor } : member;
}

/** Membership as it is stored. Throws DecodeError on rows that this plugin did not write. */
export async function loadMembership(
  reader: Reader<HiveDatabase>,
  self: NodeId,
): Promise<Membership> {
  const meta = await loadMeta(reader);
  const introducer = meta.get('introducer');
  const joining = meta.get('joining');
  const members = await reader.selectFrom('hive_members').selectAll().execute();
  const bans = await reader.selectFrom('hive_bans').select('peer_id').execute();
  const tickets = await reader.selectFrom('hive_tickets').selectAll().execute();
  const promotions = await reader.selectFrom('hive_promotions').selectAll().execute();
  const proposals = await reader.selectFrom('hive_ban_proposals').selectAll().execute();
  return {
    ...newMembership(self),
    hiveId: meta.get('hive_id'),
    introducer: isNodeId(introducer) ? introducer : undefined,
    joining: joining === undefined ? undefined : joiningOf(decodeJoining(JSON.parse(joining))),
    members: new Map(members.map((row) => [nodeIdDecoder(row.peer_id), memberOf(row)])),
    bans: new Set(bans.map((row) => nodeIdDecoder(row.peer_id))),
    tickets: new Map(tickets.map((row) => [row.ticket_id, ticketOf(row)])),
    promotions: new Map(promotions.map((row) => [nodeIdDecoder(row.target), promotionOf(row)])),
    proposals: new Map(proposals.map((row) => [row.proposal_id, proposalOf(row)])),
  };
}

function joiningOf({
  hiveId,
  ...rest
}: ReturnType<typeof decodeJoining>): NonNullable<Membership['joining']> {
  return hiveId === undefined ? rest : { ...rest, hiveId };
}
