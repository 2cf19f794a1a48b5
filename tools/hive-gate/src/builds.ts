import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isJsonObject } from '@cl-hive/core';
import { PLUGINS, type Subject } from '@cl-hive/readiness';
import { filesBelow, modeOf, plainText, readJson } from './files.ts';
import { YAML_BYTES_MAX } from './limits.ts';

/** What is known of one built plugin's folder: digest over names, modes and bytes. */
export function examineBuild(dist: string, name: string): Subject['builds'][number] | undefined {
  const folder = path.join(dist, name);
  if (!existsSync(path.join(folder, `${name}.js`))) {
    return undefined;
  }
  const hash = createHash('sha256');
  let newest = 0;
  for (const file of filesBelow(folder)) {
    const full = path.join(folder, file);
    const content = file.endsWith('/') ? '' : readFileSync(full);
    hash.update(`${file}\0${modeOf(full)}\0${content.length}\0`).update(content);
    newest = Math.max(newest, file.endsWith('/') ? 0 : Math.floor(statSync(full).mtimeMs));
  }
  const told = readJson(path.join(folder, 'package.json'), YAML_BYTES_MAX);
  const version = isJsonObject(told) ? plainText(told['version']) : '';
  return { name, version, digest: hash.digest('hex'), built_at: newest };
}

/** What is examined: the commit and the plugins built from it. */
export function examineSubject(commit: string, dist: string): Subject {
  const builds = PLUGINS.map((name) => examineBuild(dist, name));
  return { commit, builds: builds.filter((build) => build !== undefined) };
}
