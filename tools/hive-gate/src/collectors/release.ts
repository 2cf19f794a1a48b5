import path from 'node:path';
import { isJsonObject, type JsonValue } from '@cl-hive/core';
import { plainText, readJson } from '../files.ts';
import { changedFiles, git } from '../git.ts';
import { isPluginName, withLab } from '../lab/lab.ts';
import { YAML_BYTES_MAX } from '../limits.ts';
import { buildInputs, type Collector } from './collector.ts';

/** Versions that running plugins answer. */
export const runningVersions: Collector = {
  id: 'release',
  title: 'compares the tree with the commit and asks running plugins for their release',
  inputs: (setting) => [
    ...buildInputs(setting),
    setting.subject.commit,
    ...changedFiles(setting.root),
    plainText(versionOf(setting.root)),
  ],
  collect: async (setting) => {
    const running: JsonValue[] = [];
    const plugins = setting.subject.builds.map(({ name }) => name).filter(isPluginName);
    await withLab(setting, { plugins }, async (node) => {
      for (const name of plugins) {
        const { version } = await node.status(name);
        running.push({ plugin: name, version: version ?? '' });
      }
    });
    return { changed: [...changedFiles(setting.root)], version: versionOf(setting.root), running };
  },
};

function versionOf(root: string): JsonValue {
  const told = readJson(path.join(root, 'package.json'), YAML_BYTES_MAX);
  return (isJsonObject(told) ? told['version'] : undefined) ?? '';
}

/** The tag of the baseline release. */
export const baselineTag: Collector = {
  id: 'baseline-tag',
  title: 'asks git for the tag that gates.yaml names',
  collect: ({ root, config }) => {
    const tag = config.baseline_tag;
    const commit = git(root, 'rev-parse', '--verify', `refs/tags/${tag}^{commit}`);
    const ancestor =
      commit !== undefined &&
      git(root, 'merge-base', '--is-ancestor', commit, 'HEAD') !== undefined;
    return { tag, ...(commit === undefined ? {} : { commit }), ancestor };
  },
};
