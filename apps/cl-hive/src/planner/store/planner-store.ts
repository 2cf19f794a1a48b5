import {
  array,
  boolean,
  type Decoder,
  integer,
  isNodeId,
  type NodeId,
  nodeIdDecoder,
  object,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { Choice, PlannerLogLine } from '@cl-hive/hive';
import type { GuardInForce, Quality } from '@cl-hive/planning-kernel';
import type { Reader, Store, Transactor } from '@cl-hive/store';
import type { PlannedCycle } from '../engine/engine.ts';
import { CYCLE_BYTES_MAX, CYCLES_MAX, TARGETS_MAX } from '../limits.ts';
import { type LogQuery, type LogRow, readLog, writeLog } from './planner-log.ts';
import type { PlannerTables } from './planner-tables.ts';

/** A recorded cycle without its bytes. */
export interface CycleRow {
  readonly id: number;
  readonly at_ms: number;
  readonly height: number;
  readonly trigger: string;
  readonly digest: string;
  readonly bytes: number;
}

/** What became of an opening, for the memory of its target. */
export type TargetOutcome = 'opened' | 'refused';

const choiceDecoder: Decoder<Choice> = object({
  member: nodeIdDecoder,
  target: nodeIdDecoder,
  since: integer(0),
  until: integer(0),
  followed: boolean,
});

/** What the planner remembers from cycle to cycle under a name. */
const REMEMBERED = {
  saturated: array(nodeIdDecoder),
  choices: array(choiceDecoder),
  expansions_enabled: boolean,
} as const;
type Remembered = {
  readonly [K in keyof typeof REMEMBERED]: ReturnType<(typeof REMEMBERED)[K]>;
};

/** Everything that the planner keeps. */
export class PlannerStore {
  readonly #store: Store<PlannerTables>;

  constructor(store: Store<PlannerTables>) {
    this.#store = store;
  }

  /** Runs writes as one. */
  transact<T>(work: (transactor: Transactor<PlannerTables>) => Promise<T>): Promise<T> {
    return this.#store.transact(work);
  }

  read<T>(work: (reader: Reader<PlannerTables>) => Promise<T>): Promise<T> {
    return work(this.#store.reader);
  }

  log(lines: readonly PlannerLogLine[], now: number): Promise<void> {
    return this.transact((transactor) => writeLog(transactor, lines, now));
  }

  readLog(query: LogQuery): Promise<readonly LogRow[]> {
    return readLog(this.#store.reader, query);
  }

  async recall<K extends keyof Remembered>(key: K): Promise<Remembered[K] | undefined> {
    const row = await this.#store.reader
      .selectFrom('hive_planner_state')
      .select('value')
      .where('key', '=', key)
      .executeTakeFirst();
    return row === undefined ? undefined : (REMEMBERED[key](parseJson(row.value)) as Remembered[K]);
  }

  async cycles(): Promise<readonly CycleRow[]> {
    return this.#store.reader
      .selectFrom('hive_planner_cycles')
      .select(['id', 'at_ms', 'height', 'trigger', 'digest', 'bytes'])
      .orderBy('id', 'desc')
      .execute();
  }

  /** A recorded cycle, the newest where no id is given. */
  async cycle(
    id: number | undefined,
  ): Promise<
    (CycleRow & { readonly snapshot: Uint8Array; readonly plan: Uint8Array }) | undefined
  > {
    const select = this.#store.reader.selectFrom('hive_planner_cycles').selectAll();
    const chosen = id === undefined ? select : select.where('id', '=', id);
    return chosen.orderBy('id', 'desc').limit(1).executeTakeFirst();
  }

  /** Peers that the operator excludes, at Unix second `now`; those whose time is over too, if asked. */
  async ignored(
    now: number,
    expired = false,
  ): Promise<readonly PlannerTables['planner_ignored_peers'][]> {
    const rows = await this.#store.reader
      .selectFrom('planner_ignored_peers')
      .selectAll()
      .orderBy('ignored_at', 'desc')
      .orderBy('peer_id')
      .execute();
    return rows.filter(({ expires_at }) => expired || expires_at === null || expires_at > now);
  }

  /** Targets whose CLBOSS tag is the planner's own. */
  async ownGuards(): Promise<ReadonlySet<NodeId>> {
    const rows = await this.#store.reader.selectFrom('hive_planner_guards').selectAll().execute();
    return new Set(rows.map(({ peer_id }) => peer_id).filter(isNodeId));
  }

  /** What is remembered of targets; the score is how often an opening succeeded, unknown being middling. */
  async quality(): Promise<readonly Quality[]> {
    const rows = await this.#store.reader.selectFrom('hive_planner_targets').selectAll().execute();
    return rows.flatMap((row) =>
      isNodeId(row.peer_id)
        ? [
            {
              target: row.peer_id,
              scorePpm: Math.floor(((row.opened + 1) * 1_000_000) / (row.opened + row.failed + 2)),
              refusals: row.refusals,
              ...(row.last_refused_ms === null ? {} : { lastRefusedAt: row.last_refused_ms }),
            },
          ]
        : [],
    );
  }
}

/** Remembers a value under its name. */
export async function remember<K extends keyof Remembered>(
  transactor: Transactor<PlannerTables>,
  key: K,
  value: Remembered[K],
): Promise<void> {
  const text = stringifyJson(value);
  await transactor
    .insertInto('hive_planner_state')
    .values({ key, value: text })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: text }))
    .execute();
}

/** Keeps a cycle; the oldest go when there are too many or they are too large together. */
export async function keepCycle(
  transactor: Transactor<PlannerTables>,
  { plan, recording }: PlannedCycle,
  trigger: string,
): Promise<void> {
  if (recording === undefined) {
    return;
  }
  await transactor
    .insertInto('hive_planner_cycles')
    .values({
      at_ms: plan.now,
      height: plan.blockHeight,
      trigger,
      digest: plan.digest,
      snapshot: recording.snapshot,
      plan: recording.plan,
      bytes: recording.snapshot.length + recording.plan.length,
    })
    .execute();
  const rows = await transactor
    .selectFrom('hive_planner_cycles')
    .select(['id', 'bytes'])
    .orderBy('id', 'desc')
    .execute();
  let sum = 0;
  const last = rows.findIndex(({ bytes }, at) => {
    sum += bytes;
    // The newest is kept however large it is: it is the one that is asked about.
    return at > 0 && (at >= CYCLES_MAX || sum > CYCLE_BYTES_MAX);
  });
  const gone = rows[last];
  if (gone !== undefined) {
    await transactor.deleteFrom('hive_planner_cycles').where('id', '<=', gone.id).execute();
  }
}

/** Notes that the planner set or took back its tag. */
export async function noteGuard(
  transactor: Transactor<PlannerTables>,
  target: NodeId,
  ours: boolean,
  now: number,
): Promise<void> {
  await transactor.deleteFrom('hive_planner_guards').where('peer_id', '=', target).execute();
  if (ours) {
    await transactor
      .insertInto('hive_planner_guards')
      .values({ peer_id: target, since_ms: now })
      .execute();
  }
}

/** Forgets tags that are no longer in force, so that one which the operator sets later is the operator's. */
export async function pruneGuards(
  transactor: Transactor<PlannerTables>,
  ours: ReadonlySet<NodeId>,
  tags: ReadonlyMap<NodeId, readonly string[]>,
): Promise<void> {
  for (const target of ours) {
    if (tags.get(target)?.includes('open') !== true) {
      await transactor.deleteFrom('hive_planner_guards').where('peer_id', '=', target).execute();
    }
  }
}

/** Notes how an opening to a target ended; a success forgets its refusals. */
export async function noteTarget(
  transactor: Transactor<PlannerTables>,
  target: NodeId,
  outcome: TargetOutcome,
  now: number,
): Promise<void> {
  const before = await transactor
    .selectFrom('hive_planner_targets')
    .selectAll()
    .where('peer_id', '=', target)
    .executeTakeFirst();
  const refused = outcome === 'refused';
  await transactor.deleteFrom('hive_planner_targets').where('peer_id', '=', target).execute();
  await transactor
    .insertInto('hive_planner_targets')
    .values({
      peer_id: target,
      refusals: refused ? Math.min((before?.refusals ?? 0) + 1, 1_000) : 0,
      last_refused_ms: refused ? now : (before?.last_refused_ms ?? null),
      opened: (before?.opened ?? 0) + (refused ? 0 : 1),
      failed: (before?.failed ?? 0) + (refused ? 1 : 0),
      touched_ms: now,
    })
    .execute();
  const oldest = await transactor
    .selectFrom('hive_planner_targets')
    .select('peer_id')
    .orderBy('touched_ms', 'desc')
    .offset(TARGETS_MAX)
    .limit(1)
    .execute();
  for (const { peer_id } of oldest) {
    await transactor.deleteFrom('hive_planner_targets').where('peer_id', '=', peer_id).execute();
  }
}

/** Tags in force on CLBOSS with whose they are. */
export function guardsInForce(
  self: NodeId,
  tags: ReadonlyMap<NodeId, readonly string[]>,
  ours: ReadonlySet<NodeId>,
): readonly GuardInForce[] {
  return [...tags].map(([target, set]) => ({
    member: self,
    target,
    tags: set,
    ours: ours.has(target),
  }));
}
