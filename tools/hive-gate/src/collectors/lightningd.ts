import { type JsonValue, object, optional, text } from '@cl-hive/core';
import { findBinaries, realBackend, withNode } from '@cl-hive/hive-lab';
import { readJson } from '../files.ts';
import { JUNIT_BYTES_MAX } from '../limits.ts';
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

/** What was found when a node moved from the Python cl-hive and back. */
export const monolith: Collector = {
  id: 'monolith',
  title: 'reads the result of a move from the Python cl-hive and back (--monolith FILE)',
  collect: ({ monolith: file }) => {
    if (file === undefined) {
      throw new NoEvidence(
        'the move from the Python cl-hive was not tried',
        'try the move on a copy of such a node, and hand in the result: --monolith FILE',
      );
    }
    return readJson(file, JUNIT_BYTES_MAX);
  },
};
