import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, describeError, isCodedError } from '@cl-hive/core';
import { FleetRunner, type FleetRunOptions } from '../fleet/fleet-runner.ts';
import { HEALTHY_DEADLINE_MS } from '../fleet/limits.ts';
import { killMarkedProcesses } from '../fleet/process-mark.ts';
import { renderNext } from '../fleet/render.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fleetDisplay, plainTable } from './fleet-display.ts';
import type { Output } from './output.ts';

/** How a fleet is run from the command line. */
export interface StartCommand {
  readonly run: Omit<FleetRunOptions, 'onChange'>;
  /** Stop as soon as the fleet is healthy, or is not going to be. */
  readonly once: boolean;
  /** How node RPC is reached, for the hints: `npm run lightning-cli --`. */
  readonly rpcCommand: string;
}

/** A signal within this time of the first is the same one, sent to the group and passed on by npm. */
const SAME_SIGNAL_MS = 1_000;
/** Milliseconds for an orderly stop of the whole fleet; lightningd gives its plugins 30 s. */
const STOP_DEADLINE_MS = 45_000;

/** Runs a fleet until it is told to stop, or with `once` until it is healthy. */
export async function runStart(command: StartCommand, output: Output): Promise<ExitCode> {
  const display = fleetDisplay(output, command.rpcCommand);
  const runner = new FleetRunner({ ...command.run, onChange: display.update });
  const interruption = new Interruption();
  const started = performance.now();
  let code: ExitCode;
  let fault: unknown;
  try {
    code = await Promise.race([
      follow(runner, command, output, started),
      interruption.told.then((): ExitCode => EXIT.ok),
    ]);
  } catch (error) {
    // What fails because of an interruption is its consequence.
    fault = interruption.seen ? undefined : error;
    code = EXIT.failed;
  }
  fault ??= interruption.fault;
  if (fault !== undefined || (command.once && interruption.seen)) {
    code = EXIT.failed;
  } else if (interruption.seen) {
    code = EXIT.ok;
  }
  const inTime = await Promise.race([
    runner.stop().then(() => true),
    sleep(STOP_DEADLINE_MS, false, { ref: false }),
  ]);
  display.finish();
  if (!inTime) {
    killMarkedProcesses();
  }
  interruption.release();
  if (fault !== undefined) {
    reportFault(fault, output);
  }
  if (!inTime) {
    output.err('The fleet did not stop in time; its processes were killed.');
    return EXIT.failed;
  }
  output.out(code === EXIT.ok && !command.once ? 'Stopped.\n' : '');
  return code;
}

async function follow(
  runner: FleetRunner,
  command: StartCommand,
  output: Output,
  started: number,
): Promise<ExitCode> {
  await runner.start();
  const left = HEALTHY_DEADLINE_MS - (performance.now() - started);
  const outcome = await runner.healthy(Math.max(0, left));
  const plain = output.terminal() === undefined;
  if (plain) {
    output.out(`\n${plainTable(runner.model)}\n`);
  }
  if (outcome.kind === 'unhealthy' && (plain || command.once)) {
    throw new CodedError(
      'fleet_unhealthy',
      `The fleet is not healthy:\n  ${outcome.reasons.join('\n  ')}`,
      { remedy: `The logs of the nodes are in ${runner.model.dir}/node-*/.` },
    );
  }
  if (command.once) {
    return EXIT.ok;
  }
  if (plain) {
    output.out(`${renderNext(runner.model, command.rpcCommand)}\n`);
  }
  // From here on only a signal ends it.
  return new Promise(() => undefined);
}

function reportFault(error: unknown, output: Output): void {
  output.err(describeError(error));
  if (isCodedError(error) && error.remedy !== undefined) {
    output.err(`  ${error.remedy}`);
  }
}

/** What ends a run from outside: a signal, or a fault that nobody caught. */
class Interruption {
  /** Resolves with the first one. */
  readonly told: Promise<void>;
  fault: unknown;
  #since: number | undefined;
  #tell: () => void = () => undefined;
  readonly #onSignal = (): void => this.#interrupt();
  readonly #onFault = (error: unknown): void => {
    this.fault ??= error;
    this.#interrupt();
  };

  constructor() {
    this.told = new Promise((resolve) => {
      this.#tell = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, this.#onSignal);
    }
    process.on('uncaughtException', this.#onFault);
    process.on('unhandledRejection', this.#onFault);
    // The last resort, whatever makes the process exit.
    process.on('exit', killMarkedProcesses);
  }

  get seen(): boolean {
    return this.#since !== undefined;
  }

  release(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.off(signal, this.#onSignal);
    }
    process.off('uncaughtException', this.#onFault);
    process.off('unhandledRejection', this.#onFault);
    process.off('exit', killMarkedProcesses);
  }

  #interrupt(): void {
    const now = performance.now();
    if (this.#since === undefined) {
      this.#since = now;
      this.#tell();
    } else if (now - this.#since > SAME_SIGNAL_MS) {
      // Asked again: no more patience.
      killMarkedProcesses();
      process.exit(EXIT.failed);
    }
  }
}
