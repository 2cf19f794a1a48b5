import { describeError } from '@cl-hive/core';
import type { CommandKind, Flow, PipelineCommand, PipelinePorts } from './command.ts';

/** Failures of these leave an effect that may have happened: they count as unknown, never as failed. */
const UNSURE: ReadonlySet<CommandKind> = new Set(['execute', 'reconcile']);

function perform(ports: PipelinePorts, command: PipelineCommand): Promise<unknown> {
  const port = ports[command.kind] as (input: PipelineCommand) => Promise<unknown>;
  return port(command);
}

/**
 * Carries a flow's commands out, one after the other. What a port throws is thrown into the flow,
 * which answers its sender or ends with it; a throwing `execute` or `reconcile` is an unknown
 * outcome, which the flow records.
 */
export async function drive<T>(flow: Flow<T>, ports: PipelinePorts): Promise<T> {
  let step = flow.next();
  while (step.done !== true) {
    const command = step.value;
    let result: unknown;
    try {
      result = await perform(ports, command);
    } catch (error) {
      if (!UNSURE.has(command.kind)) {
        step = flow.throw(error);
        continue;
      }
      result = { kind: 'unknown', message: describeError(error) };
    }
    step = flow.next(result);
  }
  return step.value;
}
