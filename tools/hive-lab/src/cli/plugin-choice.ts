import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '@cl-hive/core';
import type { PluginSpec } from '../contract/fleet.ts';

const SUITE: Readonly<Record<string, string>> = {
  comms: 'cl-hive-comms',
  archon: 'cl-hive-archon',
  hive: 'cl-hive',
};

/** What `--plugins` is when it is not given. */
export const DEFAULT_PLUGINS = Object.keys(SUITE).join(',');

/**
 * The plugins that `--plugins` names, by short name (`comms`, `archon`, `hive`, found built in
 * `dist`) or path, with the options of `--option PLUGIN:NAME=VALUE`. Throws CodedError
 * `plugin_missing`, `plugin_not_executable`, `plugin_twice` or `bad_option`.
 */
export function choosePlugins(
  list: string,
  optionTexts: readonly string[],
  folders: { readonly dist: string; readonly cwd: string },
): readonly PluginSpec[] {
  const names = list === 'none' ? [] : list.split(',').filter((name) => name !== '');
  const files = names.map((name) => locate(name, folders));
  const byName = new Map(files.map((file) => [path.parse(file).name, file]));
  if (byName.size !== files.length) {
    throw new CodedError('plugin_twice', `a plugin is named twice in ${list}`);
  }
  const options = optionTexts.map((textOfOption) => parseOption(textOfOption, [...byName.keys()]));
  return files.map((file) => {
    const own = options.filter(({ plugin }) => plugin === path.parse(file).name);
    return {
      path: file,
      ...(own.length === 0
        ? {}
        : { options: Object.fromEntries(own.map((o) => [o.name, o.value])) }),
    };
  });
}

function locate(name: string, folders: { readonly dist: string; readonly cwd: string }): string {
  const suite = SUITE[name] ?? (Object.values(SUITE).includes(name) ? name : undefined);
  const file =
    suite === undefined
      ? path.resolve(folders.cwd, name)
      : path.join(folders.dist, suite, `${suite}.js`);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new CodedError('plugin_missing', `there is no plugin ${file}`, {
      remedy:
        suite === undefined
          ? `give the path of its entry file, or one of ${Object.keys(SUITE).join(', ')}`
          : 'build it first: npm run build',
    });
  }
  try {
    accessSync(file, constants.X_OK);
  } catch (cause) {
    throw new CodedError('plugin_not_executable', `${file} is not executable`, {
      cause,
      remedy: `chmod +x ${file}`,
    });
  }
  return file;
}

function parseOption(
  textOfOption: string,
  plugins: readonly string[],
): { readonly plugin: string; readonly name: string; readonly value: string } {
  const [, plugin = '', name = '', value = ''] =
    /^([^:=]+):([^=]+)=([^]*)$/.exec(textOfOption) ?? [];
  const known = SUITE[plugin] ?? plugin;
  if (name === '' || !plugins.includes(known)) {
    throw new CodedError(
      'bad_option',
      `"${textOfOption}" is not PLUGIN:NAME=VALUE for one of ${plugins.join(', ') || 'no plugins'}`,
      { remedy: 'for example --option comms:hive-comms-db=/tmp/comms.sqlite3' },
    );
  }
  return { plugin: known, name, value };
}
