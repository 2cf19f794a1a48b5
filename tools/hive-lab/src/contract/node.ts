import type { JsonObject, JsonValue, NodeId } from '@cl-hive/core';

/** An error that a command answers, with lightningd's own code (docs: `plugin-protocol`, error codes). */
export class LabRpcError extends Error {
  readonly code: number;
  readonly data: JsonValue | undefined;

  constructor(code: number, message: string, data?: JsonValue) {
    super(message);
    this.name = 'LabRpcError';
    this.code = code;
    this.data = data;
  }
}

/** Log levels as lightningd prints them. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'unusual' | 'broken';

/** What a running call may do besides answering. */
export interface CallContext {
  /** Sends `message`/`progress` to a caller that enabled notifications; else does nothing. */
  readonly message: (level: LogLevel, text: string) => void;
  readonly progress: (done: number, total: number) => void;
  /** Aborted when the caller's connection or the node goes. */
  readonly signal: AbortSignal;
}

/**
 * A result that is JSON text already, as UTF-8 bytes in order: for answers of many megabytes, which
 * the shell writes as they are. Chunks are shared between calls and never changed.
 */
export class RenderedJson {
  readonly chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[]) {
    this.chunks = chunks;
  }

  /** The whole text; for hooks and tests, which need it in one piece. */
  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** What a command answers. */
export type LabAnswer = JsonObject | RenderedJson;

/** One RPC command that the emulated lightningd serves itself. */
export interface LabCommand {
  readonly name: string;
  /** Parameters that are taken besides those its help names. */
  readonly alsoTakes?: readonly string[];
  /** Parameters are already named and checked against the command's request schema. */
  readonly run: (params: JsonObject, call: CallContext) => LabAnswer | Promise<LabAnswer>;
}

/** What the shell of an emulated lightningd (plugins, RPC socket) offers to the world behind it. */
export interface NodeShell {
  readonly id: NodeId;
  /** The node's 32-byte secret key. */
  readonly secretKey: Uint8Array;
  readonly alias: string;
  readonly network: string;
  /** Delivers a native notification to every subscriber: `params` is `{[topic]: payload}`. */
  readonly notify: (topic: string, payload: JsonObject) => void;
  /**
   * Runs the chain of a hook and resolves with the last reply (`{result:"continue"}` when no plugin
   * hooks it). A reply that would abort lightningd aborts this node. When the node ends meanwhile
   * it resolves as if all had continued, after the world's `stop`.
   */
  readonly hook: (name: string, payload: JsonObject) => Promise<JsonObject>;
  readonly log: (level: LogLevel, source: string, message: string) => void;
  /** Even custom message types that some plugin listed in `custommessages`. */
  readonly acceptsEvenMessage: (type: number) => boolean;
}

/** The part of the world that one node sees: its chain, wallet, peers, channels and gossip. */
export interface NodeWorld {
  readonly commands: readonly LabCommand[];
  /** Called once the shell has answered `init` for all plugins. */
  readonly start: (shell: NodeShell) => void;
  /** Drops the node's connections; the rest of the world lives on. */
  readonly stop: () => void;
}
