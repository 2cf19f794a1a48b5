import {
  type EffectResult,
  effectKey,
  type GatheredFacts,
  type Intent,
  NO_FACTS,
  type Observation,
  type PipelinePorts,
} from '@cl-hive/comms';
import type { ManagementCommand } from '@cl-hive/protocol';
import type { Action, ActionContext } from './action.ts';
import { ACTIONS } from './action-table.ts';
import { LOOKS_MAX } from './limits.ts';
import { MarkerStore } from './marker-store.ts';
import { nodeInstance } from './node-instance.ts';
import { explain, isUnknownCommand } from './rpc-outcome.ts';
import { executeEffect, lookAgain, observeEffect, stateHash } from './run-effect.ts';

/** What {@link createNodePorts} works with; a plugin's context has all but the epoch. */
export interface NodePortsOptions extends Omit<ActionContext, 'instance'> {
  /** Names the running lightningd; by default the parent process and its start. */
  readonly instance?: () => string;
}

/** Reads the intents that are started or unknown from the store. */
export type Unfinished = () => Promise<Iterable<Pick<Intent, 'id'>>>;

/** The ports of the pipeline that ask the node or change it. */
export interface NodePorts
  extends Pick<PipelinePorts, 'facts' | 'read' | 'execute' | 'observe' | 'reconcile'> {
  /**
   * Drops what lightningd keeps to find effects again, but for the intents that `unfinished` gives. It
   * is asked after the keys were listed, so that an effect that begins meanwhile keeps its own. Gives
   * how many were dropped.
   */
  readonly forgetEffects: (unfinished: Unfinished) => Promise<number>;
}

/** Carries the actions of the management schemas out on this node. */
export function createNodePorts(options: NodePortsOptions): NodePorts {
  const ports = new Ports({ ...options, instance: options.instance ?? nodeInstance });
  return {
    facts: (input) => ports.facts(input),
    read: (input) => ports.read(input),
    execute: (input) => ports.execute(input),
    observe: (input) => ports.observe(input),
    reconcile: (input) => ports.reconcile(input),
    forgetEffects: (unfinished) => ports.forgetEffects(unfinished),
  };
}

/** The action of a command. Throws RangeError: the registry knows no other. */
export function actionOf({ schema, action }: ManagementCommand): Action {
  const found = ACTIONS.get(`${schema} ${action}`);
  if (found === undefined) {
    throw new RangeError(`${schema} ${action} has no action`);
  }
  return found;
}

class Ports {
  readonly #context: ActionContext;
  /** When an effect was first looked for in vain, monotonic milliseconds, by intent. */
  readonly #looks = new Map<number, number>();

  constructor(context: ActionContext) {
    this.#context = context;
  }

  async facts({ command }: { readonly command: ManagementCommand }): Promise<GatheredFacts> {
    const action = actionOf(command);
    if (action.kind !== 'effect') {
      return { facts: NO_FACTS, stateBefore: undefined };
    }
    const facts = await action.facts(this.#context, command);
    return { facts, stateBefore: await stateHash(this.#context, action, command) };
  }

  async read({
    command,
    historySince,
  }: {
    readonly command: ManagementCommand;
    readonly historySince: number | undefined;
  }): Promise<EffectResult> {
    const action = actionOf(command);
    if (action.kind === 'unsupported') {
      return { kind: 'unsupported', message: action.reason };
    }
    if (action.kind === 'effect') {
      throw new TypeError(`${command.schema} ${command.action} is no read`);
    }
    try {
      const result = await action.read(this.#context, command, historySince);
      return { kind: 'executed', result, leftMsat: NO_FACTS.feeMsat };
    } catch (error) {
      const kind = isUnknownCommand(error) ? 'unsupported' : 'failed';
      return { kind, message: explain(error) };
    }
  }

  async execute({ intent }: { readonly intent: Intent }): Promise<EffectResult> {
    const { command } = intent;
    const action = actionOf(command);
    return action.kind === 'effect'
      ? await executeEffect(this.#context, action, this.#attempt(intent))
      : await this.read({ command, historySince: undefined });
  }

  async observe({ intent }: { readonly intent: Intent }): Promise<Observation> {
    const action = actionOf(intent.command);
    return action.kind === 'effect'
      ? await observeEffect(this.#context, action, this.#attempt(intent))
      : { stateAfter: undefined, confirmed: undefined };
  }

  async reconcile({ intent }: { readonly intent: Intent }): Promise<EffectResult> {
    const action = actionOf(intent.command);
    if (action.kind === 'unsupported') {
      return { kind: 'unsupported', message: action.reason };
    }
    if (action.kind === 'read') {
      return { kind: 'failed', message: 'it was interrupted, and only reads' };
    }
    try {
      const attempt = this.#attempt(intent);
      const marker = await new MarkerStore(this.#context.rpc).read(attempt.key);
      if (marker === undefined) {
        return { kind: 'failed', message: 'the node was never asked to do it' };
      }
      const absentMs = this.#context.clock.monotonic() - this.#firstLook(intent.id);
      const result = await lookAgain(this.#context, action, { ...attempt, marker }, absentMs);
      if (result.kind !== 'unknown') {
        this.#looks.delete(intent.id);
      }
      return result;
    } catch (error) {
      return { kind: 'unknown', message: `the node could not be asked: ${explain(error)}` };
    }
  }

  async forgetEffects(unfinished: Unfinished): Promise<number> {
    const { epoch, rpc } = this.#context;
    const markers = new MarkerStore(rpc);
    const listed = await markers.keys();
    const kept = new Set([...(await unfinished())].map((intent) => effectKey(intent, epoch)));
    const dropped = listed.filter((key) => !kept.has(key));
    for (const key of dropped) {
      await markers.remove(key);
    }
    return dropped.length;
  }

  #attempt(intent: Intent): {
    readonly intent: Intent;
    readonly command: ManagementCommand;
    readonly key: string;
  } {
    return { intent, command: intent.command, key: effectKey(intent, this.#context.epoch) };
  }

  #firstLook(id: number): number {
    const known = this.#looks.get(id);
    if (known !== undefined) {
      return known;
    }
    const now = this.#context.clock.monotonic();
    if (this.#looks.size >= LOOKS_MAX) {
      const [oldest] = this.#looks.keys();
      this.#looks.delete(oldest ?? id);
    }
    this.#looks.set(id, now);
    return now;
  }
}
