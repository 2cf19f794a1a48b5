import { access, constants, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describeError, isJsonObject, parseJson } from '@cl-hive/core';

/** What is wrong with a plugin folder; `reckless` v26.06.6 would fail on it, or later on a node. */
export type RecklessRule =
  /** The folder has not the name of the plugin. */
  | 'folder_name'
  /** `<name>.js` (or `<name>`) is missing beside package.json. */
  | 'entry'
  /** The entry is not executable: reckless dies and leaves its half-made folder behind. */
  | 'entry_mode'
  /** The entry has no `#!` line that starts node. */
  | 'entry_shebang'
  /** package.json is missing or cannot be read. */
  | 'package_json'
  /** A dependency file of another language wins over package.json. */
  | 'foreign_installer'
  /** A dependency that is not there when the folder is copied alone. */
  | 'local_dependency'
  /** Only the entry may be executable: lightningd starts every executable in a plugin folder. */
  | 'stray_executable';

/** One finding: what, where, and what to do. */
export interface RecklessFinding {
  readonly rule: RecklessRule;
  readonly file: string;
  readonly message: string;
}

/** Dependency files that reckless tries before package.json. */
const FOREIGN = ['uv.lock', 'requirements.txt', 'poetry.lock', 'pyproject.toml'];

/**
 * Checks a built plugin folder against the rules of `reckless install` and `plugin-dir`. Returns
 * findings, none when it is fit. Rejects only when `folder` cannot be read.
 */
export async function lintRecklessFolder(
  folder: string,
  expectedName?: string,
): Promise<readonly RecklessFinding[]> {
  const root = resolve(folder);
  const name = basename(root);
  const findings: RecklessFinding[] = [];
  const files = await readdir(root, { recursive: true });
  if (expectedName !== undefined && expectedName.toLowerCase() !== name.toLowerCase()) {
    findings.push({
      rule: 'folder_name',
      file: '.',
      message: `the folder is called ${name}, the plugin ${expectedName}: reckless finds it by folder name`,
    });
  }
  const entry = [`${name}.js`, name].find((file) => files.includes(file));
  findings.push(...(await lintEntry(root, name, entry)), ...(await lintPackage(root)));
  for (const file of files) {
    if (FOREIGN.includes(file)) {
      findings.push({
        rule: 'foreign_installer',
        file,
        message: 'reckless would install with it instead of package.json: remove it',
      });
    }
    if (file !== entry && !inNodeModules(file) && (await isExecutableFile(join(root, file)))) {
      findings.push({
        rule: 'stray_executable',
        file,
        message: `only ${entry ?? 'the entry'} may be executable: lightningd would start this as a plugin`,
      });
    }
  }
  return findings;
}

function inNodeModules(file: string): boolean {
  return file === 'node_modules' || file.startsWith('node_modules/');
}

async function lintEntry(
  root: string,
  name: string,
  entry: string | undefined,
): Promise<RecklessFinding[]> {
  if (entry === undefined) {
    return [
      {
        rule: 'entry',
        file: `${name}.js`,
        message: `there is no ${name}.js: reckless looks at no other file (index.js, main, bin, dist)`,
      },
    ];
  }
  const findings: RecklessFinding[] = [];
  const path = join(root, entry);
  try {
    await access(path, constants.X_OK);
    if (((await stat(path)).mode & 0o111) === 0) {
      throw new Error('no x bit');
    }
  } catch {
    findings.push({ rule: 'entry_mode', file: entry, message: 'not executable: chmod +x' });
  }
  const [shebang = ''] = (await readFile(path, 'utf8')).split('\n', 1);
  if (!/^#!.*\bnode\b/.test(shebang)) {
    findings.push({
      rule: 'entry_shebang',
      file: entry,
      message: 'the first line must be #!/usr/bin/env node',
    });
  }
  return findings;
}

async function lintPackage(root: string): Promise<RecklessFinding[]> {
  const file = 'package.json';
  const bad = (message: string): RecklessFinding[] => [{ rule: 'package_json', file, message }];
  let text: string;
  try {
    text = await readFile(join(root, file), 'utf8');
  } catch {
    return bad('missing: reckless knows a Node plugin by it');
  }
  try {
    const manifest = parseJson(text);
    if (!isJsonObject(manifest)) {
      return bad('not an object');
    }
    if (typeof manifest['name'] !== 'string' || typeof manifest['version'] !== 'string') {
      return bad('name or version is missing');
    }
    return localDependencies(manifest['dependencies']).map((dependency) => ({
      rule: 'local_dependency' as const,
      file,
      message: `${dependency} is not there once the folder is copied alone: bundle it`,
    }));
  } catch (error) {
    return bad(describeError(error));
  }
}

function localDependencies(dependencies: unknown): readonly string[] {
  return isJsonObject(dependencies)
    ? Object.entries(dependencies).flatMap(([name, range]) =>
        /^(?:file|link|workspace|portal):|^\.{0,2}\//.test(typeof range === 'string' ? range : '')
          ? [name]
          : [],
      )
    : [];
}

async function isExecutableFile(path: string): Promise<boolean> {
  const found = await stat(path);
  return found.isFile() && (found.mode & 0o111) !== 0;
}
