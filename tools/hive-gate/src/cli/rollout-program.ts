import type { Action } from '@cl-hive/readiness';
import { type Command, Option } from 'commander';
import type { Around } from './around.ts';
import type { ExitCode } from './exit-codes.ts';
import { type NodeOptions, runBaseline, runCanary, runDoctor, runSample } from './node-commands.ts';
import {
  type ApproveOptions,
  type RollbackOptions,
  type RolloutOptions,
  runApprove,
  runRollback,
  runRollout,
  runStatus,
} from './rollout-command.ts';

type Done = (code: ExitCode) => void;
type Where = (command: Command) => Command;

const collect = (text: string, earlier: readonly string[] | undefined): readonly string[] => [
  ...(earlier ?? []),
  text,
];

function signing(command: Command): Command {
  return command
    .option('--node <place>', 'sign as the node whose lightning-rpc is here')
    .option('--key <file>', 'sign with this key file')
    .option('--signer <key>', 'whose signatures count (repeatable)', collect);
}

function changes(command: Command): Command {
  return signing(command)
    .requiredOption('--state <file>', "the rollout's file")
    .option('--report <file>', 'the report whose gates all pass')
    .option('--approval <file>', 'an approval (repeatable)', collect)
    .option('--on-node <name>', 'a node of this step (repeatable)', collect)
    .option('--canary <file>', "the canary's file")
    .option('--why <text>', 'a word on it');
}

/** Adds the commands of a rollout. */
export function addRollout(program: Command, where: Where, around: Around, done: Done): void {
  signing(where(program.command('approve')))
    .description('Say "Execution Approved" to a report and a stage, as a maintainer.')
    .argument('<report>')
    .requiredOption('--stage <stage>', 'the stage that may begin')
    .requiredOption('--out <file>', 'the approval to write')
    .action(async (file: string, options: ApproveOptions) =>
      done(await runApprove(file, options, around)),
    );
  changes(where(program.command('promote')))
    .description('Write the next stage: only with gates that pass and enough approvals.')
    .action(async (options: RolloutOptions) => done(await runRollout('promote', options, around)));
  changes(where(program.command('rollout')))
    .description('Change a rollout: begin, wave, pause, resume, roll-back.')
    .argument('<action>', 'begin, wave, pause, resume or roll-back')
    .action(async (word: string, options: RolloutOptions) => {
      const actions: Readonly<Record<string, Action>> = {
        begin: 'begin',
        wave: 'wave',
        pause: 'pause',
        resume: 'resume',
        'roll-back': 'roll_back',
      };
      const action = actions[word];
      if (action === undefined) {
        program.error(`there is no action ${word}`, { exitCode: 3 });
      }
      done(await runRollout(action, options, around));
    });
  where(program.command('status'))
    .description('Show where the rollout stands, every entry verified.')
    .requiredOption('--state <file>', "the rollout's file")
    .option('--signer <key>', 'whose signatures count (repeatable)', collect)
    .action((options: RolloutOptions) => done(runStatus(options, around)));
  changes(where(program.command('rollback')))
    .description(
      'Show the exact steps back, options to remove included, and do them on confirmation.',
    )
    .option('--plugins <list>', 'which plugins (default: what the stage added)')
    .option('--config <file>', "lightningd's configuration file")
    .option('--yes', 'do it without asking')
    .action(async (options: RollbackOptions) => done(await runRollback(options, around)));
}

/** Adds the commands about one node. */
export function addNode(program: Command, where: Where, around: Around, done: Done): void {
  const onNode = (name: string): Command =>
    where(program.command(name))
      .addOption(new Option('--node <place>', 'the folder with its lightning-rpc'))
      .option('--json', 'for programs');
  onNode('doctor')
    .description('Examine one node: what is installed, what is wrong, how to mend it.')
    .option('--save <file>', 'keep what was seen, to compare after an upgrade')
    .option('--compare <file>', 'show what changed since')
    .action(async (options: NodeOptions) => done(await runDoctor(options, around)));
  onNode('baseline')
    .description('Record how a node is before it becomes the canary.')
    .option('--file <file>', "the canary's file", 'canary.json')
    .action(async (options: NodeOptions) => done(await runBaseline(options, around)));
  onNode('sample')
    .description('Record how the canary is now; the first sample begins its time.')
    .option('--file <file>', "the canary's file", 'canary.json')
    .option('--log <file>', "lightningd's log")
    .option('--node-tests <file>', 'JUnit of the tests that ran on the node')
    .option('--watch', 'one a minute')
    .action(async (options: NodeOptions) => done(await runSample(options, around)));
  onNode('canary')
    .description('Judge the canary against its baseline.')
    .option('--file <file>', "the canary's file", 'canary.json')
    .action((options: NodeOptions) => done(runCanary(options, around)));
}
