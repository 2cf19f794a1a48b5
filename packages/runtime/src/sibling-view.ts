import type { JsonObject } from '@cl-hive/core';
import { PLUGINS } from './plugins.ts';
import type { Sibling, WatchState } from './sibling-watch.ts';

/** The siblings as a status shows them: name, state, whether needed, version and reason. */
export function siblingViews(state: WatchState): readonly JsonObject[] {
  const needs = PLUGINS[state.self].needs;
  return [...state.siblings].map(([name, { seen }]) => ({
    name,
    state: seen.kind,
    needed: needs.includes(name),
    ...details(seen),
  }));
}

function details(seen: Sibling): JsonObject {
  const answer = 'answer' in seen ? seen.answer : undefined;
  return {
    ...(answer === undefined
      ? {}
      : { version: answer.version, api_version: answer.apiVersion, features: answer.features }),
    ...('reason' in seen ? { reason: seen.reason } : {}),
  };
}
