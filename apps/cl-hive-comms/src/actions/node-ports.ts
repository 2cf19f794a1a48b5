import {
  type EffectResult,
  effectKey,
  type GatheredFacts,
  type Intent,
  NO_FACTS,
  type Observation,
  ORDER_SCHEMA,
  type PipelinePorts,
  readOrder,
} from '@cl-hive/comms';
import type { ManagementCommand } from '@cl-hive/protocol';
import { explain, isUnknownCommand, nodeInstance } from '@cl-hive/runtime/node';
import { orderAction, type Rails } from '../pay/rail.ts';
import { type Action, type ActionContext, unsupported } from './action.ts';
import { ACTIONS } from './action-table.ts';
import { LOOKS_MAX, UNFINISHED_WHOLE } from './limits.ts';
import { MarkerStore } from './marker-store.ts';
import { executeEffect, lookAgain, observeEffect, stateHash } from './run-effect.ts';

/** What {@link createNodePorts} works with; a plugin's context has all but the epoch. */
export interface NodePortsOptions extends Omit<ActionContext, 'instance'> {
  readonly configuration: ActionContext['configuration'] & {
    /** The RPC socket, in the node's folder unless absolute; `lightning-rpc` unless given. */
    readonly rpcFile?: string;
  };
  /** Names the running lightningd; by default its RPC socket and when that was made. */
  readonly instance?: () => string;
  /** How orders are carried out, by method; a method without a rail fails as not supported. */
  readonly rails?: Rails;
}

/**
 * Reads the intents that are claimed, started or unknown from the store, by ascending id; a list of
 * {@link UNFINISHED_WHOLE} or more may have been cut off at its end.
 */
export type Unfinished = () => Promise<readonly Pick<Intent, 'id' | 'request'>[]>;

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
  const { lightningDir, rpcFile } = options.configuration;
  const instance = options.instance ?? (() => nodeInstance(lightningDir, rpcFile));
  const ports = new Ports({ ...options, instance }, options.rails ?? new Map());
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
function actionOf(command: ManagementCommand, rails: Rails): Action {
  const { schema, action } = command;
  if (schema === ORDER_SCHEMA) {
    const rail = rails.get(readOrder(command).method);
    return rail === undefined ? unsupported(`nothing here pays by ${action}`) : orderAction(rail);
  }
  const found = ACTIONS.get(`${schema} ${action}`);
  if (found === undefined) {
    throw new RangeError(`${schema} ${action} has no action`);
  }
  return found;
}

function effectKeyPrefix(epoch: number): string {
  return effectKey({ id: 0 }, epoch).slice(0, -1);
}

class Ports {
  readonly #context: ActionContext;
  /** When an effect was first looked for in vain, monotonic milliseconds, by intent. */
  readonly #looks = new Map<number, number>();

  readonly #rails: Rails;

  constructor(context: ActionContext, rails: Rails) {
    this.#context = context;
    this.#rails = rails;
  }

  #actionOf(command: ManagementCommand): Action {
    return actionOf(command, this.#rails);
  }

  async facts({ command }: { readonly command: ManagementCommand }): Promise<GatheredFacts> {
    const action = this.#actionOf(command);
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
    const action = this.#actionOf(command);
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
    const action = this.#actionOf(command);
    return action.kind === 'effect'
      ? await executeEffect(this.#context, action, this.#attempt(intent))
      : await this.read({ command, historySince: undefined });
  }

  async observe({ intent }: { readonly intent: Intent }): Promise<Observation> {
    const action = this.#actionOf(intent.command);
    return action.kind === 'effect'
      ? await observeEffect(this.#context, action, this.#attempt(intent))
      : { stateAfter: undefined, confirmed: undefined };
  }

  async reconcile({ intent }: { readonly intent: Intent }): Promise<EffectResult> {
    const action = this.#actionOf(intent.command);
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
    // Those of earlier epochs stay: a restored store may ask for what they stand for once more.
    const listed = (await markers.keys()).filter((key) => key.startsWith(effectKeyPrefix(epoch)));
    const intents = [...(await unfinished())];
    const kept = new Set(intents.map((intent) => this.#keyOf(intent)));
    const lastKnown =
      intents.length < UNFINISHED_WHOLE ? Number.POSITIVE_INFINITY : (intents.at(-1)?.id ?? 0);
    const dropped = listed.filter(
      (key) => !kept.has(key) && Number(key.split('-').at(-1)) < lastKnown,
    );
    for (const key of dropped) {
      await markers.remove(key);
    }
    return dropped.length;
  }

  /** The epoch is that of the request: after a restore an intent is still found under its own key. */
  #keyOf(intent: Pick<Intent, 'id' | 'request'>): string {
    const { epoch } = intent.request;
    return effectKey(intent, typeof epoch === 'number' ? epoch : this.#context.epoch);
  }

  #attempt(intent: Intent): {
    readonly intent: Intent;
    readonly command: ManagementCommand;
    readonly key: string;
  } {
    return { intent, command: intent.command, key: this.#keyOf(intent) };
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
