import type { UnixMs } from '@cl-hive/core';
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

/** The answer to one probe of a sibling's version method. */
export type ProbeAnswer =
  | { readonly kind: 'version'; readonly answer: VersionAnswer }
  | { readonly kind: 'unknown_method' }
  /** It answered something that is no version answer. */
  | { readonly kind: 'not_understood'; readonly reason: string }
  | { readonly kind: 'no_answer'; readonly reason: string };

export type WatchInput =
  | { readonly kind: 'started' }
  | { readonly kind: 'plugin_started'; readonly methods: readonly string[] }
  | { readonly kind: 'plugin_stopped'; readonly methods: readonly string[] }
  | {
      readonly kind: 'probed';
      readonly sibling: PluginName;
      readonly probe: number;
      readonly answer: ProbeAnswer;
    };

/** Ask `sibling` for its version after `delayMs`; the answer carries `probe` back. */
export interface ProbeCommand {
  readonly kind: 'probe';
  readonly sibling: PluginName;
  readonly probe: number;
  readonly delayMs: number;
}

interface Watched {
  readonly seen: Sibling;
  /** Number of the newest probe; answers to older ones are stale and dropped. */
  readonly probe: number;
  /** Probes in a row that found it not usable yet. */
  readonly tries: number;
}

export interface WatchState {
  readonly self: PluginName;
  readonly siblings: ReadonlyMap<PluginName, Watched>;
}

export interface WatchStep {
  readonly state: WatchState;
  readonly commands: readonly ProbeCommand[];
}

/** First wait before a sibling that is not usable yet is asked again, ms; doubles up to {@link PROBE_DELAY_MAX_MS}. */
export const PROBE_DELAY_MS = 200;
/** Longest wait between two questions to a sibling that runs but is not usable, ms. */
export const PROBE_DELAY_MAX_MS = 30_000;

/** The state before anything is known. */
export function initialWatch(self: PluginName): WatchState {
  const unknown: Watched = {
    seen: { kind: 'absent', reason: 'not looked for yet' },
    probe: 0,
    tries: 0,
  };
  return { self, siblings: new Map(siblingsOf(self).map((name) => [name, unknown])) };
}

/**
 * Decides what is known of the siblings and whom to ask next. A sibling that is not there is never
 * polled: it is asked for once at start, and again when lightningd says that a plugin with its
 * version method has started. One that runs is asked again only while it may turn ready by itself.
 */
export function stepWatch(state: WatchState, input: WatchInput, _now: UnixMs): WatchStep {
  switch (input.kind) {
    case 'started':
      return each(state, (watched) => ask(watched, watched.seen, 0, 0));
    case 'plugin_started':
      return each(state, (watched, name) =>
        input.methods.includes(PLUGINS[name].versionMethod)
          ? ask(watched, { kind: 'waiting', reason: 'it has just started' }, 0, 0)
          : [watched, undefined],
      );
    case 'plugin_stopped':
      return each(state, (watched, name) =>
        input.methods.includes(PLUGINS[name].versionMethod)
          ? [{ seen: absent('it was stopped'), probe: watched.probe + 1, tries: 0 }, undefined]
          : [watched, undefined],
      );
    case 'probed':
      return stepProbed(state, input.sibling, input.probe, input.answer);
  }
}

function stepProbed(
  state: WatchState,
  sibling: PluginName,
  probe: number,
  answer: ProbeAnswer,
): WatchStep {
  const judged = each(state, (watched, name) =>
    name === sibling && watched.probe === probe
      ? judge(state, watched, name, answer)
      : [watched, undefined],
  );
  const turnedReady = isReady(judged.state, sibling) && !isReady(state, sibling);
  if (!turnedReady) {
    return judged;
  }
  // Whoever idled for want of this one may now be waking.
  const woken = each(judged.state, (watched, name) =>
    PLUGINS[name].needs.includes(sibling) && watched.seen.kind === 'waiting'
      ? ask(watched, watched.seen, 0, 0)
      : [watched, undefined],
  );
  return { state: woken.state, commands: [...judged.commands, ...woken.commands] };
}

function isReady(state: WatchState, name: PluginName): boolean {
  return name === state.self || state.siblings.get(name)?.seen.kind === 'ready';
}

type Outcome = readonly [Watched, number | undefined];

function each(
  state: WatchState,
  decide: (watched: Watched, name: PluginName) => Outcome,
): WatchStep {
  const commands: ProbeCommand[] = [];
  const siblings = new Map<PluginName, Watched>();
  for (const [name, watched] of state.siblings) {
    const [next, delayMs] = decide(watched, name);
    siblings.set(name, next);
    if (delayMs !== undefined) {
      commands.push({ kind: 'probe', sibling: name, probe: next.probe, delayMs });
    }
  }
  return { state: { ...state, siblings }, commands };
}

function absent(reason: string): Sibling {
  return { kind: 'absent', reason };
}

function ask(watched: Watched, seen: Sibling, tries: number, delayMs: number): Outcome {
  return [{ seen, probe: watched.probe + 1, tries }, delayMs];
}

function askAgain(watched: Watched, seen: Sibling): Outcome {
  const delay = Math.min(PROBE_DELAY_MAX_MS, PROBE_DELAY_MS * 2 ** Math.min(watched.tries, 16));
  return ask(watched, seen, watched.tries + 1, delay);
}

function judge(
  state: WatchState,
  watched: Watched,
  name: PluginName,
  answer: ProbeAnswer,
): Outcome {
  switch (answer.kind) {
    case 'unknown_method':
      return settle(watched, absent('no running plugin offers it'));
    case 'not_understood':
      return settle(watched, { kind: 'incompatible', reason: answer.reason });
    case 'no_answer':
      return askAgain(watched, { kind: 'waiting', reason: answer.reason });
    case 'version':
      return judgeVersion(state, watched, name, answer.answer);
  }
}

function settle(watched: Watched, seen: Sibling): Outcome {
  return [{ ...watched, seen, tries: 0 }, undefined];
}

function judgeVersion(
  state: WatchState,
  watched: Watched,
  name: PluginName,
  answer: VersionAnswer,
): Outcome {
  const { oldestApi, apiVersion } = PLUGINS[name];
  if (answer.apiVersion < oldestApi || answer.oldestApi > apiVersion) {
    const reason =
      `it serves API versions ${answer.oldestApi} to ${answer.apiVersion}, ` +
      `this plugin works with ${oldestApi} to ${apiVersion}: run the same release of both`;
    return settle(watched, { kind: 'incompatible', reason, answer });
  }
  if (answer.state === 'ready') {
    return settle(watched, { kind: 'ready', answer });
  }
  const waiting: Sibling = { kind: 'waiting', reason: `it is ${answer.state}`, answer };
  const mayWakeSoon =
    answer.state === 'starting' ||
    (answer.state === 'idle' && PLUGINS[name].needs.every((need) => isReady(state, need)));
  return mayWakeSoon ? askAgain(watched, waiting) : settle(watched, waiting);
}

/** The first need of `state.self` that is not ready, with the reason; undefined when it may work. */
export function missingNeed(
  state: WatchState,
): { readonly sibling: PluginName; readonly reason: string } | undefined {
  for (const need of PLUGINS[state.self].needs) {
    const seen = state.siblings.get(need)?.seen ?? absent('not a sibling');
    if (seen.kind !== 'ready') {
      return { sibling: need, reason: seen.reason };
    }
  }
  return undefined;
}
