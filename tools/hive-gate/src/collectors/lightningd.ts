import { type JsonValue, object, optional, text } from '@cl-hive/core';
import { findBinaries, realBackend, withNode } from '@cl-hive/hive-lab';
import { buildInputs, type Collector, NoEvidence } from './collector.ts';

const decodeInfo = object({ version: text(100), alias: optional(text()) });

/** Versions of real lightningd that the plugins ran on. */
export const lightningd: Collector = {
  id: 'lightningd',
  title: 'runs all plugins on the lightningd that is on the PATH',
  inputs: (setting) => [...buildInputs(setting), setting.searchPath],
  collect: async ({ dist, searchPath, subject }) => {
    if (findBinaries(searchPath).kind !== 'found') {
      throw new NoEvidence(
        'no real lightningd and bitcoind on the PATH',
        'put lightningd, lightning-cli, bitcoind and bitcoin-cli on the PATH',
      );
    }
    let seen: JsonValue = null;
    const plugins = subject.builds.map(({ name }) => ({ path: `${dist}/${name}/${name}.js` }));
    await withNode({ dist, plugins, backend: realBackend({ searchPath }) }, async (node) => {
      const { version } = decodeInfo(await node.call('getinfo'));
      const ready = await node.untilState('cl-hive', 'ready').then(
        () => true,
        () => false,
      );
      seen = { version, on: 'regtest', ok: ready };
    });
    return { tried: [seen] };
  },
};
