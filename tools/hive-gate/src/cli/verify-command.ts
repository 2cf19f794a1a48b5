import path from 'node:path';
import {
  CHECKS,
  keyName,
  type Report,
  type ReportBody,
  reportOutcome,
  verifyReport,
} from '@cl-hive/readiness';
import { verifyEd25519 } from '../keys.ts';
import { readReport } from '../report-file.ts';
import type { Setting } from '../setting.ts';
import type { Around } from './around.ts';
import { readConfig, settingOf, signerKeys, type WhereOptions } from './common.ts';
import { type ExitCode, exitOf } from './exit-codes.ts';

/** Options of `verify`. */
export interface VerifyOptions extends WhereOptions {
  /** Keys that may have signed, as gates.yaml writes them. */
  readonly signer?: readonly string[];
  /** Only the file: neither commit nor builds are at hand. */
  readonly fileOnly?: true;
}

/** A report that was verified against gates.yaml, and, where at hand, commit and builds. */
export function verified(
  file: string,
  options: VerifyOptions,
  around: Around,
): { readonly report: Report; readonly content: ReportBody; readonly setting?: Setting } {
  const report = readReport(path.resolve(around.cwd, file));
  const setting = options.fileOnly === true ? undefined : settingOf(options, around);
  const config =
    setting?.config ?? readConfig(path.resolve(around.cwd, options.gates ?? 'docs/gates'));
  const keys = signerKeys(options, config);
  const content = verifyReport(report, {
    checks: CHECKS,
    config,
    now: around.now(),
    ed25519: verifyEd25519,
    ...(setting === undefined ? {} : { subject: setting.subject }),
    ...(keys === undefined ? {} : { keys }),
  });
  return { report, content, ...(setting === undefined ? {} : { setting }) };
}

/** `hive-gate verify REPORT`: exit as its gates say, 1 when it is refused. */
export function runVerify(file: string, options: VerifyOptions, around: Around): ExitCode {
  const { report, content } = verified(file, options, around);
  const outcome = reportOutcome(content);
  const by = report.signature === undefined ? '' : keyName(report.signature);
  around.out(`genuine, signed by ${by}\n`);
  around.out(`commit ${content.subject.commit}, made ${new Date(content.made_at).toISOString()}\n`);
  for (const { name, version, digest } of content.subject.builds) {
    around.out(`  ${name} ${version} ${digest.slice(0, 16)}\n`);
  }
  const open = content.verdicts.filter((verdict) => verdict.outcome !== 'pass');
  for (const { check, outcome: how, evidence } of open) {
    around.out(`  ${how} ${check}: ${evidence}\n`);
  }
  around.out(`digest ${report.digest}\noutcome ${outcome}\n`);
  return exitOf(outcome);
}
