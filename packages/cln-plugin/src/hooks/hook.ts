import type { HookPayloads, HookReplies } from '@cl-hive/cln-rpc';
import type { None, RequestCall, Topics } from '../context.ts';
import { refuse } from '../errors.ts';
import { HOOK_DEADLINE_MAX_MS, HOOK_DEADLINE_MS } from '../limits.ts';
import type { Options } from '../options/option.ts';
import { type HtlcFailurePolicy, isHookName } from './fallback.ts';

/**
 * Hooks of lightningd. `db_write` is left out: it freezes the whole node until it is answered, no
 * RPC may be made in it, and there is no safe fallback.
 */
export type HookName = Exclude<keyof HookPayloads, 'db_write'>;

type MayReturnNothing =
  | 'peer_connected'
  | 'custommsg'
  | 'rpc_command'
  | 'invoice_payment'
  | 'commitment_revocation'
  | 'onion_message_recv'
  | 'onion_message_recv_secret'
  | 'recover';

/** What a handler answers; nothing means "continue" where that is harmless. */
export type HookAnswer<K extends HookName> =
  | HookReplies[K]
  // oxlint-disable-next-line typescript/no-invalid-void-type
  | (K extends MayReturnNothing ? void : never);

/** Answers one hook call. A throw, a bad shape or a late answer sends the fallback instead. */
export type HookHandler<K extends HookName, O extends Options, T extends Topics> = (
  payload: HookPayloads[K],
  call: RequestCall<O, T>,
) => HookAnswer<K> | Promise<HookAnswer<K>>;

type Scope<K extends HookName> = K extends 'rpc_command'
  ?
      | { readonly filters: readonly [string, ...string[]] }
      /** Every RPC of the node then waits for this plugin, `stop` included. */
      | { readonly interceptEveryCommand: true }
  : K extends 'custommsg'
    ?
        | { readonly filters: readonly [number, ...number[]] }
        /** All traffic of a peer then waits for this plugin: the notification does not. */
        | { readonly delayEveryPeerMessage: true }
    : unknown;

type Policy<K extends HookName> = K extends 'htlc_accepted'
  ? { readonly onFailure: HtlcFailurePolicy }
  : unknown;

/** One hook. Prefer the notification `custommsg` over the hook of that name. */
export type HookSpec<K extends HookName, O extends Options = None, T extends Topics = None> = {
  /** Plugins (basenames with extension) that come after, and before, this one in the chain. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Milliseconds until the fallback is sent, up to 60,000; 5,000 by default. */
  readonly deadlineMs?: number;
} & Scope<K> &
  Policy<K> &
  (
    | { readonly handle: HookHandler<K, O, T>; readonly load?: never }
    | {
        readonly load: () => Promise<{ readonly handle: HookHandler<K, O, T> }>;
        readonly handle?: never;
      }
  );

/** Types a hook that is declared in a file of its own. */
export function hook<K extends HookName, O extends Options = None, T extends Topics = None>(
  _name: K,
  spec: HookSpec<K, O, T>,
): HookSpec<K, O, T> {
  return spec;
}

/** A hook as the runner sees it. */
export interface AnyHook {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly filters: readonly (string | number)[] | undefined;
  readonly deadlineMs: number;
  readonly onFailure: HtlcFailurePolicy;
  readonly handler: () => HookRun | Promise<HookRun>;
}

type HookRun = (payload: never, call: never) => unknown;

interface LooseSpec {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly deadlineMs?: number;
  readonly filters?: readonly (string | number)[];
  readonly onFailure?: unknown;
  readonly interceptEveryCommand?: unknown;
  readonly delayEveryPeerMessage?: unknown;
  readonly handle?: unknown;
  readonly load?: () => Promise<{ readonly handle: HookRun }>;
}

/** Forgets the types of a hook after checking what types alone cannot keep out of plain JavaScript. */
export function anyHook(name: string, loose: LooseSpec): AnyHook {
  checkHook(name, loose);
  const { handle, load } = loose;
  return {
    before: loose.before ?? [],
    after: loose.after ?? [],
    filters: loose.filters,
    deadlineMs: loose.deadlineMs ?? HOOK_DEADLINE_MS,
    onFailure: loose.onFailure === 'fail' ? 'fail' : 'continue',
    handler: () =>
      load === undefined ? (handle as HookRun) : load().then((module) => module.handle),
  };
}

function checkHook(name: string, spec: LooseSpec): void {
  const bad = (what: string, remedy: string): never =>
    refuse('definition_hook', `hook ${name}: ${what}`, remedy);
  if (name === 'db_write') {
    bad('it freezes the node and has no safe fallback', 'it is not supported');
  }
  if (!isHookName(name)) {
    bad('lightningd has no hook of that name', 'see HookName');
  }
  const filterType = { rpc_command: 'string', custommsg: 'number' }[name];
  if (spec.filters !== undefined) {
    if (filterType === undefined) {
      bad('lightningd knows no filters for it and would kill the plugin', 'leave them out');
    }
    if (spec.filters.length === 0) {
      bad('an empty filter list matches nothing', 'name what the hook is for');
    }
    if (spec.filters.some((filter) => typeof filter !== filterType)) {
      bad(`every filter must be a ${String(filterType)}`, 'see the hook documentation');
    }
  } else if (name === 'rpc_command' && spec.interceptEveryCommand !== true) {
    bad(
      'without filters every RPC of the node, stop included, waits for this plugin',
      'give filters, or interceptEveryCommand: true',
    );
  } else if (name === 'custommsg' && spec.delayEveryPeerMessage !== true) {
    bad(
      'without filters all traffic of every peer waits for this plugin',
      'use the notification custommsg, give filters, or delayEveryPeerMessage: true',
    );
  }
  if (name === 'htlc_accepted' && spec.onFailure !== 'continue' && spec.onFailure !== 'fail') {
    bad('the failure policy is missing', "say onFailure: 'continue' or 'fail'");
  }
  if ([...(spec.before ?? []), ...(spec.after ?? [])].some((name) => !/^[\w.-]+$/.test(name))) {
    bad('before and after take basenames', "name plugins as 'name.js', with their extension");
  }
  const deadline = spec.deadlineMs ?? HOOK_DEADLINE_MS;
  if (!(deadline > 0 && deadline <= HOOK_DEADLINE_MAX_MS)) {
    bad(`the deadline must be 1 to ${HOOK_DEADLINE_MAX_MS} ms`, 'give a shorter one');
  }
}
