import { isJsonObject, type NodeId, parseJson } from '@cl-hive/core';
import { MEMBERS_MAX } from '../limits.ts';
import type { Tier } from '../membership/types.ts';
import { countOf, nodeOf, type OriginalRows, RowReader, type Skipped, textOf } from './rows.ts';

/** An undecided ban proposal of the original, with its votes. */
export interface ImportedProposal {
  readonly proposalId: string;
  readonly target: NodeId;
  readonly proposer: NodeId;
  /** Seconds since 1970. */
  readonly closesAt: number;
  readonly approvals: readonly NodeId[];
  readonly rejections: readonly NodeId[];
}

/** A row that is kept to be read: intents, planner log, contribution and offers. */
export interface ImportedRecord {
  readonly kind: 'intent' | 'planner_log' | 'contribution' | 'offer';
  readonly key: string;
  readonly document: Readonly<Record<string, string | number | undefined>>;
}

/** What an original's database comes to; times in seconds since 1970. */
export interface ImportPlan {
  readonly hiveId: string;
  readonly members: readonly {
    readonly peer: NodeId;
    readonly tier: Tier;
    readonly joinedAt: number;
  }[];
  readonly bans: readonly { readonly peer: NodeId; readonly at: number }[];
  readonly proposals: readonly ImportedProposal[];
  readonly versions: readonly {
    readonly peer: NodeId;
    readonly version: number;
    readonly lastUpdate: number;
  }[];
  readonly records: readonly ImportedRecord[];
  readonly skipped: readonly Skipped[];
}

/** Why nothing can be taken. */
export type ImportRefusal =
  | 'not_an_original'
  | 'other_node'
  | 'too_many_members'
  | 'other_hive'
  | 'hive_unknown';

/** What to take of an original's rows for the node `self`, or why nothing. */
export function planImport(
  rows: OriginalRows,
  self: NodeId,
  nowSeconds: number,
): ImportPlan | { readonly refused: ImportRefusal } {
  if (rows.hive_members === undefined || rows.hive_state === undefined) {
    return { refused: 'not_an_original' };
  }
  const reader = new RowReader(rows);
  const ids: string[] = [];
  const members = reader.each('hive_members', (row) => {
    const [peer, joinedAt] = [nodeOf(row, 'peer_id'), countOf(row, 'joined_at')];
    const tier = row['tier'];
    if (peer === undefined || joinedAt === undefined || !isTier(tier)) {
      return 'malformed';
    }
    ids.push(...hiveIdOf(row['metadata']));
    return { peer, tier, joinedAt };
  });
  if (!members.some(({ peer }) => peer === self)) {
    return { refused: 'other_node' };
  }
  if (members.length > MEMBERS_MAX) {
    return { refused: 'too_many_members' };
  }
  if (new Set(ids).size > 1) {
    return { refused: 'hive_unknown' };
  }
  const known = new Set(members.map(({ peer }) => peer));
  const bans = bansOf(reader, nowSeconds);
  return {
    hiveId: ids[0] ?? 'hive',
    members: members.filter(({ peer }) => !bans.some((ban) => ban.peer === peer)),
    bans,
    proposals: proposalsOf(reader, known, nowSeconds),
    versions: versionsOf(reader, known),
    records: recordsOf(reader),
    skipped: reader.skipped,
  };
}

const isTier = (value: unknown): value is Tier => value === 'member' || value === 'neophyte';

/** The hive's id stands in the metadata of who founded it or was welcomed; others have none. */
function hiveIdOf(metadata: unknown): readonly string[] {
  try {
    const value = typeof metadata === 'string' ? parseJson(metadata) : undefined;
    const id =
      isJsonObject(value) && Object.hasOwn(value, 'hive_id') ? value['hive_id'] : undefined;
    return typeof id === 'string' && id !== '' && id.length <= 128 ? [id] : [];
  } catch {
    return [];
  }
}

function bansOf(reader: RowReader, nowSeconds: number): ImportPlan['bans'] {
  return reader.each('hive_bans', (row) => {
    const [peer, at] = [nodeOf(row, 'peer_id'), countOf(row, 'banned_at')];
    const expires = row['expires_at'] === null ? undefined : countOf(row, 'expires_at');
    if (peer === undefined || at === undefined) {
      return 'malformed';
    }
    return expires !== undefined && expires <= nowSeconds ? 'expired' : { peer, at };
  });
}

function proposalsOf(
  reader: RowReader,
  members: ReadonlySet<NodeId>,
  nowSeconds: number,
): readonly ImportedProposal[] {
  const votes = reader.each('ban_votes', (row) => {
    const [id, voter] = [textOf(row, 'proposal_id'), nodeOf(row, 'voter_peer_id')];
    const vote = row['vote'];
    return id === undefined || voter === undefined || (vote !== 'approve' && vote !== 'reject')
      ? 'malformed'
      : { id, voter, vote };
  });
  return reader.each('ban_proposals', (row) => {
    const proposalId = textOf(row, 'proposal_id');
    const [target, proposer] = [nodeOf(row, 'target_peer_id'), nodeOf(row, 'proposer_peer_id')];
    const closesAt = countOf(row, 'expires_at');
    if (!proposalId || target === undefined || proposer === undefined || closesAt === undefined) {
      return 'malformed';
    }
    if (row['status'] !== 'pending') {
      return 'decided';
    }
    if (closesAt <= nowSeconds) {
      return 'expired';
    }
    if ((row['proposal_type'] ?? 'standard') !== 'standard') {
      return 'reversed_vote';
    }
    if (!members.has(target) || !members.has(proposer)) {
      return 'not_a_member';
    }
    const of = (wanted: string): readonly NodeId[] =>
      votes
        .filter(({ id, vote }) => id === proposalId && vote === wanted)
        .map(({ voter }) => voter);
    const approvals = of('approve');
    return { proposalId, target, proposer, closesAt, approvals, rejections: of('reject') };
  });
}

function versionsOf(reader: RowReader, members: ReadonlySet<NodeId>): ImportPlan['versions'] {
  return reader.each('hive_state', (row) => {
    const [peer, version] = [nodeOf(row, 'peer_id'), countOf(row, 'version')];
    if (peer === undefined || version === undefined) {
      return 'malformed';
    }
    return members.has(peer)
      ? { peer, version, lastUpdate: countOf(row, 'last_gossip') ?? 0 }
      : 'not_a_member';
  });
}

function recordsOf(reader: RowReader): readonly ImportedRecord[] {
  const intents = reader.each('intent_locks', (row) => {
    const [id, at, until] = ['id', 'timestamp', 'expires_at'].map((name) => countOf(row, name));
    const [type, target] = [textOf(row, 'intent_type'), textOf(row, 'target')];
    const [initiator, status] = [nodeOf(row, 'initiator'), textOf(row, 'status')];
    return id === undefined || at === undefined || initiator === undefined || type === undefined
      ? 'malformed'
      : record('intent', String(id), { type, target, initiator, status, at, until });
  });
  const log = reader.each('hive_planner_log', (row) => {
    const [id, at] = [countOf(row, 'id'), countOf(row, 'timestamp')];
    const [action, result] = [textOf(row, 'action_type'), textOf(row, 'result')];
    const [target, details] = [textOf(row, 'target'), textOf(row, 'details')];
    return id === undefined || at === undefined || action === undefined
      ? 'malformed'
      : record('planner_log', String(id), { action, result, target, details, at });
  });
  const offers = reader.each('settlement_offers', (row) => {
    const [peer, offer] = [nodeOf(row, 'peer_id'), textOf(row, 'bolt12_offer')];
    const [at, active] = [countOf(row, 'registered_at'), countOf(row, 'active')];
    return peer === undefined || offer === undefined || !/^lno1[a-z0-9+]+$/.test(offer)
      ? 'malformed'
      : record('offer', peer, { offer, at, active });
  });
  return [...intents, ...log, ...offers, ...contributionOf(reader)];
}

function record(
  kind: ImportedRecord['kind'],
  key: string,
  document: ImportedRecord['document'],
): ImportedRecord {
  return { kind, key, document };
}

/** The ledger's rows, summed for each peer, day and direction. */
function contributionOf(reader: RowReader): readonly ImportedRecord[] {
  const sums = new Map<string, number>();
  reader.each('contribution_ledger', (row) => {
    const [peer, at] = [nodeOf(row, 'peer_id'), countOf(row, 'timestamp')];
    const [sat, direction] = [countOf(row, 'amount_sats'), row['direction']];
    if (
      peer === undefined ||
      at === undefined ||
      sat === undefined ||
      (direction !== 'forwarded' && direction !== 'received')
    ) {
      return 'malformed';
    }
    const key = `${peer}/${Math.floor(at / 86_400)}/${direction}`;
    const sum = (sums.get(key) ?? 0) + sat;
    if (!Number.isSafeInteger(sum)) {
      return 'malformed';
    }
    sums.set(key, sum);
    return { key };
  });
  return [...sums].map(([key, sat]) => record('contribution', key, { sat }));
}
