import { existsSync } from 'node:fs';
import path from 'node:path';
import type { JsonValue } from '@cl-hive/core';
import { withNode } from '@cl-hive/hive-lab';
import { RUNBOOKS, type RunbookName } from '@cl-hive/readiness';
import { readText, sha256 } from '../files.ts';
import { type Place, placesOf } from '../lab/places.ts';
import { type BlockResult, RunbookLab } from '../lab/runbook-lab.ts';
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

/** Runs blocks one after another on a fresh node of a place; gives the results of the last `shown`. */
async function execute(
  { dist }: Setting,
  { backend, lightningCli }: Place,
  name: RunbookName,
  blocks: readonly string[],
  shown: number,
): Promise<readonly BlockResult[]> {
  const results: BlockResult[] = [];
  const kind = name.endsWith('container') ? 'container' : 'manual';
  const cli = lightningCli === undefined ? {} : { lightningCli };
  await withNode({ dist, backend, plugins: [] }, async (node) => {
    const lab = await RunbookLab.open({ node, dist, kind, ...cli });
    try {
      for (const commands of blocks) {
        results.push(await lab.run(commands));
      }
    } finally {
      await lab.close();
    }
  });
  return results.slice(-shown);
}

function collectorOf(name: RunbookName): Collector {
  const before = BEFORE[name];
  return {
    id: `runbook-${name}`,
    title: `executes the command blocks of docs/runbooks/${name}.md on hive-lab, and on a real node where present`,
    inputs: (setting) => [
      ...buildInputs(setting),
      ...placesOf(setting).map((place) => place.name),
      sha256(textOf(setting, name)),
      before === undefined ? '' : sha256(textOf(setting, before)),
    ],
    collect: async (setting) => {
      const { steps, blocks } = readRunbook(textOf(setting, name));
      const first = before === undefined ? [] : readRunbook(textOf(setting, before)).blocks;
      const all = [...first, ...blocks].map(({ commands }) => commands);
      const seen: JsonValue[] = [];
      const places = placesOf(setting);
      for (const place of blocks.length === 0 ? [] : places) {
        const results = await execute(setting, place, name, all, blocks.length);
        for (const [index, { step, line, result }] of blocks.entries()) {
          const { exit = 1, output = '' } = results[index] ?? {};
          seen.push({
            step,
            line,
            exit,
            stated: result !== undefined,
            matched: result === undefined || matchesResult(result, output),
            output: `${place.name}: ${output.trim().slice(-OUTPUT_SHOWN)}`,
          });
        }
      }
      const where = places.map((place) => place.name).join(' and ');
      const on = name.endsWith('container') ? `${where}, docker stood in for` : where;
      return { present: existsSync(fileOf(setting, name)), steps, blocks: seen, on };
    },
  };
}

/** The four runbooks. */
export const runbooks: readonly Collector[] = (Object.keys(RUNBOOKS) as RunbookName[]).map(
  collectorOf,
);
