import { STAGE_PLUGINS, STAGES, type Stage } from '@cl-hive/readiness';

/** What a rollback of a stage is made of: plugins to stop, lines to take out, then a restart. */
export interface RollbackPlan {
  readonly plugins: readonly string[];
  /** Options that lightningd would refuse to start with once the plugins are gone. */
  readonly options: readonly string[];
  readonly steps: readonly string[];
}

/** Plugins that this stage runs and the one before it did not; those of the first stage, all. */
export function pluginsToRemove(stage: Stage): readonly string[] {
  const earlier = STAGES[STAGES.indexOf(stage) - 1];
  const before = earlier === undefined ? [] : STAGE_PLUGINS[earlier];
  const added = STAGE_PLUGINS[stage].filter((plugin) => !before.includes(plugin));
  return added.length > 0 ? added : STAGE_PLUGINS[stage];
}

/** The exact steps back; `options` are those that the plugins declare, `config` the file's text. */
export function rollbackPlan(
  plugins: readonly string[],
  options: readonly string[],
  config: string,
): RollbackPlan {
  const found = linesToRemove(plugins, options, config);
  return {
    plugins,
    options,
    steps: [
      ...[...plugins].reverse().map((plugin) => `lightning-cli plugin stop ${plugin}.js`),
      ...(found.length === 0
        ? ['take these options out of the configuration, if they are there:']
        : ['take these lines out of the configuration:']),
      ...(found.length === 0
        ? options.map((name) => `    ${name}=...`)
        : found.map((line) => `    ${line}`)),
      'restart lightningd, and look whether it is up: lightning-cli getinfo',
      "keep the plugins' folders below the lightning folder: the data stays",
    ],
  };
}

/** Lines of a configuration that start the plugins or set their options. */
export function linesToRemove(
  plugins: readonly string[],
  options: readonly string[],
  config: string,
): readonly string[] {
  const starts = (line: string): boolean =>
    /^(?:important-)?plugin=/.test(line) && plugins.some((name) => line.endsWith(`/${name}.js`));
  const sets = (line: string): boolean =>
    options.some((name) => line === name || line.startsWith(`${name}=`));
  return config
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => starts(line) || sets(line));
}

/** A configuration without what {@link linesToRemove} names. */
export function withoutPlugins(
  plugins: readonly string[],
  options: readonly string[],
  config: string,
): string {
  const gone = new Set(linesToRemove(plugins, options, config));
  return config
    .split('\n')
    .filter((line) => !gone.has(line.trim()))
    .join('\n');
}
