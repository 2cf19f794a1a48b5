import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { chainedId } from '../rules/call-id.ts';
import { WireObject } from '../rules/json-members.ts';
import type { PendingRequest, Plugin } from './plugin.ts';

/** The plugins of a node, in the order in which it learned of them, and the requests to them. */
export class PluginSet {
  #plugins: Plugin[] = [];
  #requests = 0;

  get all(): readonly Plugin[] {
    return this.#plugins;
  }

  add(plugin: Plugin): void {
    this.#plugins.push(plugin);
  }

  remove(plugin: Plugin): void {
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
  }

  has(plugin: Plugin): boolean {
    return this.#plugins.includes(plugin);
  }

  offering(method: string): Plugin | undefined {
    return this.#plugins.find((plugin) => plugin.offers(method));
  }

  named(name: string): Plugin | undefined {
    return this.#plugins.find((plugin) => isCalled(plugin.path, name));
  }

  /** Sends a request that lightningd itself makes. `params` is JSON text. */
  request(
    plugin: Plugin,
    method: string,
    params: string,
    pending: PendingRequest,
    callerId?: string,
  ): void {
    const id = this.#expect(plugin, method, pending, callerId);
    plugin.send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n\n`);
  }

  /** Passes a client's request on: its own bytes with only the id replaced. */
  forward(
    plugin: Plugin,
    method: string,
    request: WireObject,
    pending: PendingRequest,
    callerId: string,
  ): void {
    const id = this.#expect(plugin, method, pending, callerId);
    plugin.send(`${request.replacing('id', id)}\n\n`);
  }

  #expect(
    plugin: Plugin,
    method: string,
    pending: PendingRequest,
    callerId: string | undefined,
  ): string {
    const id = chainedId(callerId, method, this.#requests);
    this.#requests += 1;
    plugin.pending.set(id, pending);
    return id;
  }

  /** Answers a dead plugin's requests with lightningd's error -4. */
  failPending(plugin: Plugin): void {
    for (const id of plugin.pending.keys()) {
      plugin.settle(
        new WireObject(
          `{"jsonrpc": "2.0","id": ${id},"error": {"code":-4, "message":"Plugin terminated before replying to RPC call."}}`,
        ),
      );
    }
  }
}

/** Whether `name` means the plugin at `path`: its basename, or any path that leads to it. */
export function isCalled(path: string, name: string): boolean {
  if (!name.includes('/')) {
    return basename(path) === name;
  }
  if (path === name) {
    return true;
  }
  try {
    return realpathSync(name) === path;
  } catch {
    return false;
  }
}
