import type { NodeId } from '@cl-hive/core';
import { compareBy } from '../canonical.ts';
import type { PlanningContext } from '../context.ts';
import type { Share } from '../fleet.ts';
import { nodeIdAt } from '../graph/graph-index.ts';
import { PPM } from '../limits.ts';
import {
  type LogScale,
  logScale,
  type Marks,
  onScale,
  type PlainMarks,
  plainScore,
  score,
  smallerChannelsPpm,
} from '../marks.ts';
import { ratioPpm } from '../numbers.ts';
import type { TargetReach } from '../reach-meter.ts';
import { shareGapSat } from '../sizing.ts';
import type { Universe } from '../stages/stage.ts';

/** A target with everything that its rank is made of. */
export interface RankedTarget {
  readonly target: NodeId;
  readonly scorePpm: number;
  readonly marks: Marks;
  readonly channels: number;
  readonly share: Share;
  readonly reach: TargetReach;
  /** The channel that the share asks for, bounded by the largest channel only, sat. */
  readonly wantedSat: number;
}

/** What marks are measured against: the universe's span, and the best gain of the shortlist. */
export interface Scales {
  readonly capacity: LogScale;
  readonly connectivity: LogScale;
  readonly bestSavedMsat: number;
  readonly bestRelieved: number;
}

/** A target before its reach is known. */
interface Draft {
  readonly row: number;
  readonly target: NodeId;
  readonly share: Share;
  readonly wantedSat: number;
  readonly marks: PlainMarks;
}

/** The spans of the universe; the best gains are not known yet. */
export function universeScales({ graph }: PlanningContext, universe: Universe): Scales {
  return {
    capacity: logScale(universe.rows.map((row) => graph.capacity.get(row))),
    connectivity: logScale(universe.rows.map((row) => graph.degree[row] ?? 0)),
    bestSavedMsat: 0,
    bestRelieved: 0,
  };
}

/**
 * Ranks targets: the best by plain marks form the shortlist, for which the gain in reach is computed.
 * The rest is dropped as `below_shortlist`. Best first; equals by id.
 */
export function rankTargets(
  context: PlanningContext,
  rows: readonly number[],
  scales: Scales,
): { readonly ranked: readonly RankedTarget[]; readonly scales: Scales } {
  const { config } = context.snapshot;
  const drafts = rows
    .map((row) => draft(context, row, scales))
    .map((d) => ({ draft: d, plain: plainScore(config, d.marks) }))
    .sort(
      compareBy(
        (d) => -d.plain,
        (d) => d.draft.target,
      ),
    );
  for (const { draft: d } of drafts.slice(config.centralityCandidates)) {
    context.diagnostics.drop('strategies', 'below_shortlist', d.target);
  }
  const shortlist = drafts
    .slice(0, config.centralityCandidates)
    .map(({ draft: d }) => ({ draft: d, reach: context.reach().gainOf(d.row) }));
  const best: Scales = {
    ...scales,
    bestSavedMsat: shortlist.reduce((most, { reach }) => Math.max(most, reach.savedMsat), 0),
    bestRelieved: shortlist.reduce((most, { reach }) => Math.max(most, reach.relieved), 0),
  };
  return {
    ranked: shortlist
      .map(({ draft: d, reach }) => finishDraft(context, d, reach, best))
      .sort(
        compareBy(
          (r) => -r.scorePpm,
          (r) => r.target,
        ),
      ),
    scales: best,
  };
}

/** All numbers of one target, whether or not it made the shortlist. */
export function rateTarget(context: PlanningContext, row: number, scales: Scales): RankedTarget {
  return finishDraft(context, draft(context, row, scales), context.reach().gainOf(row), scales);
}

function draft(context: PlanningContext, row: number, scales: Scales): Draft {
  const { graph, fleet, quality } = context;
  const { config } = context.snapshot;
  const target = nodeIdAt(graph, row);
  const share = fleet.shareOf(target);
  const wantedSat = Math.min(shareGapSat(config, share), config.maxChannelSat);
  return {
    row,
    target,
    share,
    wantedSat,
    marks: {
      capacity: onScale(scales.capacity, share.publicSat),
      connectivity: onScale(scales.connectivity, graph.degree[row] ?? 0),
      competition: smallerChannelsPpm(graph, row, wantedSat),
      quality: quality.get(target)?.scorePpm ?? PPM / 2,
    },
  };
}

function finishDraft(
  context: PlanningContext,
  d: Draft,
  reach: TargetReach,
  scales: Scales,
): RankedTarget {
  const marks: Marks = {
    ...d.marks,
    centrality: Math.min(PPM, ratioPpm(reach.savedMsat, scales.bestSavedMsat)),
    bottleneck: Math.min(PPM, ratioPpm(reach.relieved, scales.bestRelieved)),
  };
  return {
    target: d.target,
    scorePpm: score(context.snapshot.config, marks),
    marks,
    channels: context.graph.degree[d.row] ?? 0,
    share: d.share,
    reach,
    wantedSat: d.wantedSat,
  };
}
