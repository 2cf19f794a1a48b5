import path from 'node:path';
import { stringifyJson } from '@cl-hive/core';
import { CHECKS, makeReport, worst } from '@cl-hive/readiness';
import { type CheckRun, chooseChecks, runChecks } from '../check-run.ts';
import { writeWhole } from '../files.ts';
import { WATCH_SECONDS } from '../limits.ts';
import { checksJson, renderJunit, renderMarkdown } from '../render/documents.ts';
import { renderTable } from '../render/table.ts';
import { writeReport } from '../report-file.ts';
import type { Setting } from '../setting.ts';
import type { Around } from './around.ts';
import { checkWritable, settingOf, signerOf, UsageError, type WhereOptions } from './common.ts';
import { type ExitCode, exitOf } from './exit-codes.ts';

/** Options of `check`. */
export interface CheckOptions extends WhereOptions {
  readonly only?: string;
  readonly json?: true;
  readonly junit?: string;
  readonly markdown?: string;
  readonly report?: string;
  readonly key?: string;
  readonly node?: string;
  readonly watch?: true;
}

/** Width of a table that goes into a file or a pipe. */
const PIPE_COLUMNS = 120;

/** `hive-gate check`. */
export async function runCheck(options: CheckOptions, around: Around): Promise<ExitCode> {
  const checks = chooseChecks(options.only);
  if (checks === undefined) {
    throw new UsageError(`--only ${options.only ?? ''} names no check`, 'hive-gate list');
  }
  if (options.report !== undefined && checks.length !== CHECKS.length) {
    throw new UsageError('a report is about all checks', 'leave out --only or --report');
  }
  checkWritable('--junit', options.junit, around.cwd);
  checkWritable('--markdown', options.markdown, around.cwd);
  checkWritable('--report', options.report, around.cwd);
  for (;;) {
    const setting = settingOf(options, around);
    const run = await runChecks(checks, setting, around.progress);
    const code = exitOf(worst(run.lines.map(({ verdict }) => verdict)));
    show(run, options, { setting, around });
    await report(run, options, { setting, around });
    if (options.watch !== true) {
      return code;
    }
    await around.pause(WATCH_SECONDS * 1000);
    around.out('\n');
  }
}

interface Surroundings {
  readonly setting: Setting;
  readonly around: Around;
}

function show({ lines }: CheckRun, options: CheckOptions, { setting, around }: Surroundings): void {
  const write = (file: string, text: string): void => {
    if (file === '-') {
      around.out(text);
    } else {
      writeWhole(path.resolve(around.cwd, file), text);
    }
  };
  if (options.junit !== undefined) {
    write(options.junit, renderJunit(lines, setting.subject.commit));
  }
  if (options.markdown !== undefined) {
    write(options.markdown, renderMarkdown(lines));
  }
  if (options.json === true) {
    around.out(`${stringifyJson(checksJson(lines))}\n`);
  } else if (options.junit !== '-' && options.markdown !== '-') {
    const { colour } = around;
    around.out(renderTable(lines, { columns: around.columns() ?? PIPE_COLUMNS, colour }));
  }
}

async function report(
  { evidence }: CheckRun,
  options: CheckOptions,
  { setting, around }: Surroundings,
): Promise<void> {
  if (options.report === undefined) {
    return;
  }
  const { config, subject, now } = setting;
  const content = makeReport(CHECKS, { evidence, config, subject, now: now() });
  const file = path.resolve(around.cwd, options.report);
  const signer = signerOf(options, around.cwd);
  const { digest, signature } = await writeReport(file, content, signer);
  around.err(`report ${digest} in ${file}`);
  if (signature === undefined) {
    around.err('  It is not signed, so that verify refuses it: give --node DIR or --key FILE.');
  }
}
