import type { SiblingState } from '@cl-hive/cln-plugin/helpers';
import { PLUGINS, type PluginName, siblingsOf } from './plugins.ts';

/** What a plugin's version method answers. */
export interface VersionAnswer {
  readonly version: string;
  readonly apiVersion: number;
  /** The oldest API version that it still serves. */
  readonly oldestApi: number;
  readonly features: readonly string[];
  readonly state: PluginState;
}

/** `starting`: not yet usable; `idle`: waits for a sibling; `failed`: cannot work, its status says why. */
export type PluginState = 'starting' | 'ready' | 'idle' | 'failed';

/** What a plugin knows of one sibling. Only `ready` may be called. */
export type Sibling =
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly reason: string; readonly answer?: VersionAnswer }
  | { readonly kind: 'ready'; readonly answer: VersionAnswer }
  | { readonly kind: 'incompatible'; readonly reason: string; readonly answer?: VersionAnswer };

/** Ask `sibling` for its version after `delayMs`, unless lightningd has news of it earlier. */
export interface AskCommand {
  readonly sibling: PluginName;
  readonly delayMs: number;
}

interface Watched {
  readonly seen: Sibling;
  /** Probes in a row that found it not usable yet. */
  readonly tries: number;
}

export interface WatchState {
  readonly self: PluginName;
  readonly siblings: ReadonlyMap<PluginName, Watched>;
}

export interface WatchStep {
  readonly state: WatchState;
  readonly commands: readonly AskCommand[];
}

/** First wait before a sibling that is not usable yet is asked again, ms; doubles up to {@link PROBE_DELAY_MAX_MS}. */
export const PROBE_DELAY_MS = 200;
/** Longest wait between two questions to a sibling that runs but is not usable, ms. */
export const PROBE_DELAY_MAX_MS = 30_000;

/** The state before anything is known. */
export function initialWatch(self: PluginName): WatchState {
  const unknown: Watched = {
    seen: { kind: 'absent', reason: 'not looked for yet' },
    tries: 0,
  };
  return { self, siblings: new Map(siblingsOf(self).map((name) => [name, unknown])) };
}

/** `sibling` has just started and is being asked for its version. */
export function noteStarted(state: WatchState, sibling: PluginName): WatchState {
  const seen: Sibling = { kind: 'waiting', reason: 'it has just started' };
  return withWatched(state, sibling, { seen, tries: 0 });
}

/**
 * Judges what was found of `sibling` (an answer, none, or that it stopped), and says whom to ask next.
 * A sibling that is not there is never polled: lightningd says when one starts. One that runs is asked
 * again only while it may turn ready by itself.
 */
export function stepWatch(
  state: WatchState,
  sibling: PluginName,
  found: SiblingState<VersionAnswer>,
): WatchStep {
  const tries = state.siblings.get(sibling)?.tries ?? 0;
  const seen = judge(sibling, found);
  if (mayTurnReady(state, sibling, seen)) {
    const delayMs = Math.min(PROBE_DELAY_MAX_MS, PROBE_DELAY_MS * 2 ** Math.min(tries, 16));
    return {
      state: withWatched(state, sibling, { seen, tries: tries + 1 }),
      commands: [{ sibling, delayMs }],
    };
  }
  const next = withWatched(state, sibling, { seen, tries: 0 });
  const turnedReady = isReady(next, sibling) && !isReady(state, sibling);
  return turnedReady ? askThoseInNeedOf(next, sibling) : { state: next, commands: [] };
}

/** Whoever idled for want of `sibling` may now be waking. */
function askThoseInNeedOf(state: WatchState, sibling: PluginName): WatchStep {
  const waking = [...state.siblings].filter(
    ([name, { seen }]) => PLUGINS[name].needs.includes(sibling) && seen.kind === 'waiting',
  );
  return {
    state: waking.reduce(
      (next, [name, { seen }]) => withWatched(next, name, { seen, tries: 0 }),
      state,
    ),
    commands: waking.map(([name]) => ({ sibling: name, delayMs: 0 })),
  };
}

function withWatched(state: WatchState, name: PluginName, watched: Watched): WatchState {
  return { ...state, siblings: new Map(state.siblings).set(name, watched) };
}

function isReady(state: WatchState, name: PluginName): boolean {
  return name === state.self || state.siblings.get(name)?.seen.kind === 'ready';
}

function judge(name: PluginName, found: SiblingState<VersionAnswer>): Sibling {
  if (found.kind === 'present') {
    return judgeVersion(name, found.answer);
  }
  const { because, reason } = found;
  switch (because) {
    case 'not_asked':
    case 'not_running':
    case 'stopped':
      return { kind: 'absent', reason };
    case 'no_answer':
      return { kind: 'waiting', reason };
    case 'not_understood':
      return { kind: 'incompatible', reason };
  }
}

function judgeVersion(name: PluginName, answer: VersionAnswer): Sibling {
  const { oldestApi, apiVersion } = PLUGINS[name];
  if (answer.apiVersion < oldestApi || answer.oldestApi > apiVersion) {
    const reason =
      `it serves API versions ${answer.oldestApi} to ${answer.apiVersion}, ` +
      `this plugin works with ${oldestApi} to ${apiVersion}: run the same release of both`;
    return { kind: 'incompatible', reason, answer };
  }
  return answer.state === 'ready'
    ? { kind: 'ready', answer }
    : { kind: 'waiting', reason: `it is ${answer.state}`, answer };
}

/** Whether it may become ready without lightningd or a sibling that we watch telling us. */
function mayTurnReady(state: WatchState, name: PluginName, seen: Sibling): boolean {
  if (seen.kind !== 'waiting') {
    return false;
  }
  const itsState = seen.answer?.state;
  return (
    itsState === undefined ||
    itsState === 'starting' ||
    (itsState === 'idle' && PLUGINS[name].needs.every((need) => isReady(state, need)))
  );
}

const NO_SIBLING: Sibling = { kind: 'absent', reason: 'not a sibling' };

/** The first need of `state.self` that is not ready, with the reason; undefined when it may work. */
export function missingNeed(
  state: WatchState,
): { readonly sibling: PluginName; readonly reason: string } | undefined {
  for (const need of PLUGINS[state.self].needs) {
    const seen = state.siblings.get(need)?.seen ?? NO_SIBLING;
    if (seen.kind !== 'ready') {
      return { sibling: need, reason: seen.reason };
    }
  }
  return undefined;
}
