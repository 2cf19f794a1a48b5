import { isNodeId, type NodeId, nodeIdDecoder, oneOf } from '@cl-hive/core';
import { type Member, type Membership, newMembership } from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import { changedKeys, type Write } from '../line/cell.ts';
import type { HiveDatabase } from './database.ts';
import {
  type Document,
  type DocumentKind,
  joiningDocument,
  keyOf,
  MEMBERSHIP_DOCUMENTS,
} from './membership-documents.ts';
import { dropMeta, setMeta } from './rows.ts';

const tier = oneOf('neophyte', 'member');

const KINDS = Object.keys(MEMBERSHIP_DOCUMENTS) as readonly DocumentKind[];

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

function putDocument(kind: DocumentKind, key: string, document: string): Write {
  return async (tx) => {
    await tx
      .insertInto('hive_membership')
      .values({ kind, key, document })
      .onConflict((conflict) => conflict.columns(['kind', 'key']).doUpdateSet({ document }))
      .execute();
  };
}

function documentRows(kind: DocumentKind, before: Membership, after: Membership): readonly Write[] {
  const { set, removed } = changedKeys<string, unknown>(before[kind], after[kind]);
  const { write } = MEMBERSHIP_DOCUMENTS[kind] as unknown as Document<unknown>;
  return [
    ...removed.map(
      (key): Write =>
        async (tx) => {
          await tx
            .deleteFrom('hive_membership')
            .where('kind', '=', kind)
            .where('key', '=', key)
            .execute();
        },
    ),
    ...set.map(([key, value]) => putDocument(kind, key, write(value))),
  ];
}

function metaRows(before: Membership, after: Membership): readonly Write[] {
  const of = ({ hiveId, introducer, joining }: Membership) => ({
    hive_id: hiveId,
    introducer,
    joining: joining === undefined ? undefined : joiningDocument.write(joining),
  });
  const old = of(before);
  return Object.entries(of(after)).flatMap(([key, value]) => {
    if (value === old[key as keyof typeof old]) {
      return [];
    }
    return [value === undefined ? dropMeta(key) : setMeta(key, value)];
  });
}

/** What brings the tables of membership from one state to the next; challenges are not kept. */
export function membershipRows(before: Membership, after: Membership): readonly Write[] {
  const members = changedKeys(before.members, after.members);
  return [
    ...metaRows(before, after),
    ...members.removed.map(
      (peer): Write =>
        async (tx) => {
          await tx.deleteFrom('hive_members').where('peer_id', '=', peer).execute();
        },
    ),
    ...members.set.map(([peer, member]) => putMember(peer, member)),
    ...KINDS.flatMap((kind) => documentRows(kind, before, after)),
  ];
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
  const entries = await reader.selectFrom('hive_meta').selectAll().execute();
  const meta = new Map(entries.map(({ key, value }) => [key, value]));
  const introducer = meta.get('introducer');
  const joining = meta.get('joining');
  const members = await reader.selectFrom('hive_members').selectAll().execute();
  const documents = await reader.selectFrom('hive_membership').selectAll().execute();
  const mapOf = (kind: DocumentKind): ReadonlyMap<string, unknown> =>
    new Map(
      documents
        .filter((row) => row.kind === kind)
        .map((row) => [keyOf(kind, row.key), MEMBERSHIP_DOCUMENTS[kind].read(row.document)]),
    );
  return {
    ...newMembership(self),
    ...(Object.fromEntries(KINDS.map((kind) => [kind, mapOf(kind)])) as unknown as Pick<
      Membership,
      DocumentKind
    >),
    hiveId: meta.get('hive_id'),
    introducer: isNodeId(introducer) ? introducer : undefined,
    joining: joining === undefined ? undefined : joiningDocument.read(joining),
    members: new Map(members.map((row) => [nodeIdDecoder(row.peer_id), memberOf(row)])),
  };
}
