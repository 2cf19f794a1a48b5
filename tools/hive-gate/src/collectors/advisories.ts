import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  DecodeError,
  describeError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  record,
} from '@cl-hive/core';
import { readJson, readText } from '../files.ts';
import { ADVISORIES_BYTES_MAX, ADVISORY_FILES_MAX, ADVISORY_HITS_MAX } from '../limits.ts';
import { type Collector, NoEvidence } from './collector.ts';
import { type Dependency, decodeOsvRecord, hitsOf, mergeAliases, type OsvHit } from './osv.ts';

const decodePackages = record((input: unknown) => (isJsonObject(input) ? input : {}));

/** Dependencies that are not only for development, from a package-lock.json. */
export function dependenciesOf(lock: JsonValue): readonly Dependency[] {
  const found: Dependency[] = [];
  const packages = isJsonObject(lock) ? lock['packages'] : undefined;
  for (const [place, entry] of decodePackages(packages)) {
    const at = place.lastIndexOf('node_modules/');
    const { name, version, link, dev } = entry;
    if (at >= 0 && link !== true && dev !== true && typeof version === 'string') {
      // Installed under another name, the entry says what it is.
      const folder = place.slice(at + 'node_modules/'.length);
      found.push({ name: typeof name === 'string' ? name : folder, version });
    }
  }
  return found;
}

/** Records one by one, and when the database was made, where it says so. */
interface Database {
  readonly made: string | undefined;
  readonly records: Iterable<JsonValue>;
}

function* recordsIn(folder: string): Generator<JsonValue> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (names.length > ADVISORY_FILES_MAX) {
    throw new NoEvidence(
      `${folder} holds more than ${ADVISORY_FILES_MAX} files`,
      'leave out other ecosystems',
    );
  }
  for (const name of names) {
    yield readJson(path.join(folder, name), ADVISORIES_BYTES_MAX);
  }
}

/** A folder of records, as OSV's export for npm unpacks; a list of them; `{made?, vulns}`; a record a line. */
function openDatabase(place: string): Database {
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() === true) {
    return { made: undefined, records: recordsIn(place) };
  }
  const content = readText(place, ADVISORIES_BYTES_MAX);
  let input: JsonValue;
  try {
    input = parseJson(content);
  } catch {
    const lines = content.split('\n').filter((line) => line.trim() !== '');
    return { made: undefined, records: lines.map((line) => parseJson(line)) };
  }
  if (Array.isArray(input)) {
    return { made: undefined, records: input as readonly JsonValue[] };
  }
  const { made, vulns, id } = input as JsonObject;
  if (Array.isArray(vulns)) {
    const when = typeof made === 'string' ? made : undefined;
    return { made: when, records: vulns as readonly JsonValue[] };
  }
  if (typeof id === 'string') {
    return { made: undefined, records: [input] };
  }
  throw new NoEvidence(
    `${place} holds no records in OSV's format`,
    'tools/hive-gate/README.md says which forms are read',
  );
}

/**
 * Compares dependencies with a database. One that does not say when it was made is as old as the newest
 * change in it. Throws {@link NoEvidence} where it cannot be read, holds nothing or has no date.
 */
export function compareAdvisories(dependencies: readonly Dependency[], place: string): JsonValue {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of dependencies) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  const { made, records } = openDatabase(place);
  const hits: OsvHit[] = [];
  let newest: string | undefined;
  let count = 0;
  for (const input of records) {
    const one = decodeOsvRecord(input);
    const { modified } = one;
    if (modified !== undefined && !(Date.parse(modified) <= Date.parse(newest ?? ''))) {
      newest = Number.isNaN(Date.parse(modified)) ? newest : modified;
    }
    hits.push(...hitsOf(one, versions));
    if (hits.length > ADVISORY_HITS_MAX) {
      const what = `${place} names the dependencies more than ${ADVISORY_HITS_MAX} times`;
      throw new NoEvidence(what, 'look at what it is');
    }
    count += 1;
  }
  const when = made ?? newest;
  if (count === 0 || when === undefined) {
    const what = count === 0 ? 'holds no advisory' : 'does not say when it was made';
    throw new NoEvidence(`${place} ${what}`, 'write {"made": "2026-11-21", "vulns": [...]}');
  }
  const merged = mergeAliases(hits);
  const told = (verdict: OsvHit['verdict']): JsonValue[] =>
    merged
      .filter((hit) => hit.verdict === verdict)
      .map(({ id, aliases, package: name, version, severity, title }) => ({
        id,
        aliases: [...aliases].slice(0, 20),
        package: name,
        version,
        severity,
        title,
      }));
  return {
    made: when.slice(0, 10),
    records: count,
    packages: dependencies.length,
    hits: told('affected'),
    unclear: told('unclear'),
  };
}

/** Known vulnerabilities of what the plugins carry along. */
export const advisories: Collector = {
  id: 'advisories',
  title: 'compares package-lock.json with an OSV database that was handed in (--advisories FILE)',
  collect: ({ advisories: file, root }) => {
    if (file === undefined) {
      throw new NoEvidence(
        'no advisory database was handed in',
        '--advisories FILE (tools/hive-gate/README.md says how to make one)',
      );
    }
    const lock = readJson(path.join(root, 'package-lock.json'), ADVISORIES_BYTES_MAX);
    try {
      return compareAdvisories(dependenciesOf(lock), file);
    } catch (error) {
      if (error instanceof DecodeError) {
        const text = `${file} cannot be read as OSV's format: ${describeError(error)}`;
        throw new NoEvidence(text, 'tools/hive-gate/README.md says which forms are read');
      }
      throw error;
    }
  },
};
