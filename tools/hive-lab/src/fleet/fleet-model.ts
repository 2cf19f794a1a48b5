import type { NodeId, UnixMs } from '@cl-hive/core';
import type { FleetEvent, FleetNode } from '../contract/fleet.ts';
import { RECENT_LINES_MAX } from './limits.ts';
import type { NodeObservation } from './observation.ts';
import { type PluginModel, stepPlugin } from './plugin-model.ts';

/** A line worth showing as it happens. */
export interface FleetLine {
  /** Grows by one with each line of a fleet. */
  readonly seq: number;
  readonly at: UnixMs;
  /** The node that it is about; absent for the fleet as a whole. */
  readonly node?: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** One node as the fleet's table shows it. */
export interface NodeModel {
  readonly number: number;
  readonly id?: NodeId;
  readonly state: /** `reason` is why it did not answer when it was last looked at. */
    | { readonly kind: 'starting'; readonly reason?: string }
    | { readonly kind: 'up' }
    | { readonly kind: 'down'; readonly reason: string };
  readonly height: number;
  /** Other nodes of the fleet that it is connected to. */
  readonly peers: number;
  /** Its channels in normal operation with other nodes of the fleet. */
  readonly channels: number;
  readonly plugins: readonly PluginModel[];
}

/** Everything that the table shows. */
export interface FleetModel {
  readonly backend: 'lab' | 'real';
  readonly phase: 'starting' | 'running' | 'stopping' | 'stopped';
  readonly dir: string;
  /** The network around the fleet in words; empty where there is none of its own. */
  readonly publicNetwork: string;
  readonly relay?: string;
  /** What the fleet is busy with while it starts. */
  readonly progress: string;
  readonly nodes: readonly NodeModel[];
  readonly lines: readonly FleetLine[];
}

/** What changes the model. */
export type FleetInput =
  | { readonly kind: 'event'; readonly event: FleetEvent }
  | { readonly kind: 'relay'; readonly url: string }
  | { readonly kind: 'started'; readonly nodes: readonly FleetNode[] }
  | { readonly kind: 'observed'; readonly node: number; readonly observation: NodeObservation }
  | { readonly kind: 'note'; readonly level: FleetLine['level']; readonly text: string }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'stopped' };

/** The model of a fleet that is about to start. */
export function initialModel(options: {
  readonly backend: 'lab' | 'real';
  readonly dir: string;
  readonly nodes: number;
  readonly publicNetwork: string;
  /** Base names of the plugins' entry files. */
  readonly plugins: readonly string[];
}): FleetModel {
  return {
    backend: options.backend,
    phase: 'starting',
    dir: options.dir,
    publicNetwork: options.publicNetwork,
    progress: 'taking its folder',
    lines: [],
    nodes: Array.from({ length: options.nodes }, (_, index) => ({
      number: index + 1,
      state: { kind: 'starting' },
      height: 0,
      peers: 0,
      channels: 0,
      plugins: options.plugins.map((file) => ({
        file,
        name: file.replace(/\.[^.]+$/, ''),
        state: { kind: 'starting' },
        siblings: [],
      })),
    })),
  };
}

/** The model after one input. */
export function stepFleet(model: FleetModel, input: FleetInput, now: UnixMs): FleetModel {
  switch (input.kind) {
    case 'event':
      return stepEvent(model, input.event, now);
    case 'relay':
      return { ...model, relay: input.url };
    case 'started':
      return {
        ...withLine(model, now, { level: 'info', text: 'all nodes are up' }),
        phase: 'running',
        nodes: model.nodes.map((node) => {
          const id = input.nodes.find(({ number }) => number === node.number)?.id;
          return id === undefined ? node : { ...node, id };
        }),
      };
    case 'observed':
      return stepObservation(model, input.node, input.observation, now);
    case 'note':
      return withLine(model, now, { level: input.level, text: input.text });
    case 'stopping':
      return { ...model, phase: 'stopping' };
    case 'stopped':
      return { ...model, phase: 'stopped' };
  }
}

function stepEvent(model: FleetModel, event: FleetEvent, now: UnixMs): FleetModel {
  switch (event.kind) {
    case 'progress':
      return {
        ...withLine(model, now, { level: 'info', text: event.text }),
        progress: event.text,
      };
    case 'log': {
      const level = LINE_LEVELS[event.level.toLowerCase()];
      // What plugins say while the whole fleet goes down is of no use to anybody.
      if (level === undefined || model.phase === 'stopping' || model.phase === 'stopped') {
        return model;
      }
      return withLine(model, now, {
        node: event.node,
        level,
        text: `${event.source}: ${event.text}`,
      });
    }
    case 'node_died': {
      if (model.phase === 'stopping' || model.phase === 'stopped') {
        return model;
      }
      const down = { kind: 'down', reason: event.reason } as const;
      return withLine(
        mapNode(model, event.node, (node) => ({ ...node, state: down, peers: 0, channels: 0 })),
        now,
        { node: event.node, level: 'error', text: `the node died: ${event.reason}` },
      );
    }
  }
}

/** The levels whose lines are worth a newcomer's eyes. */
const LINE_LEVELS: Readonly<Record<string, FleetLine['level']>> = {
  unusual: 'warn',
  warn: 'warn',
  broken: 'error',
  error: 'error',
};

function stepObservation(
  model: FleetModel,
  number: number,
  observation: NodeObservation,
  now: UnixMs,
): FleetModel {
  const before = model.nodes.find((node) => node.number === number);
  if (before === undefined || model.phase !== 'running' || before.state.kind === 'down') {
    return model;
  }
  if (observation.kind === 'unreachable') {
    const { reason } = observation;
    const waiting = mapNode(model, number, (node) => ({
      ...node,
      state: { kind: 'starting', reason },
      peers: 0,
      channels: 0,
    }));
    return before.state.kind === 'starting'
      ? waiting
      : withLine(waiting, now, {
          node: number,
          level: 'warn',
          text: `the node does not answer: ${reason}`,
        });
  }
  let next = mapNode(model, number, (node) => ({
    ...node,
    id: observation.id,
    state: { kind: 'up' },
    height: observation.height,
    peers: observation.peers,
    channels: observation.channels,
  }));
  for (const plugin of before.plugins) {
    const seen = observation.plugins.get(plugin.file) ?? { kind: 'absent' };
    const stepped = stepPlugin(plugin, seen);
    next = mapNode(next, number, (node) => ({
      ...node,
      plugins: node.plugins.map((other) => (other.file === plugin.file ? stepped.plugin : other)),
    }));
    if (stepped.line !== undefined) {
      next = withLine(next, now, { node: number, ...stepped.line });
    }
  }
  return next;
}

function mapNode(
  model: FleetModel,
  number: number,
  change: (node: NodeModel) => NodeModel,
): FleetModel {
  return {
    ...model,
    nodes: model.nodes.map((node) => (node.number === number ? change(node) : node)),
  };
}

function withLine(model: FleetModel, at: UnixMs, line: Omit<FleetLine, 'seq' | 'at'>): FleetModel {
  const seq = (model.lines.at(-1)?.seq ?? 0) + 1;
  return { ...model, lines: [...model.lines, { seq, at, ...line }].slice(-RECENT_LINES_MAX) };
}
