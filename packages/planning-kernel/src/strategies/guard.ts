import type { NodeId } from '@cl-hive/core';
import { compareBy, sortedUnique } from '../canonical.ts';
import type { PlanningContext } from '../context.ts';
import { nodeIdAt } from '../graph/graph-index.ts';
import type { Universe } from '../stages/stage.ts';
import type { GuardIntent, GuardOutcome, SaturatedTarget } from './guard-outcome.ts';
import type { Strategy } from './strategy.ts';

/** The tag by which CLBOSS leaves openings to a node alone. */
const OPEN_TAG = 'open';

/** Decides what is saturated, and what CLBOSS is told so that it leaves that alone. */
export const guardStrategy: Strategy = {
  name: 'guard',
  propose(context, universe) {
    return { intents: [], guard: guard(context, universe) };
  },
};

function guard(context: PlanningContext, universe: Universe): GuardOutcome {
  const { snapshot, fleet, diagnostics } = context;
  const { config } = snapshot;
  const before = new Set<string>(snapshot.saturated);
  const fresh = freshlySaturated(context, universe, before);
  const shareOf = (target: NodeId): SaturatedTarget => ({
    target,
    sharePpm: fleet.shareOf(target).sharePpm,
  });
  if (fresh.length > config.massSaturationMax) {
    for (const { target } of fresh) {
      diagnostics.drop('strategies', 'mass_saturation', target);
    }
    return { aborted: true, intents: [], saturated: snapshot.saturated.map(shareOf) };
  }
  const taken = fresh.slice(0, config.guardNewMax);
  for (const { target } of fresh.slice(config.guardNewMax)) {
    diagnostics.drop('strategies', 'guard_limit', target);
  }
  const kept = snapshot.saturated
    .map(shareOf)
    .filter(({ sharePpm }) => sharePpm !== null && sharePpm >= config.releasedPpm);
  const saturated = [...kept, ...taken].sort(compareBy((s) => s.target));
  return { aborted: false, intents: guardIntents(context, saturated), saturated };
}

/** Targets over the line that were not so before, fullest first. */
function freshlySaturated(
  { snapshot, graph, fleet }: PlanningContext,
  universe: Universe,
  before: ReadonlySet<string>,
): SaturatedTarget[] {
  const fresh: SaturatedTarget[] = [];
  for (const row of universe.rows) {
    const target = nodeIdAt(graph, row);
    const { sharePpm, fleetSat } = fleet.shareOf(target);
    if (
      sharePpm !== null &&
      fleetSat > 0 &&
      sharePpm >= snapshot.config.saturatedPpm &&
      !before.has(target)
    ) {
      fresh.push({ target, sharePpm });
    }
  }
  return fresh.sort(
    compareBy(
      (s) => -(s.sharePpm ?? 0),
      (s) => s.target,
    ),
  );
}

/** Only what is not in force already: a second run of the same cycle asks for nothing. */
function guardIntents(
  { snapshot, fleet, diagnostics }: PlanningContext,
  saturated: readonly SaturatedTarget[],
): readonly GuardIntent[] {
  const inForce = new Map<string, Map<string, readonly string[]>>();
  for (const { member, target, tags } of snapshot.guards) {
    const own = inForce.get(member) ?? new Map<string, readonly string[]>();
    inForce.set(member, own.set(target, tags));
  }
  const full = new Set<string>(saturated.map((s) => s.target));
  const intents: GuardIntent[] = [];
  for (const { id: member } of snapshot.members.filter((m) => m.clboss)) {
    const own = inForce.get(member);
    let ignores = 0;
    for (const { target } of saturated) {
      const tags = own?.get(target) ?? [];
      if (tags.includes(OPEN_TAG) || fleet.connected.get(target)?.has(member) === true) {
        continue;
      }
      if (ignores === snapshot.config.guardNewMax) {
        diagnostics.drop('strategies', 'guard_limit', target);
        continue;
      }
      ignores += 1;
      intents.push(intent(member, target, 'ignore', [...tags, OPEN_TAG]));
    }
  }
  for (const { member, target, tags, ours } of snapshot.guards) {
    if (ours && tags.includes(OPEN_TAG) && !full.has(target) && fleet.ids.has(member)) {
      intents.push(
        intent(
          member,
          target,
          'release',
          tags.filter((tag) => tag !== OPEN_TAG),
        ),
      );
    }
  }
  return intents.sort(
    compareBy(
      (i) => i.target,
      (i) => i.member,
      (i) => i.action,
    ),
  );
}

function intent(
  member: NodeId,
  target: NodeId,
  action: GuardIntent['action'],
  tags: readonly string[],
): GuardIntent {
  const text = sortedUnique(tags).join(',');
  return { member, target, action, method: 'clboss-unmanage', params: [target, text] };
}
