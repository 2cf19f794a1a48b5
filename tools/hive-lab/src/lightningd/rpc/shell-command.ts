import type { JsonObject } from '@cl-hive/core';
import type { LabAnswer } from '../../contract/node.ts';
import type { WireObject } from '../rules/json-members.ts';
import type { Params } from '../rules/params.ts';
import type { RunningCommand } from './running-command.ts';

/** What a command of the shell may use beside its parameters. */
export interface ShellCall {
  readonly command: RunningCommand;
  /** The client's request as it came. */
  readonly wire: WireObject;
  /** Only the parameters are wanted: nothing may change. */
  readonly checking: boolean;
}

/** Answers by itself, later or as raw text; nothing more is to be written. */
export const ANSWERED = Symbol('answered');

/** An RPC command of the shell itself. */
export interface ShellCommand {
  readonly name: string;
  /** Takes parameters that its usage does not name. */
  readonly extra?: boolean;
  /**
   * Reads the parameters and does the work; with `checking` it returns before anything changes.
   * Throws LabRpcError.
   */
  readonly run: (
    params: Params,
    call: ShellCall,
  ) => LabAnswer | typeof ANSWERED | Promise<LabAnswer | typeof ANSWERED>;
}

/** What a checked command returns: it is never shown. */
export const CHECKED: JsonObject = {};
