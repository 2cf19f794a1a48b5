import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeError, type JsonValue, parseJson, stringifyJson } from '@cl-hive/core';
import {
  type NodeUnderTest,
  PLUGIN_NAMES,
  type PluginName,
  pluginFile,
  withNode,
} from '@cl-hive/hive-lab';
import { COMBINATIONS, orders } from '@cl-hive/readiness';
import { type Place, placesOf } from '../lab/places.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector } from './collector.ts';

/** One line of what went wrong. */
function faultOf(error: unknown): string {
  return (describeError(error).split('\n')[0] ?? '').slice(0, 300);
}

async function tryOrder(
  { dist }: Setting,
  { name, backend }: Place,
  order: readonly PluginName[],
): Promise<JsonValue> {
  const faults: string[] = [];
  let lightningd: JsonValue = '';
  const setting = { dist, plugins: order, backend };
  try {
    await withNode(setting, async (node) => {
      for (const plugin of order) {
        await node.untilState(plugin, 'ready');
      }
      await node.untilAllKnow(order);
      lightningd = (await node.call('getinfo'))['version'] ?? '';
    });
  } catch (error) {
    faults.push(faultOf(error));
  }
  return { order, on: name, lightningd: lightningd === '' ? 'unknown' : lightningd, faults };
}

/** Runs steps one after another; each is told as done or with its fault. */
async function steps(
  on: string,
  list: readonly (readonly [string, () => Promise<void>])[],
): Promise<readonly JsonValue[]> {
  const seen: JsonValue[] = [];
  for (const [step, run] of list) {
    try {
      await run();
      seen.push({ step, on });
    } catch (error) {
      seen.push({ step, on, fault: faultOf(error) });
    }
  }
  return seen;
}

async function tryLife({ dist }: Setting, { name, backend }: Place): Promise<readonly JsonValue[]> {
  let seen: readonly JsonValue[] = [];
  const dependents = ['cl-hive-archon', 'cl-hive'] as const;
  const setting = { dist, plugins: dependents, backend };
  await withNode(setting, async (node) => {
    seen = await steps(name, [
      ['idle without need', () => idleWithoutNeed(node, dependents)],
      [
        'wake',
        async () => {
          await node.startPlugin('cl-hive-comms');
          await node.untilAllKnow(PLUGIN_NAMES);
        },
      ],
      ...PLUGIN_NAMES.flatMap((plugin) => [
        [
          'stop',
          async () => {
            await node.stopPlugin(plugin);
            await node.untilOthersKnowGone(plugin);
          },
        ] as const,
        [
          'start again',
          async () => {
            await node.startPlugin(plugin);
            await node.untilAllKnow(PLUGIN_NAMES);
          },
        ] as const,
      ]),
    ]);
  });
  return seen;
}

async function idleWithoutNeed(node: NodeUnderTest, plugins: readonly PluginName[]): Promise<void> {
  for (const plugin of plugins) {
    await node.untilState(plugin, 'idle');
    await node.until(
      `${plugin} says what it waits for`,
      async () => (await node.status(plugin))['waiting_for'] === 'cl-hive-comms',
    );
  }
}

/** Options of a plugin that is not there: lightningd refuses to start, without them it starts. */
async function tryOptions(
  { dist }: Setting,
  { name, backend }: Place,
): Promise<readonly JsonValue[]> {
  let seen: readonly JsonValue[] = [];
  await withNode({ dist, backend, plugins: [] }, async (node) => {
    const config = path.join(node.lightningDir, 'config');
    const before = existsSync(config) ? readFileSync(config, 'utf8') : '';
    const option = 'hive-governance-mode=advisor\n';
    seen = await steps(name, [
      [
        'refused while absent',
        async () => {
          appendFileSync(config, option);
          const died = await node.restart().then(
            () => undefined,
            (error: unknown) => describeError(error),
          );
          if (died === undefined) {
            throw new Error('lightningd started with an option of an absent plugin');
          }
        },
      ],
      [
        'starts without',
        async () => {
          writeFileSync(config, before);
          await node.restart();
        },
      ],
      [
        'starts with',
        async () => {
          const lines = ['cl-hive-comms', 'cl-hive'].map(
            (plugin) => `plugin=${pluginFile(dist, plugin)}\n`,
          );
          writeFileSync(config, `${before}${lines.join('')}${option}`);
          await node.restart();
          await node.untilState('cl-hive', 'ready');
        },
      ],
    ]);
  });
  return seen;
}

/** Every combination of plugins in every order, their life, and options of absent ones. */
export const matrix: Collector = {
  id: 'matrix',
  title:
    'starts the plugins in every combination and order on hive-lab, and on a real node where present',
  inputs: (setting) => [...buildInputs(setting), ...placesOf(setting).map(({ name }) => name)],
  collect: async (setting) => {
    const starts: JsonValue[] = [];
    const life: JsonValue[] = [];
    const options: JsonValue[] = [];
    for (const place of placesOf(setting)) {
      for (const order of Object.values(COMBINATIONS).flatMap((plugins) => orders(plugins))) {
        starts.push(await tryOrder(setting, place, order));
      }
      life.push(...(await tryLife(setting, place)));
      options.push(...(await tryOptions(setting, place)));
    }
    return parseJson(stringifyJson({ starts, life, options }));
  },
};
