import { readFileSync } from 'node:fs';
import path from 'node:path';
import { array, boolean, hex, type JsonValue, object, oneOf, text } from '@cl-hive/core';
import { readJson, readYaml, sha256 } from '../files.ts';
import { YAML_BYTES_MAX } from '../limits.ts';
import { type Collector, NoEvidence } from './collector.ts';

const RECORD = '.test-results/mutants.json';

const decodeRecord = object({
  commit: text(64),
  clean: boolean,
  list: hex(32),
  results: array(
    object({
      id: text(100),
      priority: text(2),
      outcome: oneOf('killed', 'survived', 'broken'),
      why: text(500),
    }),
    10_000,
  ),
  unwritten: array(text(100)),
});
const decodeList = object({ unwritten: array(object({ id: text(100) })) });

/** What putting the original's defects back came to. */
export const mutants: Collector = {
  id: 'mutants',
  title: 'reads what the last whole `npm run mutants` recorded',
  collect: ({ root, gates }): JsonValue => {
    const next = 'npm run mutants, on a clean tree';
    const file = path.join(gates, 'mutants.yaml');
    let input: JsonValue;
    try {
      input = readJson(path.join(root, RECORD), YAML_BYTES_MAX);
    } catch {
      throw new NoEvidence('no whole run of npm run mutants is recorded', next);
    }
    const { commit, clean, list, results, unwritten } = decodeRecord(input);
    if (!clean) {
      throw new NoEvidence('npm run mutants ran on files that differ from the commit', next);
    }
    if (list !== sha256(readFileSync(file))) {
      throw new NoEvidence('npm run mutants ran with another mutants.yaml', next);
    }
    const absent = decodeList(readYaml(file)).unwritten.length - unwritten.length;
    return {
      commit,
      results: results.map((one) => ({ ...one })),
      unwritten: [...unwritten],
      absent,
    };
  },
};
