import { basename } from 'node:path';
import type { Cancel } from '@cl-hive/core';
import type { WireObject } from '../rules/json-members.ts';
import type { Manifest } from '../rules/manifest.ts';
import type { PluginProcess } from './plugin-process.ts';

/** How far a plugin has come. */
export type PluginState = 'unconfigured' | 'manifest' | 'needs_init' | 'init' | 'active';

const STATE_TEXT: Readonly<Record<PluginState, string>> = {
  unconfigured: 'unconfigured',
  manifest: 'before replying to getmanifest',
  needs_init: 'before we sent init',
  init: 'before replying to init',
  active: 'during normal operation',
};

/** A request that a plugin has not answered. */
export interface PendingRequest {
  /** Called once, with the plugin's reply or with lightningd's own error -4 when it died. */
  readonly reply: (reply: WireObject) => void;
  /** A `message` or `progress` for this request. */
  readonly notification?: (method: string, params: string) => void;
}

/** Who waits for a `plugin start`. */
export interface StartWaiter {
  readonly killed: (reason: string) => void;
  readonly started: () => void;
}

/** A plugin that lightningd knows of. */
export class Plugin {
  /** Canonical path; its identity. */
  readonly path: string;
  /** The file's name with its extension. */
  readonly shortName: string;
  /** Order in which lightningd learned of it. */
  readonly index: number;
  /** Of the entry file, when it was registered. */
  readonly checksum: string;
  readonly pending = new Map<string, PendingRequest>();
  /** Options that `plugin start` gave, raw JSON by name, in order. */
  readonly startOptions: readonly (readonly [string, string])[];
  important: boolean;
  state: PluginState = 'unconfigured';
  process: PluginProcess | undefined;
  manifest: Manifest | undefined;
  waiter: StartWaiter | undefined;
  /** Told when the plugin is gone, whatever the reason. */
  onGone: (() => void) | undefined;
  timeout: Cancel | undefined;

  constructor(spec: {
    readonly path: string;
    readonly index: number;
    readonly checksum: string;
    readonly important: boolean;
    readonly startOptions?: readonly (readonly [string, string])[];
    readonly waiter?: StartWaiter;
  }) {
    this.path = spec.path;
    this.shortName = basename(spec.path);
    this.index = spec.index;
    this.checksum = spec.checksum;
    this.important = spec.important;
    this.startOptions = spec.startOptions ?? [];
    this.waiter = spec.waiter;
  }

  get logSource(): string {
    return `plugin-${this.shortName}`;
  }

  get stateText(): string {
    return STATE_TEXT[this.state];
  }

  /** How often a topic reaches it: once per matching subscription, `*` included. */
  copiesOf(topic: string): number {
    const wild = topic !== 'log';
    return (this.manifest?.subscriptions ?? []).filter(
      (subscribed) => subscribed === topic || (wild && subscribed === '*'),
    ).length;
  }

  offers(method: string): boolean {
    return this.manifest?.methods.some((other) => other.name === method) ?? false;
  }

  send(text: string): void {
    this.process?.send(text);
  }

  /** Hands a reply to whoever waits for it; an id nobody waits for is ignored. */
  settle(reply: WireObject): void {
    const id = reply.raw('id') ?? '';
    const request = this.pending.get(id);
    this.pending.delete(id);
    request?.reply(reply);
  }

  /** Routes a `message` or `progress`; an id nobody waits for is ignored. */
  route(id: string, method: string, params: string): void {
    this.pending.get(id)?.notification?.(method, params);
  }
}

/** A plugin's shown method names. */
export function methodNames(plugin: Plugin): readonly string[] {
  return (plugin.manifest?.methods ?? []).map((method) => method.name);
}

/** Whether a reply is lightningd's own for a plugin that died. */
export function isTerminated(reply: WireObject): boolean {
  const error = reply.value('error');
  return (
    typeof error === 'object' && error !== null && 'code' in error && Number(error['code']) === -4
  );
}
