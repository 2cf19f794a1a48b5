import { describeError } from '@cl-hive/core';
import { type LabAnswer, LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { Lifeline } from '../lifeline.ts';
import type { LogBook } from '../log-book.ts';
import type { HookChains } from '../plugins/hook-chains.ts';
import type { Notifier } from '../plugins/notifier.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import { readRequest } from '../rules/client-request.ts';
import { mayUse } from '../rules/deprecation.ts';
import type { WireObject } from '../rules/json-members.ts';
import { readParams } from '../rules/params.ts';
import { readFilter } from '../rules/result-filter.ts';
import { type RpcHookReply, readReplacement, readRpcHookReply } from '../rules/rpc-hook.ts';
import type { CommandTable, KnownCommand } from './command-table.ts';
import type { RpcConnection } from './rpc-connection.ts';
import { RunningCommand } from './running-command.ts';
import { ANSWERED } from './shell-command.ts';

/** What a dispatcher stands on. */
export interface DispatcherParts {
  readonly developer: boolean;
  readonly deprecatedOk: boolean;
  readonly lifeline: Lifeline;
  readonly log: LogBook;
  readonly plugins: PluginSet;
  readonly hooks: HookChains;
  readonly notifier: Notifier;
  readonly commands: () => CommandTable;
}

/** Takes clients' requests to whoever answers them. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #running = new Set<RunningCommand>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** A message came in on a connection. */
  receive(connection: RpcConnection, wire: WireObject): void {
    if (!this.#parts.lifeline.alive) {
      return;
    }
    const request = readRequest(wire);
    if (request.kind === 'malformed') {
      connection.malformed(request.message);
      return;
    }
    const command = new RunningCommand(connection, request.id);
    if (request.kind === 'invalid') {
      command.fail(request.code, request.message);
      return;
    }
    this.#running.add(command);
    const known = this.#find(command, request.method, wire);
    if (known !== undefined) {
      this.#askHooks(command, known, request.params, wire);
    }
  }

  /** A connection closed: its commands go on, but nobody is answered. */
  forget(connection: RpcConnection): void {
    for (const command of this.#running) {
      if (command.connection === connection) {
        command.detach();
        this.#running.delete(command);
      }
    }
  }

  /** The node ends: nobody is answered any more. */
  forgetAll(): void {
    for (const command of this.#running) {
      command.detach();
    }
    this.#running.clear();
  }

  /** Runs a command whose parameters stand as they were written. */
  execute(command: RunningCommand, known: KnownCommand, params: string, wire: WireObject): void {
    const { target } = known;
    if (target.kind === 'plugin') {
      this.#forward(command, target.plugin, known.name, wire);
      return;
    }
    void this.#guard(command, known.name, () => {
      const read = readParams(params, target.shape, this.#parts.developer);
      switch (target.kind) {
        case 'shell':
          return target.command.run(read, { command, wire, checking: false });
        case 'world':
          return target.command.run(read.values(), command);
        case 'missing':
          throw new LabRpcError(
            RPC_ERROR.lightningd,
            `hive-lab does not emulate the command '${known.name}'`,
          );
      }
    });
  }

  /** Passes a request to the plugin that offers its method. */
  #forward(command: RunningCommand, plugin: Plugin, method: string, wire: WireObject): void {
    if (!this.#parts.plugins.has(plugin)) {
      // It died while the hooks were asked.
      command.fail(RPC_ERROR.methodNotFound, `Unknown command '${method}'`);
      this.#running.delete(command);
      return;
    }
    const deprecatedOk = command.connection?.flags.deprecatedOk ?? this.#parts.deprecatedOk;
    if (deprecatedOk !== this.#parts.deprecatedOk) {
      this.#parts.notifier.single(plugin, 'deprecated_oneshot', { deprecated_ok: deprecatedOk });
    }
    this.send(command, plugin, method, wire);
  }

  /** Sends a client's own bytes to a plugin and its reply back. */
  send(command: RunningCommand, plugin: Plugin, method: string, wire: WireObject): void {
    this.#parts.plugins.forward(
      plugin,
      method,
      wire,
      {
        reply: (reply) => {
          command.relay(reply);
          this.#running.delete(command);
        },
        notification: (name, params) => command.relayNotification(name, params),
      },
      command.id,
    );
  }

  /** Answers `command` with what `run` returns or throws. */
  async #guard(
    command: RunningCommand,
    method: string,
    run: () => LabAnswer | typeof ANSWERED | Promise<LabAnswer | typeof ANSWERED>,
  ): Promise<void> {
    try {
      const pending = run();
      const answer = pending instanceof Promise ? await pending : pending;
      if (answer === ANSWERED || !this.#parts.lifeline.alive) {
        return;
      }
      command.succeed(answer);
    } catch (error) {
      if (error instanceof LabRpcError) {
        command.fail(error.code, error.message, error.data);
      } else {
        const text = `hive-lab failed in ${method}: ${describeError(error)}`;
        this.#parts.log.add('broken', 'hive-lab', text);
        command.fail(RPC_ERROR.lightningd, text);
      }
    }
    this.#running.delete(command);
  }

  #find(command: RunningCommand, method: string, wire: WireObject): KnownCommand | undefined {
    const refuse = (code: number, message: string): undefined => {
      command.fail(code, message);
      this.#running.delete(command);
      return undefined;
    };
    const known = this.#parts.commands().get(method);
    if (known === undefined) {
      return refuse(RPC_ERROR.methodNotFound, `Unknown command '${method}'`);
    }
    const filter = wire.value('filter');
    if (filter !== undefined) {
      try {
        command.filter = readFilter(filter);
      } catch (error) {
        return refuse(RPC_ERROR.invalidParams, describeError(error));
      }
    }
    const deprecatedOk = command.connection?.flags.deprecatedOk ?? this.#parts.deprecatedOk;
    if (!mayUse(known.deprecated, deprecatedOk)) {
      return refuse(RPC_ERROR.methodNotFound, `Command "${method}" is deprecated`);
    }
    if (known.developerOnly && !this.#parts.developer) {
      return refuse(RPC_ERROR.methodNotFound, `Command "${method}" is developer-only`);
    }
    return known;
  }

  #askHooks(command: RunningCommand, known: KnownCommand, params: string, wire: WireObject): void {
    let wish: Exclude<RpcHookReply, { kind: 'continue' | 'bad' }> | undefined;
    const finish = (): void => {
      if (wish === undefined) {
        this.execute(command, known, params, wire);
      } else if (wish.kind === 'return') {
        command.answer(wish.member, wish.raw);
        this.#running.delete(command);
      } else {
        this.#replace(command, wish.request);
      }
    };
    this.#parts.hooks.walk({
      hook: 'rpc_command',
      filterValue: known.name,
      callerId: command.id,
      params: () => `{"rpc_command":${wire.text}}`,
      onReply: (result) => {
        const reply = readRpcHookReply(result);
        if (reply.kind === 'continue') {
          return 'next';
        }
        if (wish !== undefined) {
          this.#parts.log.add(
            'unusual',
            'lightningd',
            `rpc_command hook '${known.name}' already modified, ignoring.`,
          );
          finish();
          return 'stop';
        }
        if (reply.kind === 'bad') {
          this.#parts.log.add(
            'broken',
            'lightningd',
            `Bad response to 'rpc_command' hook. ${reply.why}`,
          );
        } else {
          wish = reply;
        }
        return 'next';
      },
      onEnd: finish,
    });
  }

  #replace(command: RunningCommand, request: string): void {
    const bad = (why: string): void => {
      command.fail(
        RPC_ERROR.invalidRequest,
        `Bad response to 'rpc_command' hook: ${why} (${request})`,
      );
      this.#running.delete(command);
    };
    const replacement = readReplacement(request);
    if (typeof replacement === 'string') {
      bad(replacement);
      return;
    }
    const { method, params, wire } = replacement;
    const known = this.#parts.commands().get(method);
    if (known === undefined) {
      bad(`redirected to unknown method '${method}'`);
    } else if (!mayUse(known.deprecated, this.#parts.deprecatedOk)) {
      bad(`redirected to deprecated command '${method}'`);
    } else if (known.developerOnly && !this.#parts.developer) {
      bad(`redirected to developer-only command '${method}'`);
    } else if (wire.raw('jsonrpc') !== '"2.0"') {
      bad('jsonrpc: "2.0" must be specified in the request');
    } else {
      this.execute(command, known, params, wire);
    }
  }
}
