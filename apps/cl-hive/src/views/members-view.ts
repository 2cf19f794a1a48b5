import type { JsonObject, NodeId } from '@cl-hive/core';
import { contributionOf, uptimePpm } from '@cl-hive/hive';
import type { Hive } from '../hive.ts';

const PPM = 1_000_000;

/** Rounded to four digits, as the original shows ratios. */
function ratio(ppm: number | bigint): number {
  return Math.round(Number(ppm) / 100) / 10_000;
}

/** Everybody in the hive, with the original's members of each and some more. */
export function membersView(hive: Hive): JsonObject {
  const { membership, state, capabilities, self } = hive;
  const { members, hiveId } = membership.view();
  const { signed, hearsay, quarantined } = state.fleet.value;
  const reachable = new Set(hive.reachable());
  const views = [...members].map(([peer_id, member]): JsonObject => {
    const word = peer_id === self ? state.own.value : signed.get(peer_id);
    return {
      peer_id,
      tier: member.tier,
      joined_at: member.joinedAt,
      ...recordView(hive, peer_id),
      connected: peer_id === self || reachable.has(peer_id),
      software:
        peer_id === self || capabilities.isOurs(peer_id) ? 'cl-hive' : 'original_or_unknown',
      ...(member.sponsor === undefined ? {} : { sponsor: member.sponsor }),
      ...(word === undefined
        ? {}
        : {
            version: word.version,
            last_update: word.lastUpdate,
            capacity_sats: word.capacitySat,
            available_sats: word.availableSat,
          }),
      ...(quarantined.has(peer_id) ? { contradicts_itself: true } : {}),
      ...(hearsay.has(peer_id) ? { said_version: hearsay.get(peer_id)?.version ?? null } : {}),
    };
  });
  return { count: views.length, hive_id: hiveId ?? null, members: views };
}

function recordView({ records, time, self }: Hive, peer: NodeId): JsonObject {
  const presence = records.presenceOf(peer);
  const now = time.now();
  const uptime =
    peer === self ? PPM : presence === undefined ? undefined : uptimePpm(presence, now);
  const { ratioPpm } = contributionOf(records.contributions, peer, now);
  return {
    uptime_pct: uptime === undefined ? null : ratio(uptime),
    contribution_ratio: ratio(ratioPpm),
    last_seen: presence === undefined ? null : Math.floor(presence.since / 1000),
  };
}

/** A member's contribution, with the original's members. */
export function contributionView(hive: Hive, peer: NodeId): JsonObject {
  const { membership, records, time } = hive;
  const report = contributionOf(records.contributions, peer, time.now());
  const member = membership.view().members.get(peer);
  return {
    peer_id: peer,
    forwarded_msat: report.forwardedMsat,
    received_msat: report.receivedMsat,
    contribution_ratio: ratio(report.ratioPpm),
    is_leech: report.isLeech,
    ...(member === undefined ? {} : { tier: member.tier }),
    ...(member === undefined ? {} : recordView(hive, peer)),
  };
}
