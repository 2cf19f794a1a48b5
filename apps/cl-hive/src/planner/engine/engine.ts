import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  CodedError,
  isJsonObject,
  type JsonObject,
  type NodeId,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { FleetMap } from '@cl-hive/hive';
import {
  type Explained,
  type Explanation,
  explained,
  type GraphChanges,
  type GraphIndex,
  GraphReader,
  type PackedSnapshot,
  type Plan,
  planBytes,
  prepare,
  type Replay,
  replay,
  type Size,
  type Snapshot,
  SnapshotPacker,
  sizeChannel,
  unpackSnapshot,
} from '@cl-hive/planning-kernel';
import { RECORDING_BYTES_MAX } from '../limits.ts';
import { fleetMapOf } from './fleet-map-of.ts';
import type { GraphSource } from './graph-source.ts';

/** What one cycle took and found. */
export interface CycleFigures {
  readonly nodes: number;
  readonly channels: number;
  /** Milliseconds of reading the graph, planning, and packing the recording. */
  readonly readMs: number;
  readonly planMs: number;
  readonly recordMs: number;
  readonly changes: GraphChanges;
}

/** A planned cycle. */
export interface PlannedCycle {
  readonly plan: Plan;
  readonly figures: CycleFigures;
  /** Snapshot and plan, compressed; absent where they were not asked for. */
  readonly recording?: { readonly snapshot: Uint8Array; readonly plan: Uint8Array };
}

/** Numbers that an operator puts in the place of what is known of a target. */
export interface SizeQuestion {
  readonly target: string;
  readonly capacitySat?: number;
  readonly sharePpm?: number;
}

/** A channel's size with what it was computed from. */
export interface SizeAnswer {
  readonly size: Size;
  readonly publicSat: number;
  readonly sharePpm: number | null;
  readonly channels: number;
  readonly idleSat: number;
  readonly budgetSat: number;
}

/** What can be asked of the plan at hand. */
export interface PlannerEngine {
  /** Reads the graph, plans, and keeps the outcome for the questions below. */
  plan(fleet: JsonObject, record: boolean): Promise<PlannedCycle>;
  explain(target: string): Promise<Explanation & { readonly alias: string }>;
  rate(targets: readonly string[]): Promise<readonly (Explanation & { readonly alias: string })[]>;
  size(question: SizeQuestion, self: NodeId): Promise<SizeAnswer>;
  map(): Promise<FleetMap>;
  replay(recording: NonNullable<PlannedCycle['recording']>, digest: string): Promise<Replay>;
}

interface AtHand {
  readonly explained: Explained;
  readonly snapshot: Snapshot;
  readonly graph: GraphIndex;
}

/** The planner as it runs in its own thread: it holds the graph from cycle to cycle. */
export class LocalEngine implements PlannerEngine {
  readonly #source: GraphSource;
  readonly #monotonic: () => number;
  #graph: GraphIndex | undefined;
  #atHand: AtHand | undefined;
  #aliases: ReadonlyMap<string, string> = new Map();

  constructor(source: GraphSource, monotonic: () => number) {
    this.#source = source;
    this.#monotonic = monotonic;
  }

  async plan(fleet: JsonObject, record: boolean): Promise<PlannedCycle> {
    const began = this.#monotonic();
    const reader = new GraphReader(this.#graph);
    const packer = record ? new SnapshotPacker() : undefined;
    const nodes = await this.#source((channels) => {
      reader.read(channels);
      packer?.read(channels);
    });
    const read = this.#monotonic();
    const prepared = prepare({ ...fleet, channels: [], nodes }, reader);
    const made = explained(prepared, sha256);
    this.#graph = prepared.context.graph;
    this.#aliases = aliasesOf(nodes);
    this.#atHand = { explained: made, snapshot: prepared.context.snapshot, graph: this.#graph };
    const planned = this.#monotonic();
    const recording =
      packer === undefined ? undefined : recordingOf(packer.finish(fleet, nodes), made.plan);
    return {
      plan: made.plan,
      figures: {
        nodes: nodes.length,
        channels: this.#graph.scids.size,
        readMs: Math.round(read - began),
        planMs: Math.round(planned - read),
        recordMs: Math.round(this.#monotonic() - planned),
        changes: prepared.changes,
      },
      ...(recording === undefined ? {} : { recording }),
    };
  }

  async explain(target: string): Promise<Explanation & { readonly alias: string }> {
    return this.#named(this.#present().explained.explain(target));
  }

  async rate(
    targets: readonly string[],
  ): Promise<readonly (Explanation & { readonly alias: string })[]> {
    return this.#present()
      .explained.rate(targets)
      .map((one) => this.#named(one));
  }

  async size(question: SizeQuestion, self: NodeId): Promise<SizeAnswer> {
    const { explained: made, snapshot } = this.#present();
    const { share, channels } = made.explain(question.target);
    const publicSat = question.capacitySat ?? share.publicSat;
    const sharePpm = question.sharePpm ?? (publicSat === 0 ? null : share.sharePpm);
    const fleetSat =
      question.sharePpm === undefined
        ? Math.min(share.fleetSat, publicSat)
        : Number((BigInt(publicSat) * BigInt(question.sharePpm)) / 1_000_000n);
    const own = made.plan.members.find(({ member }) => member === self);
    const idleSat = own?.idleSat ?? 0;
    const budgetSat = snapshot.members.find(({ id }) => id === self)?.budgetSat ?? 0;
    const size = sizeChannel(
      snapshot.config,
      { publicSat, fleetSat, sharePpm },
      { idleSat, budgetSat, perkb: snapshot.openingPerkb },
    );
    return { size, publicSat, sharePpm, channels, idleSat, budgetSat };
  }

  async map(): Promise<FleetMap> {
    const { explained: made, snapshot, graph } = this.#present();
    return fleetMapOf(made, snapshot, graph, (id) => this.#aliases.get(id) ?? '');
  }

  async replay(recording: NonNullable<PlannedCycle['recording']>, digest: string): Promise<Replay> {
    const snapshot = unpackSnapshot(parsed(recording.snapshot) as unknown as PackedSnapshot);
    const bytes = gunzipSync(recording.plan, { maxOutputLength: RECORDING_BYTES_MAX });
    return replay(snapshot, digest, bytes.toString());
  }

  #present(): AtHand {
    if (this.#atHand === undefined) {
      throw new CodedError('no_plan_yet', 'nothing was planned since the planner started', {
        remedy: 'run hive-planner-run with dry=true first',
      });
    }
    return this.#atHand;
  }

  #named(explanation: Explanation): Explanation & { readonly alias: string } {
    return { ...explanation, alias: this.#aliases.get(explanation.target) ?? '' };
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function recordingOf(snapshot: PackedSnapshot, plan: Plan): NonNullable<PlannedCycle['recording']> {
  return { snapshot: gzipSync(stringifyJson(snapshot)), plan: gzipSync(planBytes(plan)) };
}

function parsed(bytes: Uint8Array): JsonObject {
  const text = gunzipSync(bytes, { maxOutputLength: RECORDING_BYTES_MAX }).toString();
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    throw new CodedError('bad_recording', 'the recorded snapshot is no object');
  }
  return value;
}

function aliasesOf(nodes: readonly unknown[]): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const node of nodes) {
    if (isJsonObject(node)) {
      const { nodeid, alias } = node;
      if (typeof nodeid === 'string' && typeof alias === 'string') {
        aliases.set(nodeid, alias);
      }
    }
  }
  return aliases;
}
