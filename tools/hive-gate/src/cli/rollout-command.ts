import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectRpc } from '@cl-hive/cln-rpc';
import { stringifyJson } from '@cl-hive/core';
import {
  type Action,
  type Approval,
  approvalContent,
  approvalDigest,
  approvalProblems,
  CANARY_CHECKS,
  decodeApproval,
  type Outcome,
  oneStage,
  reportOutcome,
  rolloutStep,
  STAGES,
  type Stage,
  stageAfter,
  worst,
} from '@cl-hive/readiness';
import { askManifest } from '../collectors/rpc-methods.ts';
import { readJson, writeWhole } from '../files.ts';
import { verifyEd25519 } from '../keys.ts';
import { YAML_BYTES_MAX } from '../limits.ts';
import { judgeCanary } from '../node/canary-file.ts';
import { linesToRemove, pluginsToRemove, rollbackPlan, withoutPlugins } from '../rollback-steps.ts';
import { appendEntry, readRollout } from '../rollout-file.ts';
import type { Around } from './around.ts';
import { rpcFileOf, settingOf, signerKeys, signerOf, UsageError } from './common.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type VerifyOptions, verified } from './verify-command.ts';

/** Options of `approve`. */
export interface ApproveOptions extends VerifyOptions {
  readonly stage: string;
  readonly out: string;
  readonly key?: string;
  readonly node?: string;
}

function stageOf(text: string): Stage {
  const stage = oneStage(text);
  if (stage === undefined) {
    throw new UsageError(`there is no stage ${text}`, STAGES.join(', '));
  }
  return stage;
}

/** `hive-gate approve REPORT`: a maintainer's word on it, as a file. Only what passes can be approved. */
export async function runApprove(
  file: string,
  options: ApproveOptions,
  around: Around,
): Promise<ExitCode> {
  const { report, content } = verified(file, options, around);
  const outcome = reportOutcome(content);
  if (outcome !== 'pass') {
    around.err(`the report says ${outcome}: only a pass can be approved`);
    return EXIT[outcome];
  }
  const signer = signerOf(options, around.cwd);
  if (signer === undefined) {
    throw new UsageError('an approval is signed', 'give --key FILE or --node DIR');
  }
  const said = approvalContent(report.digest, stageOf(options.stage), around.now());
  const signature = await signer('approval', approvalDigest(said));
  const target = path.resolve(around.cwd, options.out);
  writeWhole(target, `${stringifyJson({ content: said, signature })}\n`);
  around.out(`Execution Approved: ${options.stage}, report ${report.digest}, in ${target}\n`);
  return EXIT.pass;
}

/** Options of `promote` and of `rollout ACTION`. */
export interface RolloutOptions extends VerifyOptions {
  readonly state: string;
  readonly report?: string;
  readonly approval?: readonly string[];
  readonly onNode?: readonly string[];
  readonly canary?: string;
  readonly why?: string;
  readonly key?: string;
  readonly node?: string;
}

function canaryOutcome(options: RolloutOptions, around: Around): Outcome | undefined {
  if (options.canary === undefined) {
    return undefined;
  }
  const setting = settingOf(options, around);
  const lines = judgeCanary(path.resolve(around.cwd, options.canary), setting, CANARY_CHECKS);
  return worst(lines.map(({ verdict }) => verdict));
}

/** Carries one change of the rollout out: decides, signs, writes. */
export async function runRollout(
  action: Action,
  options: RolloutOptions,
  around: Around,
): Promise<ExitCode> {
  const file = path.resolve(around.cwd, options.state);
  const setting = settingOf(options, around);
  const rollout = readRollout(file, signerKeys(options, setting.config));
  const forward =
    options.report === undefined ? undefined : verified(options.report, options, around);
  const target =
    action === 'begin' || action === 'promote' ? stageAfter(rollout.stage) : rollout.stage;
  const approvals: readonly Approval[] = (options.approval ?? []).map((one) =>
    decodeApproval(readJson(path.resolve(around.cwd, one), YAML_BYTES_MAX)),
  );
  const problems =
    forward === undefined || target === undefined
      ? undefined
      : approvalProblems(
          approvals,
          {
            report: forward.report.digest,
            made_at: forward.content.made_at,
            stage: target,
            now: around.now(),
          },
          setting.config,
          verifyEd25519,
        ).map(({ text }) => text);
  const canary = canaryOutcome(options, around);
  const step = rolloutStep(rollout, {
    action,
    at: around.now(),
    commit: setting.subject.commit,
    nodes: options.onNode ?? [],
    why: options.why ?? action,
    ...(forward === undefined
      ? {}
      : { report: { digest: forward.report.digest, outcome: reportOutcome(forward.content) } }),
    ...(problems === undefined ? {} : { approvalProblems: problems }),
    ...(canary === undefined ? {} : { canary }),
  });
  if (!step.ok) {
    around.err(`${step.code}: ${step.text}`);
    around.err(`  ${step.next}`);
    return step.code === 'canary_unknown' ? EXIT.unknown : EXIT.fail;
  }
  const signer = signerOf(options, around.cwd);
  if (signer === undefined) {
    throw new UsageError('every change of a rollout is signed', 'give --key FILE or --node DIR');
  }
  await appendEntry(file, step.body, signer);
  around.out(`${step.body.action}: stage ${step.body.stage}, ${step.next.state}\n`);
  return EXIT.pass;
}

/** `hive-gate status`: where the rollout stands. */
export function runStatus(options: RolloutOptions, around: Around): ExitCode {
  const keys = signerKeys(options, settingOf(options, around).config);
  const rollout = readRollout(path.resolve(around.cwd, options.state), keys);
  const { stage = 'none', state, wave, nodes, entries } = rollout;
  around.out(`stage ${stage}, ${state}${wave > 0 ? `, wave ${wave}` : ''}\n`);
  around.out(`nodes ${nodes.length === 0 ? 'none' : nodes.join(', ')}\nentries ${entries}\n`);
  const next = stageAfter(rollout.stage);
  around.out(`next ${next ?? 'nothing: the rollout is complete'}\n`);
  return EXIT.pass;
}

/** Options of `rollback`. */
export interface RollbackOptions extends RolloutOptions {
  readonly config?: string;
  readonly plugins?: string;
  readonly yes?: true;
}

/** `hive-gate rollback`: prints the exact steps; on confirmation stops, removes and records. */
export async function runRollback(options: RollbackOptions, around: Around): Promise<ExitCode> {
  const setting = settingOf(options, around);
  const keys = signerKeys(options, setting.config);
  const { stage } = readRollout(path.resolve(around.cwd, options.state), keys);
  const plugins =
    options.plugins?.split(',') ?? (stage === undefined ? [] : pluginsToRemove(stage));
  if (plugins.length === 0) {
    throw new UsageError('nothing was rolled out', 'name the plugins: --plugins cl-hive');
  }
  const declared = plugins.flatMap((plugin) => askManifest(setting.dist, plugin).options);
  const configFile =
    options.config === undefined ? undefined : path.resolve(around.cwd, options.config);
  const config = configFile === undefined ? '' : readFileSync(configFile, 'utf8');
  const { steps } = rollbackPlan(plugins, declared, config);
  around.out(
    `To roll ${plugins.join(', ')} back:\n${steps.map((line) => `  ${line}`).join('\n')}\n`,
  );
  const sure =
    options.yes === true || (await around.ask('Do it now? Type "roll back": ')) === 'roll back';
  if (!sure || options.node === undefined || configFile === undefined) {
    around.out('Nothing was done. With --node DIR --config FILE it can be done here.\n');
    return EXIT.unknown;
  }
  const rpc = connectRpc({ path: rpcFileOf(options.node, around.cwd), caller: 'hive-gate' });
  try {
    for (const plugin of [...plugins].reverse()) {
      const done = await rpc
        .raw('plugin', { subcommand: 'stop', plugin: `${plugin}.js` })
        .then(() => 'stopped')
        .catch((error: unknown) => `not stopped: ${String(error)}`);
      around.out(`${plugin}: ${done}\n`);
    }
  } finally {
    await rpc.close();
  }
  writeWhole(`${configFile}.before-rollback`, config);
  writeWhole(configFile, withoutPlugins(plugins, declared, config));
  const left = linesToRemove(plugins, declared, readFileSync(configFile, 'utf8'));
  around.out(
    `${configFile}: ${left.length} lines left; the old one is beside it. The data stays.\n`,
  );
  return stage === undefined ? EXIT.pass : runRollout('roll_back', options, around);
}
