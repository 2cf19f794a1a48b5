import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '@cl-hive/core';
import type { PlannerLogLine } from '@cl-hive/hive';
import type { Reader, Transactor } from '@cl-hive/store';
import { LOG_AGE_MAX_MS, LOG_DETAILS_MAX, LOG_ROWS_MAX } from '../limits.ts';
import type { PlannerTables } from './planner-tables.ts';

/** Which lines are wanted; all that is absent does not matter. */
export interface LogQuery {
  readonly limit: number;
  readonly actionType?: string;
  readonly result?: string;
  readonly target?: string;
  /** Unix seconds. */
  readonly since?: number;
  /** Only lines with a lesser id: where the page before ended. */
  readonly before?: number;
}

/** A line as the log holds it. */
export interface LogRow {
  readonly id: number;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly action_type: string;
  readonly target: string | null;
  readonly result: string;
  readonly details: JsonObject | null;
}

/** Writes lines, and drops the oldest where there are too many or they are too old. */
export async function writeLog(
  transactor: Transactor<PlannerTables>,
  lines: readonly PlannerLogLine[],
  now: number,
): Promise<void> {
  for (const { actionType, target, result, details } of lines) {
    await transactor
      .insertInto('hive_planner_log')
      .values({
        timestamp: Math.floor(now / 1000),
        action_type: actionType,
        target,
        result,
        details: detailsText(details),
      })
      .execute();
  }
  await pruneLog(transactor, now);
}

/** What is too long is cut to the members that fit; the cut is named. */
function detailsText(details: JsonObject): string | null {
  if (Object.keys(details).length === 0) {
    return null;
  }
  const whole = stringifyJson(details);
  if (whole.length <= LOG_DETAILS_MAX) {
    return whole;
  }
  const kept: Record<string, JsonObject[string]> = { cut: true };
  for (const [name, value] of Object.entries(details)) {
    const next = { ...kept, [name]: value };
    if (stringifyJson(next).length <= LOG_DETAILS_MAX) {
      kept[name] = value;
    }
  }
  return stringifyJson(kept);
}

async function pruneLog(transactor: Transactor<PlannerTables>, now: number): Promise<void> {
  await transactor
    .deleteFrom('hive_planner_log')
    .where('timestamp', '<', Math.floor((now - LOG_AGE_MAX_MS) / 1000))
    .execute();
  const { rows } = await transactor
    .selectFrom('hive_planner_log')
    .select((eb) => eb.fn.countAll().as('rows'))
    .executeTakeFirstOrThrow();
  if (Number(rows) <= LOG_ROWS_MAX) {
    return;
  }
  const last = await transactor
    .selectFrom('hive_planner_log')
    .select('id')
    .orderBy('id')
    .offset(Number(rows) - LOG_ROWS_MAX + Math.floor(LOG_ROWS_MAX / 10) - 1)
    .limit(1)
    .executeTakeFirstOrThrow();
  await transactor.deleteFrom('hive_planner_log').where('id', '<=', last.id).execute();
}

/** The newest lines first. */
export async function readLog(
  reader: Reader<PlannerTables>,
  query: LogQuery,
): Promise<readonly LogRow[]> {
  let select = reader.selectFrom('hive_planner_log').selectAll().orderBy('id', 'desc');
  if (query.actionType !== undefined) {
    select = select.where('action_type', '=', query.actionType);
  }
  if (query.result !== undefined) {
    select = select.where('result', '=', query.result);
  }
  if (query.target !== undefined) {
    select = select.where('target', '=', query.target);
  }
  if (query.since !== undefined) {
    select = select.where('timestamp', '>=', query.since);
  }
  if (query.before !== undefined) {
    select = select.where('id', '<', query.before);
  }
  const rows = await select.limit(query.limit).execute();
  return rows.map((row) => ({ ...row, details: detailsOf(row.details) }));
}

function detailsOf(text: string | null): JsonObject | null {
  const value = text === null ? null : parseJson(text);
  return isJsonObject(value) ? value : null;
}
