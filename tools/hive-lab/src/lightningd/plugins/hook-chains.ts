import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import { HOOKS } from '../data/hooks.ts';
import type { Lifeline } from '../lifeline.ts';
import { QUOTED_TEXT_MAX } from '../limits.ts';
import type { LogBook } from '../log-book.ts';
import { orderHooks } from '../rules/hook-order.ts';
import { carryOver, judgeHookReply } from '../rules/hook-reply.ts';
import type { WireObject } from '../rules/json-members.ts';
import { isTerminated, type Plugin } from './plugin.ts';
import { isCalled, type PluginSet } from './plugin-set.ts';

interface Member {
  readonly plugin: Plugin;
  readonly index: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly filters: readonly (string | number)[] | undefined;
}

interface Chain {
  /** What calls walk along; a member that leaves becomes a gap. */
  members: (Member | undefined)[];
  /** A new order that waits until no call is under way. */
  next: (Member | undefined)[] | undefined;
  users: number;
}

/** What the reader of a reply decides: on to the next plugin, or no further. */
export type ChainStep = 'next' | 'stop';

/** One walk along a chain. */
export interface ChainCall {
  readonly hook: string;
  /** What filters are compared with. */
  readonly filterValue?: string | number;
  readonly callerId?: string;
  /** The params for the next plugin, as JSON text. */
  readonly params: () => string;
  /** Reads a reply that has a `result`. */
  readonly onReply: (result: string, plugin: Plugin) => ChainStep;
  /** All plugins passed it on, or there were none. */
  readonly onEnd: () => void;
}

/** The chains of all hooks: who is called, in which order, and what replies do. */
export class HookChains {
  readonly #plugins: PluginSet;
  readonly #lifeline: Lifeline;
  readonly #log: LogBook;
  readonly #chains = new Map<string, Chain>();
  readonly #waiting = new Set<() => void>();

  constructor(plugins: PluginSet, lifeline: Lifeline, log: LogBook) {
    this.#plugins = plugins;
    this.#lifeline = lifeline;
    this.#log = log;
  }

  /** Puts a plugin's hooks at the ends of their chains; {@link order} sorts them. */
  register(plugin: Plugin): void {
    for (const { name, before, after, filters } of plugin.manifest?.hooks ?? []) {
      this.#chain(name).members.push({ plugin, index: plugin.index, before, after, filters });
    }
  }

  remove(plugin: Plugin): void {
    for (const chain of this.#chains.values()) {
      const leave = (member: Member | undefined): Member | undefined =>
        member?.plugin === plugin ? undefined : member;
      // In place: calls under way hold their position in this very array.
      for (let i = 0; i < chain.members.length; i += 1) {
        chain.members[i] = leave(chain.members[i]);
      }
      chain.next = chain.next?.map(leave);
    }
  }

  /** Sorts all chains and returns the plugins whose wishes contradict each other. */
  order(): readonly Plugin[] {
    const failed = new Set<Plugin>();
    for (const [hook, chain] of this.#chains) {
      const members = chain.members.filter((member) => member !== undefined);
      const order = orderHooks(members, (member, name) => isCalled(member.plugin.path, name));
      if (order.kind === 'cycle') {
        for (const member of order.members) {
          failed.add(member.plugin);
        }
        continue;
      }
      for (const name of order.unknown) {
        this.#log.add('debug', 'lightningd', `hook ${hook} before or after unknown plugin ${name}`);
      }
      chain.next = [...order.chain];
      if (chain.users === 0) {
        this.#adopt(chain);
      } else {
        this.#log.add(
          'unusual',
          'lightningd',
          `Deferring registration of hook ${hook} until it's not in use.`,
        );
      }
    }
    return [...failed];
  }

  /** Walks a hook's chain. With nobody on it `onEnd` is called before this returns. */
  walk(call: ChainCall): void {
    const chain = this.#chain(call.hook);
    chain.users += 1;
    this.#advance(chain, call, -1);
  }

  /** Runs a hook other than `rpc_command` and resolves with the last reply. */
  async run(hook: string, payload: JsonObject, filterValue?: string | number): Promise<JsonObject> {
    const rule = HOOKS[hook];
    if (rule === undefined) {
      throw new RangeError(`${hook} is no hook of lightningd`);
    }
    let current = payload;
    let merged: JsonObject = {};
    return await new Promise((settle) => {
      const release = (): void => resolve({ result: 'continue' });
      const resolve = (reply: JsonObject): void => {
        this.#waiting.delete(release);
        settle(reply);
      };
      this.#waiting.add(release);
      this.walk({
        hook,
        ...(filterValue === undefined ? {} : { filterValue }),
        params: () => stringifyJson(current),
        onReply: (result, plugin) => {
          const verdict = judgeHookReply(hook, rule, parse(result));
          if (verdict.kind === 'abort') {
            this.#lifeline.abort(`${verdict.reason} (plugin ${plugin.shortName}): ${clip(result)}`);
            return 'stop';
          }
          if (verdict.kind === 'stop') {
            resolve(verdict.reply);
            return 'stop';
          }
          current = carryOver(rule, current, verdict.reply);
          merged = { ...merged, ...verdict.reply };
          return 'next';
        },
        onEnd: () => resolve({ ...merged, result: 'continue' }),
      });
    });
  }

  /** The node ended: whoever waits for a hook goes on as if all plugins had continued. */
  release(): void {
    for (const release of this.#waiting) {
      release();
    }
  }

  #chain(hook: string): Chain {
    const chain = this.#chains.get(hook) ?? { members: [], next: undefined, users: 0 };
    this.#chains.set(hook, chain);
    return chain;
  }

  #adopt(chain: Chain): void {
    if (chain.next !== undefined) {
      chain.members = chain.next;
      chain.next = undefined;
    }
  }

  #done(chain: Chain): void {
    chain.users -= 1;
    if (chain.users === 0) {
      this.#adopt(chain);
    }
  }

  #advance(chain: Chain, call: ChainCall, from: number): void {
    let at = from + 1;
    while (at < chain.members.length && !callable(chain.members[at], call.filterValue)) {
      at += 1;
    }
    const member = chain.members[at];
    if (member === undefined) {
      this.#done(chain);
      call.onEnd();
      return;
    }
    this.#plugins.request(
      member.plugin,
      call.hook,
      call.params(),
      { reply: (reply) => this.#onReply(chain, call, at, member.plugin, reply) },
      call.callerId,
    );
  }

  #onReply(chain: Chain, call: ChainCall, at: number, plugin: Plugin, reply: WireObject): void {
    if (!this.#lifeline.alive) {
      return;
    }
    if (isTerminated(reply)) {
      this.#log.add('debug', 'lightningd', `Plugin died from ${call.hook} hook call`);
      this.#advance(chain, call, at);
      return;
    }
    const result = reply.raw('result');
    if (result === undefined) {
      this.#lifeline.abort(
        `hook reply without result: Plugin ${plugin.shortName} for ${call.hook} returned non-result response ${clip(reply.text)}`,
      );
      return;
    }
    if (call.onReply(result, plugin) === 'next') {
      this.#advance(chain, call, at);
    } else {
      this.#done(chain);
    }
  }
}

function callable(member: Member | undefined, value: string | number | undefined): boolean {
  if (member === undefined) {
    return false;
  }
  return member.filters === undefined || (value !== undefined && member.filters.includes(value));
}

function parse(raw: string): JsonValue {
  return parseJson(raw);
}

function clip(text: string): string {
  return text.slice(0, QUOTED_TEXT_MAX);
}
