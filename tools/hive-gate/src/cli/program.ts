import path from 'node:path';
import { describeError, isCodedError } from '@cl-hive/core';
import { Command, CommanderError } from 'commander';
import { makeKeyFile } from '../keys.ts';
import type { Around } from './around.ts';
import { type CheckOptions, runCheck } from './check-command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { runExplain, runList } from './explain-command.ts';
import { addNode, addRollout } from './rollout-program.ts';
import { runVerify, type VerifyOptions } from './verify-command.ts';

const EXIT_CODES = `
Exit codes: 0 everything passes; 1 something fails or is refused; 2 something is unknown; 3 usage.`;

/** What a command's action tells the program. */
type Done = (code: ExitCode) => void;

/** Runs `hive-gate` with the words of a command line. Resolves with the exit code. */
export async function runProgram(words: readonly string[], around: Around): Promise<ExitCode> {
  let code: ExitCode = EXIT.pass;
  const program = new Command('hive-gate')
    .description(
      'Is this release, and is this node, ready for the next step, and can you prove it?',
    )
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('Add --help for all options and examples.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => around.out(text),
      writeErr: (text) => around.err(text.trimEnd()),
    });
  const done: Done = (exitCode) => {
    code = exitCode;
  };
  addCheck(program, around, done);
  addReading(program, around, done);
  addRollout(program, whereOptions, around, done);
  addNode(program, whereOptions, around, done);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    around.progress('');
    return failure(error, around);
  }
}

const USAGE_ERRORS = new Set([
  'usage',
  'gates_config',
  'file_missing',
  'file_syntax',
  'file_too_large',
  'key_unreadable',
  'key_open',
  'key_exists',
]);

function failure(error: unknown, around: Around): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  }
  around.err(describeError(error));
  if (!isCodedError(error)) {
    return EXIT.fail;
  }
  if (error.remedy !== undefined) {
    around.err(`  ${error.remedy}`);
  }
  return USAGE_ERRORS.has(error.code) ? EXIT.usage : EXIT.fail;
}

/** Options that say where the release is, and what is handed in. */
export function whereOptions(command: Command): Command {
  return command
    .option('--root <folder>', 'the repository of the release (default: here or above)')
    .option('--dist <folder>', 'the built plugins (default: dist in the repository)')
    .option('--gates <folder>', 'gates.yaml and the registers (default: docs/gates)');
}

function addCheck(program: Command, around: Around, done: Done): void {
  whereOptions(program.command('check'))
    .description('Gather evidence, judge it, and show what passes, fails or is unknown.')
    .option('--only <list>', 'ids or gates, for example C,A-TESTS')
    .option('--tests <file>', 'a JUnit file of this commit')
    .option('--run-tests', 'run npm test now')
    .option('--advisories <file>', 'an OSV database of vulnerabilities')
    .option('--node-log <NAME=FILE>', 'the log of a node that runs it (repeatable)', collect, [])
    .option('--lightningd <path>', 'a real lightningd to try on, beside those on the PATH')
    .option(
      '--monolith <file>',
      'what a move from the Python cl-hive on a node of yours came to, instead of the drill',
    )
    .option('--fresh', 'gather everything again')
    .option('--json', 'for programs')
    .option('--junit <file>', 'write JUnit; - is standard output')
    .option('--markdown <file>', 'write Markdown; - is standard output')
    .option('--report <file>', 'write a report')
    .option('--node <place>', 'sign it as the node whose lightning-rpc is here')
    .option('--key <file>', 'sign it with this key file')
    .option('--watch', 'again every minute, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  hive-gate check
  hive-gate check --only C
  hive-gate check --advisories osv.json --node-log alice=/var/log/lightningd.log
  hive-gate check --report report.json --key release.key
${EXIT_CODES}`,
    )
    .action(async (options: CheckOptions) => done(await runCheck(options, around)));
}

function addReading(program: Command, around: Around, done: Done): void {
  program
    .command('list')
    .description('List the checks and what gathers their evidence.')
    .option('--json', 'for programs')
    .action((options: { readonly json?: true }) => done(runList(options, around)));
  program
    .command('explain')
    .description('Say what a check asks, why, and what to do.')
    .argument('<id>', 'a check, for example B-RESTORE')
    .action((id: string) => done(runExplain(id, around)));
  whereOptions(program.command('verify'))
    .description('Verify a report offline: genuine, fresh, about these builds, rightly judged.')
    .argument('<report>')
    .option('--signer <key>', 'who may have signed (repeatable)', collect)
    .option('--file-only', 'without commit and builds at hand')
    .action((file: string, options: VerifyOptions) => done(runVerify(file, options, around)));
  program
    .command('key')
    .description('Make a key file to sign with; prints its name for gates.yaml.')
    .argument('<file>')
    .action((file: string) => {
      around.out(`${makeKeyFile(path.resolve(around.cwd, file))}\n`);
      done(EXIT.pass);
    });
}

function collect(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}
