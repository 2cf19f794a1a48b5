import path from 'node:path';
import { describeError, isCodedError } from '@cl-hive/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { FleetBackend } from '../contract/fleet.ts';
import { resolveFleetDir } from '../fleet/fleet-dir.ts';
import { labBackend } from '../fleet/lab-backend.ts';
import { NODES_MAX } from '../fleet/limits.ts';
import { systemClock } from '../lightningd/system-clock.ts';
import { findBinaries, realBackend } from '../real/index.ts';
import { PUBLIC_NODES_MAX, PUBLIC_NODES_MIN } from '../world/limits.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { runGenerate } from './generate-command.ts';
import type { Output } from './output.ts';
import { choosePlugins, DEFAULT_PLUGINS } from './plugin-choice.ts';
import { runRelay } from './relay-command.ts';
import { parseRpcWords, runRpc } from './rpc-command.ts';
import { runStart } from './start-command.ts';
import { runStatus } from './status-command.ts';

/** What the program knows of its surroundings. */
export interface Surroundings {
  readonly output: Output;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The folder with the built plugins. */
  readonly dist: string;
}

const EXIT_CODES = `
Exit codes: 0 success; 1 the command answered an error, or the fleet is not healthy;
            2 no fleet, or its node cannot be reached; 3 wrong arguments.`;

/** Runs `hive-lab` with the words of a command line. Resolves with the exit code. */
export async function runProgram(
  words: readonly string[],
  around: Surroundings,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = new Command('hive-lab')
    .description('A fleet of Lightning nodes with the cl-hive plugins on this machine.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('Add --help for all options and examples.')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => around.output.out(text),
      writeErr: (text) => around.output.err(text.trimEnd()),
    });
  const done = (exitCode: ExitCode): void => {
    code = exitCode;
  };
  addStart(program, around, done);
  addCli(program, around, done);
  addStatus(program, around, done);
  addRelay(program, around, done);
  addGenerate(program, around, done);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, around.output);
  }
}

const USAGE_ERRORS = new Set([
  'bad_params',
  'bad_call',
  'bad_option',
  'plugin_twice',
  'plugin_missing',
  'plugin_not_executable',
  'fleet_path_long',
]);

function failure(error: unknown, output: Output): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  output.err(describeError(error));
  if (!isCodedError(error)) {
    return EXIT.failed;
  }
  if (error.remedy !== undefined) {
    output.err(`  ${error.remedy}`);
  }
  if (error.code === 'no_fleet') {
    return EXIT.unreachable;
  }
  return USAGE_ERRORS.has(error.code) ? EXIT.usage : EXIT.failed;
}

type Done = (code: ExitCode) => void;

const dirOption = (): Option =>
  new Option(
    '--dir <folder>',
    "the fleet's own folder; cleared at each start (default: .hive-lab)",
  );

/** A chain that moves while one watches: soon after each transaction, and every minute. */
const MINING = { everyMs: 60_000, onTransactionMs: 1_000 };

interface StartOptions {
  readonly nodes: number;
  readonly publicNodes: number;
  readonly gossmap?: string;
  readonly seed: number;
  readonly dir?: string;
  readonly once?: true;
  readonly real?: true;
  readonly plugins: string;
  readonly option: readonly string[];
  readonly relay: boolean;
  readonly relayPort: number;
}

function addStart(program: Command, around: Surroundings, done: Done): void {
  program
    .command('start')
    .description('Start a fleet and show it until Ctrl-C.')
    .option('--nodes <count>', `nodes of the fleet, 1 to ${NODES_MAX}`, integer(1, NODES_MAX), 3)
    .option(
      '--public-nodes <count>',
      `public nodes around it: 0, or ${PUBLIC_NODES_MIN} to ${PUBLIC_NODES_MAX}`,
      publicNodes,
      1000,
    )
    .option('--gossmap <file>', 'take the public network from this snapshot instead')
    .option(
      '--seed <number>',
      'the same seed gives the same nodes and network',
      integer(0, 2 ** 32 - 1),
      1,
    )
    .addOption(dirOption())
    .option(
      '--once',
      'stop when the fleet is healthy (exit 0), or is not within two minutes (exit 1)',
    )
    .option('--real', 'run real lightningd and bitcoind (regtest) from the PATH')
    .option('--plugins <list>', 'comms, archon, hive, paths of others, or none', DEFAULT_PLUGINS)
    .option('--option <PLUGIN:NAME=VALUE>', 'an option of a plugin (repeatable)', collect, [])
    .option('--no-relay', 'start no Nostr relay')
    .option('--relay-port <port>', 'port of the relay; 0 takes a free one', integer(0, 65_535), 0)
    .addHelpText(
      'after',
      `
Examples:
  hive-lab start                                  three nodes, all plugins, 1,000 public nodes
  hive-lab start --once                           is everything well? exit 0 or 1
  hive-lab start --nodes 2 --plugins comms,hive   a subset of the plugins
  hive-lab start --plugins comms,./my-plugin.js   with a plugin of yours
  hive-lab start --real                           the same on real lightningd
${EXIT_CODES}`,
    )
    .action(async (options: StartOptions) => done(await start(options, around)));
}

async function start(options: StartOptions, around: Surroundings): Promise<ExitCode> {
  const { output, cwd, env } = around;
  const plugins = choosePlugins(options.plugins, options.option, around);
  const dir = resolveFleetDir(cwd, options.dir);
  if (options.real === true) {
    const search = findBinaries(env['PATH'] ?? '');
    if (search.kind === 'missing') {
      output.out(`${search.message}\n`);
      return EXIT.ok;
    }
  }
  const backend = (signal: AbortSignal): FleetBackend =>
    options.real === true ? realBackend({ signal }) : labBackend({ signal, mining: MINING });
  return runStart(
    {
      run: {
        backend,
        clock: systemClock,
        plugins: () => plugins,
        relayPort: options.relay ? options.relayPort : undefined,
        spec: {
          dir,
          nodes: options.nodes,
          seed: options.seed,
          publicNodes: options.publicNodes,
          ...(options.gossmap === undefined ? {} : { gossmap: path.resolve(cwd, options.gossmap) }),
        },
      },
      once: options.once === true,
      rpcCommand: rpcCommand(options.dir, env),
    },
    output,
  );
}

/** How a person in this terminal reaches the nodes: through npm where the fleet was started so. */
function rpcCommand(dir: string | undefined, env: NodeJS.ProcessEnv): string {
  const suffix = dir === undefined ? '' : ` --dir ${dir}`;
  return env['npm_lifecycle_event'] === undefined
    ? `hive-lab cli${suffix}`
    : `npm run lightning-cli --${suffix}`;
}

function addCli(program: Command, around: Surroundings, done: Done): void {
  program
    .command('cli')
    .description('Call a method of a node of the running fleet, as lightning-cli does.')
    .usage('[--dir <folder>] [-k | -o] N METHOD [PARAMS...]')
    .addOption(dirOption())
    .option('-k, --keywords', 'parameters are name=value')
    .option('-o, --order', 'parameters are in order, also those with =')
    .argument('<words...>', 'number of the node, method, parameters')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Parameters are name=value when the first one is, else in order. Numbers, true, false, null, {...},
[...] and "..." are JSON; everything else is text.

Examples:
  hive-lab cli 1 hive-status
  hive-lab cli 2 listpeerchannels
  hive-lab cli 1 invoice 10000 my-label "a description"
  hive-lab cli 1 -k invoice amount_msat=10000 label=my-label description=x
  hive-lab cli 1 help
${EXIT_CODES}`,
    )
    .action(
      async (
        words: readonly string[],
        options: { readonly dir?: string; readonly keywords?: true; readonly order?: true },
      ) => {
        const flags = [...(options.keywords ? ['-k'] : []), ...(options.order ? ['-o'] : [])];
        const call = parseRpcWords([...flags, ...words]);
        done(await runRpc(resolveFleetDir(around.cwd, options.dir), call, around.output));
      },
    );
}

function addStatus(program: Command, around: Surroundings, done: Done): void {
  program
    .command('status')
    .description('Show the running fleet once; exit 0 when it is healthy.')
    .addOption(dirOption())
    .addHelpText('after', `\nExample:\n  hive-lab status\n${EXIT_CODES}`)
    .action(async (options: { readonly dir?: string }) => {
      const dir = resolveFleetDir(around.cwd, options.dir);
      done(await runStatus(dir, systemClock.now(), around.output));
    });
}

function addRelay(program: Command, around: Surroundings, done: Done): void {
  program
    .command('relay')
    .description('Run only a Nostr relay on 127.0.0.1, with its events in memory, until Ctrl-C.')
    .option('--port <port>', '0 takes a free one', integer(0, 65_535), 0)
    .option(
      '--auth',
      'ask who reads (NIP-42): direct messages go to their authors and readers alone',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  hive-lab relay --port 7447\n  hive-lab relay --auth\n${EXIT_CODES}`,
    )
    .action(async ({ port, auth = false }: { readonly port: number; readonly auth?: boolean }) =>
      done(await runRelay({ port, auth }, around.output)),
    );
}

function addGenerate(program: Command, around: Surroundings, done: Done): void {
  program
    .command('generate')
    .description("Write listchannels.json and listnodes.json of a network with mainnet's shape.")
    .option(
      '--public-nodes <count>',
      'its nodes',
      integer(PUBLIC_NODES_MIN, PUBLIC_NODES_MAX),
      1000,
    )
    .option('--seed <number>', 'the same seed gives the same network', integer(0, 2 ** 32 - 1), 1)
    .option('--now <seconds>', 'time of the newest gossip, Unix seconds', integer(0, 2 ** 32 - 1))
    .requiredOption('--out <folder>', 'where to write; made when missing')
    .addHelpText(
      'after',
      `\nExample:\n  hive-lab generate --public-nodes 16000 --out /tmp/mainnet\n${EXIT_CODES}`,
    )
    .action(
      (options: {
        readonly publicNodes: number;
        readonly seed: number;
        readonly now?: number;
        readonly out: string;
      }) => {
        const dir = path.resolve(around.cwd, options.out);
        const nowSeconds = options.now ?? Math.floor(systemClock.now() / 1000);
        const { publicNodes: nodes, seed } = options;
        done(runGenerate({ nodes, seed, dir, nowSeconds }, around.output));
      },
    );
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
    }
    return value;
  };
}

function publicNodes(text: string): number {
  return text === '0' ? 0 : integer(PUBLIC_NODES_MIN, PUBLIC_NODES_MAX)(text);
}

function collect(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text];
}
