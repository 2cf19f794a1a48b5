import { existsSync } from 'node:fs';
import path from 'node:path';
import type { JsonValue } from '@cl-hive/core';
import { RUNBOOKS, type RunbookName } from '@cl-hive/readiness';
import { readText, sha256 } from '../files.ts';
import { withLab } from '../lab/lab.ts';
import { RunbookLab } from '../lab/runbook-lab.ts';
import { YAML_BYTES_MAX } from '../limits.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector } from './collector.ts';
import { matchesResult, readRunbook } from './runbook-text.ts';

const OUTPUT_SHOWN = 200;

/** A rollback begins where its rollout ended. */
const BEFORE: Partial<Readonly<Record<RunbookName, RunbookName>>> = {
  'rollback-container': 'rollout-container',
  'rollback-manual': 'rollout-manual',
};

const fileOf = ({ runbooks }: Setting, name: RunbookName): string =>
  path.join(runbooks, `${name}.md`);

const textOf = (setting: Setting, name: RunbookName): string => {
  const file = fileOf(setting, name);
  return existsSync(file) ? readText(file, YAML_BYTES_MAX) : '';
};

function collectorOf(name: RunbookName): Collector {
  const before = BEFORE[name];
  return {
    id: `runbook-${name}`,
    title: `executes the command blocks of docs/runbooks/${name}.md on hive-lab and compares`,
    inputs: (setting) => [
      ...buildInputs(setting),
      sha256(textOf(setting, name)),
      before === undefined ? '' : sha256(textOf(setting, before)),
    ],
    collect: async (setting) => {
      const { steps, blocks } = readRunbook(textOf(setting, name));
      const seen: JsonValue[] = [];
      await withLab(setting, { plugins: [] }, async (node) => {
        const lab = await RunbookLab.open(node, setting.dist);
        try {
          for (const { commands } of before === undefined
            ? []
            : readRunbook(textOf(setting, before)).blocks) {
            await lab.run(commands);
          }
          for (const { step, line, commands, result } of blocks) {
            const { exit, output } = await lab.run(commands);
            seen.push({
              step,
              line,
              exit,
              stated: result !== undefined,
              matched: result === undefined || matchesResult(result, output),
              output: output.trim().slice(-OUTPUT_SHOWN),
            });
          }
        } finally {
          await lab.close();
        }
      });
      const on = name.endsWith('container') ? 'hive-lab, docker stood in for' : 'hive-lab';
      return { present: existsSync(fileOf(setting, name)), steps, blocks: seen, on };
    },
  };
}

/** The four runbooks. */
export const runbooks: readonly Collector[] = (Object.keys(RUNBOOKS) as RunbookName[]).map(
  collectorOf,
);
