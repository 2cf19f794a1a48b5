/** The three plugins of the suite, by the name of their entry file. */
export type PluginName = 'cl-hive-comms' | 'cl-hive-archon' | 'cl-hive';

/** How a plugin of the suite presents itself to its siblings. */
export interface PluginFacts {
  /** The RPC method that answers {@link VersionAnswer}; a sibling is found by it, never by file name. */
  readonly versionMethod: string;
  /** The API between the plugins that this build speaks. */
  readonly apiVersion: number;
  /** The oldest API of this plugin that its siblings of this build still work with. */
  readonly oldestApi: number;
  /** Siblings without which it idles. */
  readonly needs: readonly PluginName[];
}

/** What each plugin is to the others (docs/ARCHITECTURE.md, "Siblings"). */
export const PLUGINS: Readonly<Record<PluginName, PluginFacts>> = {
  'cl-hive-comms': { versionMethod: 'hive-comms-version', apiVersion: 1, oldestApi: 1, needs: [] },
  'cl-hive-archon': {
    versionMethod: 'hive-archon-version',
    apiVersion: 1,
    oldestApi: 1,
    needs: ['cl-hive-comms'],
  },
  'cl-hive': {
    versionMethod: 'hive-version',
    apiVersion: 1,
    oldestApi: 1,
    needs: ['cl-hive-comms'],
  },
};

/** The siblings of `self`, in a fixed order. */
export function siblingsOf(self: PluginName): readonly PluginName[] {
  return (Object.keys(PLUGINS) as PluginName[]).filter((name) => name !== self);
}
