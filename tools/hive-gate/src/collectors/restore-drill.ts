import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  array,
  integer,
  type JsonObject,
  type JsonValue,
  object,
  stringifyJson,
  text,
} from '@cl-hive/core';
import { type NodeUnderTest, PLUGIN_NAMES, type PluginName } from '@cl-hive/hive-lab';
import { isPluginName, withLab } from '../lab/lab.ts';
import { ReplayDrill, type Replayed } from '../lab/replay.ts';
import type { Setting } from '../setting.ts';
import { buildInputs, type Collector } from './collector.ts';
import { runStoreTool } from './store-tool.ts';

/** Database files by plugin, below its own folder. */
export const DATABASE_FILES: Readonly<Record<PluginName, string>> = {
  'cl-hive-comms': 'comms.sqlite3',
  'cl-hive-archon': 'archon.sqlite3',
  'cl-hive': 'hive.sqlite3',
};

const decodeBegun = object({
  backups: array(text()),
  schema_version: integer(0),
  written_meanwhile: integer(0),
});
const decodeEnded = object({
  tables: array(object({ name: text(), rows: integer(0), backup: text(), restored: text() })),
  integrity: text(),
});

/** Fills, backs up, restores and compares one plugin's database with its own store program. */
function drillStore({ dist, onBackup }: Setting, plugin: string): JsonObject {
  const folder = mkdtempSync(path.join(tmpdir(), 'hive-drill-'));
  const nothing = {
    plugin,
    schema_version: 0,
    tables: [],
    written_meanwhile: 0,
    integrity: 'none',
  };
  try {
    const begun = runStoreTool(dist, plugin, 'drill-begin', folder);
    if (!begun.ok) {
      return { ...nothing, refusal: begun.refusal };
    }
    const { backups, schema_version, written_meanwhile } = decodeBegun(begun.answer);
    for (const file of backups) {
      onBackup?.(file);
    }
    const ended = runStoreTool(dist, plugin, 'drill-end', folder);
    if (!ended.ok) {
      return { ...nothing, schema_version, written_meanwhile, refusal: ended.refusal };
    }
    return { plugin, schema_version, written_meanwhile, ...decodeEnded(ended.answer) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each plugin answers of its own content, to be compared before and after. */
async function contentOf(node: NodeUnderTest): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  const { npub } = await node.call('hive-client-identity');
  const { receipts } = await node.call('hive-client-receipts');
  seen.set('identity', stringifyJson(npub ?? null));
  seen.set('receipts', stringifyJson(receipts ?? null));
  return seen;
}

/** What the drill on a node came to. */
interface NodeDrill {
  /** State of each plugin on its restored database, and what was lost. */
  readonly plugins: ReadonlyMap<PluginName, JsonObject>;
  readonly replayed: Replayed;
}

const backupOf = (node: NodeUnderTest, plugin: PluginName): string =>
  path.join(node.dir, `${plugin}.backup`);

async function start(node: NodeUnderTest): Promise<void> {
  for (const plugin of PLUGIN_NAMES) {
    await node.startPlugin(plugin);
  }
  for (const plugin of PLUGIN_NAMES) {
    await node.untilState(plugin, 'ready');
  }
}

async function stop(node: NodeUnderTest): Promise<void> {
  for (const plugin of [...PLUGIN_NAMES].reverse()) {
    await node.stopPlugin(plugin);
  }
}

/** Wipes a stopped plugin's folder and restores its backup; gives the refusal where one came. */
function bringBack(
  { dist, restoreWith }: Setting,
  node: NodeUnderTest,
  plugin: PluginName,
): string | undefined {
  const folder = path.join(node.lightningDir, plugin);
  const file = path.join(folder, DATABASE_FILES[plugin]);
  renameSync(folder, `${folder}.wiped`);
  mkdirSync(folder, { mode: 0o700 });
  const backup = backupOf(node, plugin);
  if (restoreWith !== undefined) {
    restoreWith(backup, file);
    return undefined;
  }
  const back = runStoreTool(dist, plugin, 'restore', backup, file);
  return back.ok ? undefined : back.refusal;
}

/** On a node: use, back up, use on, wipe, restore, start, and send again what was sent before. */
async function drillNode(setting: Setting): Promise<NodeDrill> {
  const plugins = new Map<PluginName, JsonObject>();
  let replayed: Replayed = {
    sent: 0,
    executed: 0,
    effects: 0,
    refused: 0,
    answers: [],
    fresh: false,
  };
  await withLab(setting, { plugins: [] }, async (node) => {
    await start(node);
    const replay = await ReplayDrill.open(node);
    await replay.half();
    const before = await contentOf(node);
    await stop(node);
    const refusals = new Map<PluginName, string>();
    for (const plugin of PLUGIN_NAMES) {
      const file = path.join(node.lightningDir, plugin, DATABASE_FILES[plugin]);
      const saved = runStoreTool(setting.dist, plugin, 'backup', file, backupOf(node, plugin));
      if (!saved.ok) {
        refusals.set(plugin, saved.refusal);
      }
    }
    await start(node);
    await replay.half();
    await stop(node);
    for (const plugin of PLUGIN_NAMES) {
      const refusal = bringBack(setting, node, plugin);
      if (refusal !== undefined) {
        refusals.set(plugin, refusals.get(plugin) ?? refusal);
      }
      await node.startPlugin(plugin);
    }
    for (const plugin of PLUGIN_NAMES) {
      const { state } = await node.untilState(plugin, 'ready').catch(() => node.status(plugin));
      const refusal = refusals.get(plugin);
      plugins.set(plugin, {
        opened: state ?? 'absent',
        ...(refusal === undefined ? {} : { refusal }),
      });
    }
    const after = await contentOf(node);
    const lost = [...before].filter(([what, value]) => after.get(what) !== value);
    const comms = plugins.get('cl-hive-comms') ?? {};
    plugins.set('cl-hive-comms', { ...comms, lost: lost.map(([what]) => `${what} changed`) });
    replayed = await replay.again();
  });
  return { plugins, replayed };
}

/** The drill of backup and restore. */
export const restoreDrill: Collector = {
  id: 'restore-drill',
  title:
    "fills, backs up while writing, restores and compares each plugin's database; then on hive-lab, where 100 requests of before are sent again",
  inputs: (setting) => [
    ...buildInputs(setting),
    setting.onBackup === undefined && setting.restoreWith === undefined ? '' : 'tampered',
  ],
  collect: async (setting) => {
    const onNode = await drillNode(setting);
    const names = setting.subject.builds.map(({ name }) => name).filter(isPluginName);
    const plugins: JsonValue[] = names.map((plugin) => ({
      lost: [],
      ...onNode.plugins.get(plugin),
      ...drillStore(setting, plugin),
    }));
    return { plugins, replayed: { ...onNode.replayed } };
  },
};
