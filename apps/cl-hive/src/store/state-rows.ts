import type { NodeId } from '@cl-hive/core';
import { type FleetState, type MemberState, newFleetState } from '@cl-hive/hive';
import type { Reader } from '@cl-hive/store';
import { changedKeys, type Write } from '../line/cell.ts';
import { stateOf } from '../state/member-state.ts';
import type { HiveDatabase } from './database.ts';
import { setMeta } from './rows.ts';
import { readPayload, writePayload } from './wire-json.ts';

const VERSION_KEY = 'own_version';

function putState({ peer, version, raw }: MemberState): Write {
  const values = { version, payload: writePayload(raw) };
  return async (tx) => {
    await tx
      .insertInto('hive_states')
      .values({ peer_id: peer, ...values })
      .onConflict((conflict) => conflict.column('peer_id').doUpdateSet(values))
      .execute();
  };
}

function dropFrom(table: 'hive_states' | 'hive_quarantined', peer: NodeId): Write {
  return async (tx) => {
    await tx.deleteFrom(table).where('peer_id', '=', peer).execute();
  };
}

/** What brings the tables of the fleet's state from one state to the next; hearsay is not kept. */
export function stateRows(before: FleetState, after: FleetState): readonly Write[] {
  const states = changedKeys(before.signed, after.signed);
  const quarantined = changedKeys(before.quarantined, after.quarantined);
  return [
    ...(after.ownVersion === before.ownVersion
      ? []
      : [setMeta(VERSION_KEY, String(after.ownVersion))]),
    ...states.removed.map((peer) => dropFrom('hive_states', peer)),
    ...states.set.map(([, state]) => putState(state)),
    ...quarantined.removed.map((peer) => dropFrom('hive_quarantined', peer)),
    ...quarantined.set.map(
      ([peer, { first, second }]): Write =>
        async (tx) => {
          await tx
            .insertInto('hive_quarantined')
            .values({
              peer_id: peer,
              first: writePayload(first.raw),
              second: writePayload(second.raw),
            })
            .onConflict((conflict) => conflict.column('peer_id').doNothing())
            .execute();
        },
    ),
  ];
}

/** What brings this node's own row from one state to the next. */
export function ownRows(
  before: MemberState | undefined,
  after: MemberState | undefined,
): readonly Write[] {
  if (after !== undefined) {
    return after === before ? [] : [putState(after)];
  }
  return before === undefined ? [] : [dropFrom('hive_states', before.peer)];
}

/** The fleet's state as it is stored, and this node's own word in it. */
export async function loadFleetState(
  reader: Reader<HiveDatabase>,
  self: NodeId,
): Promise<{ readonly fleet: FleetState; readonly own: MemberState | undefined }> {
  const states = await reader.selectFrom('hive_states').select('payload').execute();
  const pairs = await reader.selectFrom('hive_quarantined').selectAll().execute();
  const version = await reader
    .selectFrom('hive_meta')
    .select('value')
    .where('key', '=', VERSION_KEY)
    .executeTakeFirst();
  const signed = states.map(({ payload }) => stateOf(readPayload(payload)));
  const fleet: FleetState = {
    ...newFleetState(self),
    ownVersion: version === undefined ? 0 : Number(version.value),
    signed: new Map(signed.filter(({ peer }) => peer !== self).map((state) => [state.peer, state])),
    quarantined: new Map(
      pairs.map((pair) => {
        const first = stateOf(readPayload(pair.first));
        return [first.peer, { first, second: stateOf(readPayload(pair.second)) }];
      }),
    ),
  };
  return { fleet, own: signed.find(({ peer }) => peer === self) };
}
