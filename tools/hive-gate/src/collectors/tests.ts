import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { isJsonObject, type JsonValue } from '@cl-hive/core';
import { readJson, readText } from '../files.ts';
import { JUNIT_BYTES_MAX, TESTS_MS, YAML_BYTES_MAX } from '../limits.ts';
import type { Setting } from '../setting.ts';
import { type Collector, NoEvidence } from './collector.ts';
import { readJunit } from './junit.ts';

const RECORD = '.test-results/release.json';

/** Results of the test suites: a JUnit file, a run now, or what the last whole `npm test` recorded. */
export const tests: Collector = {
  id: 'tests',
  title:
    'reads a JUnit file (--tests), runs npm test (--run-tests), or reads what it last recorded',
  collect: (setting) => {
    if (setting.tests !== undefined) {
      return fromJunit(setting.tests);
    }
    if (setting.runTests) {
      spawnSync('npm', ['test'], { cwd: setting.root, stdio: 'ignore', timeout: TESTS_MS });
    }
    return fromRecord(setting);
  },
};

function fromJunit(file: string): JsonValue {
  const { commit, failures, ...counts } = readJunit(readText(file, JUNIT_BYTES_MAX));
  if (commit === undefined) {
    throw new NoEvidence(
      `${path.basename(file)} does not say of which commit it is`,
      'write <property name="commit" value="..."/> into it when the tests run',
    );
  }
  const shown = failures.slice(0, 20).map((name) => name.slice(0, 200));
  return { commit, ...counts, failures: shown, absent: [], source: path.basename(file) };
}

function fromRecord({ root }: Setting): JsonValue {
  const next = 'npm test, or hive-gate check --run-tests';
  let record: JsonValue;
  try {
    record = readJson(path.join(root, RECORD), YAML_BYTES_MAX);
  } catch {
    throw new NoEvidence('no whole run of npm test is recorded', next);
  }
  if (isJsonObject(record) && record['clean'] !== true) {
    throw new NoEvidence('npm test ran on files that differ from the commit', next);
  }
  return isJsonObject(record) ? { ...record, source: 'npm test' } : record;
}
