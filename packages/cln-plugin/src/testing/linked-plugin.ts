import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import type { LogLevel } from '../log.ts';
import { textOf } from './fake-rpc-error.ts';
import type { PluginLink } from './plugin-link.ts';

/** A plugin that the fake node runs, driven as its lightningd would. */
export class LinkedPlugin {
  /** The pipes, for what the shortcuts below do not cover. */
  readonly link: PluginLink;
  /** Plays stray output and errors; only for plugins within this process. */
  readonly stray:
    | {
        readonly print: (level: LogLevel, text: string) => void;
        readonly error: (error: unknown, fatal: boolean) => void;
      }
    | undefined;
  manifest: JsonObject = {};
  /** Why the plugin disabled itself. */
  disabled: string | undefined;
  /** Whether the node has it as a running plugin. */
  announced = false;

  constructor(link: PluginLink, stray?: LinkedPlugin['stray']) {
    this.link = link;
    this.stray = stray;
  }

  /** Notes the answer to getmanifest. */
  takeManifest(manifest: JsonValue): void {
    this.manifest = isJsonObject(manifest) ? manifest : {};
    this.#noteDisable(this.manifest);
  }

  /** Notes the answer to init. */
  takeInit(answer: JsonValue): void {
    this.#noteDisable(isJsonObject(answer) ? answer : {});
  }

  /** Names of its RPC methods. */
  get methods(): readonly string[] {
    return this.#list('rpcmethods').flatMap((method) =>
      isJsonObject(method) ? [textOf(method['name'])] : [],
    );
  }

  /** Calls one of its methods; rejects with FakeRpcError. */
  call(
    method: string,
    params: JsonValue = {},
    extra: { readonly id?: string; readonly filter?: JsonValue } = {},
  ): Promise<JsonValue> {
    return this.link.request(method, params, extra);
  }

  /** Asks it to check a call. */
  check(command: string, params: JsonObject = {}): Promise<JsonValue> {
    return this.link.request('check', { command_to_check: command, ...params });
  }

  /** Sets a dynamic option; values come as texts, as from lightningd. */
  setconfig(config: string, val?: string | readonly string[]): Promise<JsonValue> {
    return this.link.request('setconfig', { config, ...(val === undefined ? {} : { val }) });
  }

  /** Sends `shutdown`, or kills when it does not subscribe; resolves with the exit status. */
  shutdown(): Promise<number | null> {
    return this.link.shutdown(this.subscribes('shutdown'));
  }

  /** Closes its stdin, as the death of lightningd does. */
  endInput(): void {
    this.link.process.stdin.end();
  }

  /** Resolves when it is gone; kills it after five seconds. */
  async goneOrKilled(): Promise<void> {
    const timer = setTimeout(() => this.link.kill('did not stop'), 5_000);
    await this.link.gone.catch(() => null);
    clearTimeout(timer);
  }

  /** Whether it gets notifications of `topic`. */
  subscribes(topic: string): boolean {
    return this.copiesOf(topic) > 0;
  }

  /** How often it gets each notification of `topic`: `*` and the topic count both. */
  copiesOf(topic: string): number {
    const names = this.#list('subscriptions');
    const all = names.includes('*') && topic !== 'log' ? 1 : 0;
    return all + (names.includes(topic) ? 1 : 0);
  }

  /** Whether its manifest announces that it emits `topic`. */
  declaresTopic(topic: string): boolean {
    return this.#list('notifications').some(
      (entry) => isJsonObject(entry) && entry['method'] === topic,
    );
  }

  /** Whether its `rpc_command` hook wants to see a command. */
  hooksCommand(method: string): boolean {
    const hook = this.#list('hooks').find(
      (entry) => isJsonObject(entry) && entry['name'] === 'rpc_command',
    );
    const filters = isJsonObject(hook) ? hook['filters'] : undefined;
    return hook !== undefined && (!Array.isArray(filters) || filters.includes(method));
  }

  #list(member: string): readonly JsonValue[] {
    const list = this.manifest[member];
    return Array.isArray(list) ? (list as readonly JsonValue[]) : [];
  }

  #noteDisable(answer: JsonObject): void {
    const reason = answer['disable'];
    if (typeof reason === 'string') {
      this.disabled = reason;
    }
  }
}
