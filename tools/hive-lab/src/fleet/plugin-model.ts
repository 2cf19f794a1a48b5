import type { PluginObservation } from './observation.ts';
import type { PluginStatus } from './plugin-status.ts';

/** Where a plugin stands on one node. */
export type PluginState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'idle'; readonly waitingFor: string }
  /** It ran and runs no more. */
  | { readonly kind: 'gone' }
  /** It never came up, or runs but does not answer as it should. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** Whether it is certain that waiting does not mend it. */
      readonly lasting: boolean;
    };

/** One plugin on one node as the table shows it. */
export interface PluginModel {
  /** Base name of the entry file, as `plugin list` and the log show it. */
  readonly file: string;
  /** `file` without its extension. */
  readonly name: string;
  readonly state: PluginState;
  readonly version?: string;
  readonly database?: PluginStatus['database'];
  readonly siblings: PluginStatus['siblings'];
  readonly npub?: string;
}

/** What a change of state says in the log. */
export interface PluginLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** The plugin after a look at its node, and the line that tells of a change. */
export function stepPlugin(
  plugin: PluginModel,
  seen: PluginObservation,
): { readonly plugin: PluginModel; readonly line?: PluginLine } {
  const next = withObservation(plugin, seen);
  const line = describeChange(plugin, next);
  return line === undefined ? { plugin: next } : { plugin: next, line };
}

function withObservation(plugin: PluginModel, seen: PluginObservation): PluginModel {
  switch (seen.kind) {
    case 'absent': {
      const never = plugin.state.kind === 'starting' || plugin.state.kind === 'failed';
      const reason = "it did not start; see the node's log";
      const failed = { kind: 'failed', reason, lasting: true } as const;
      return { ...bare(plugin), state: never ? failed : { kind: 'gone' } };
    }
    case 'loading':
      return { ...bare(plugin), state: { kind: 'starting' } };
    case 'active':
      return { ...bare(plugin), state: { kind: 'ready' } };
    case 'silent':
      return { ...plugin, state: { kind: 'failed', reason: seen.reason, lasting: false } };
    case 'status': {
      const { status } = seen;
      const npub = status.identity?.npub;
      return {
        ...bare(plugin),
        state: stateOf(status),
        version: status.version,
        ...(status.database === undefined ? {} : { database: status.database }),
        siblings: status.siblings,
        ...(npub === undefined ? {} : { npub }),
      };
    }
  }
}

function stateOf(status: PluginStatus): PluginState {
  switch (status.state) {
    case 'starting':
    case 'ready':
      return { kind: status.state };
    case 'idle':
      return { kind: 'idle', waitingFor: status.waiting_for ?? 'a sibling' };
    case 'failed': {
      const { message, remedy } = status.problem ?? { message: 'its status does not say why' };
      const reason = remedy === undefined ? message : `${message}; remedy: ${remedy}`;
      return { kind: 'failed', reason, lasting: true };
    }
  }
}

function bare(plugin: PluginModel): PluginModel {
  return { file: plugin.file, name: plugin.name, state: plugin.state, siblings: [] };
}

function describeChange(before: PluginModel, after: PluginModel): PluginLine | undefined {
  const was = describePluginState(before.state);
  const is = describePluginState(after.state);
  if (was === is) {
    return undefined;
  }
  const level = { failed: 'error', gone: 'warn' } as const;
  const kind = after.state.kind;
  return {
    level: kind === 'failed' || kind === 'gone' ? level[kind] : 'info',
    text: `${after.name} is ${is}`,
  };
}

/** The state in words. */
export function describePluginState(state: PluginState): string {
  switch (state.kind) {
    case 'idle':
      return `idle, waits for ${state.waitingFor}`;
    case 'failed':
      return `failed: ${state.reason}`;
    default:
      return state.kind;
  }
}
