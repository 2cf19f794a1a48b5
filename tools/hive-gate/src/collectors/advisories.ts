import path from 'node:path';
import {
  array,
  type Decoded,
  isJsonObject,
  type JsonValue,
  object,
  optional,
  record,
  text,
} from '@cl-hive/core';
import { readJson } from '../files.ts';
import { ADVISORIES_BYTES_MAX } from '../limits.ts';
import { type Collector, NoEvidence } from './collector.ts';
import { compareVersions } from './semver.ts';

const event = object({
  introduced: optional(text(100)),
  fixed: optional(text(100)),
  last_affected: optional(text(100)),
});

const vulnerability = object({
  id: text(200),
  summary: optional(text(100_000)),
  withdrawn: optional(text(100)),
  database_specific: optional(object({ severity: optional(text(20)) })),
  affected: array(
    object({
      package: object({ name: text(300), ecosystem: text(50) }),
      ranges: optional(array(object({ type: text(20), events: array(event) }))),
      versions: optional(array(text(100))),
    }),
  ),
});
type Vulnerability = Decoded<typeof vulnerability>;

/** A database of vulnerabilities in OSV's format, with the moment it was made. */
const decodeDatabase = object({ made: text(30), vulns: array(vulnerability) });

const decodeLock = object({
  packages: record((input: unknown) => (isJsonObject(input) ? input : {})),
});

/** A package that the plugins carry along. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
}

/** Dependencies that are not only for development, from a package-lock.json. */
export function dependenciesOf(lock: unknown): readonly Dependency[] {
  const found: Dependency[] = [];
  for (const [place, entry] of decodeLock(lock).packages) {
    const at = place.lastIndexOf('node_modules/');
    const version = entry['version'];
    if (at >= 0 && entry['link'] !== true && entry['dev'] !== true && typeof version === 'string') {
      found.push({ name: place.slice(at + 'node_modules/'.length), version });
    }
  }
  return found;
}

/** Whether a version is among those that OSV's `affected` names. */
export function isAffected(version: string, affected: Vulnerability['affected'][number]): boolean {
  if (affected.versions?.includes(version) === true) {
    return true;
  }
  return (affected.ranges ?? []).some(({ type, events }) => {
    if (type !== 'SEMVER') {
      return false;
    }
    let inside = false;
    for (const { introduced, fixed, last_affected } of events) {
      if (introduced !== undefined && compareVersions(version, introduced) >= 0) {
        inside = true;
      }
      if (fixed !== undefined && compareVersions(version, fixed) >= 0) {
        inside = false;
      }
      if (last_affected !== undefined && compareVersions(version, last_affected) > 0) {
        inside = false;
      }
    }
    return inside;
  });
}

const SEVERITIES: Readonly<Record<string, string>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
};

/** Compares dependencies with a database; a vulnerability without severity counts as high. */
export function compareAdvisories(
  dependencies: readonly Dependency[],
  database: unknown,
): JsonValue {
  const { made, vulns } = decodeDatabase(database);
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of dependencies) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  const hits: JsonValue[] = [];
  for (const { id, summary = '', withdrawn, database_specific, affected } of vulns) {
    for (const one of withdrawn === undefined ? affected : []) {
      const mine = one.package.ecosystem === 'npm' ? (versions.get(one.package.name) ?? []) : [];
      for (const version of mine) {
        if (isAffected(version, one)) {
          const severity = SEVERITIES[database_specific?.severity?.toUpperCase() ?? ''] ?? 'high';
          const { name } = one.package;
          hits.push({ id, package: name, version, severity, title: summary.slice(0, 200) });
        }
      }
    }
  }
  return { made, packages: dependencies.length, hits };
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
    return compareAdvisories(dependenciesOf(lock), readJson(file, ADVISORIES_BYTES_MAX));
  },
};
