import { array, type Decoded, object, optional, text } from '@cl-hive/core';
import { compareVersions, isVersion } from './semver.ts';

// OSV's format: https://ossf.github.io/osv-schema/. What is not read here (details, references, credits,
// CVSS vectors) may be in a record all the same.
const event = object({
  introduced: optional(text(200)),
  fixed: optional(text(200)),
  last_affected: optional(text(200)),
  limit: optional(text(200)),
});
const severityNote = optional(object({ severity: optional(text(50)) }));

const affected = object({
  package: optional(object({ name: text(300), ecosystem: text(100) })),
  ranges: optional(array(object({ type: text(20), events: array(event) }))),
  versions: optional(array(text(200))),
  database_specific: severityNote,
});

/** One advisory. */
export const decodeOsvRecord = object({
  id: text(200),
  modified: optional(text(100)),
  withdrawn: optional(text(100)),
  aliases: optional(array(text(200))),
  summary: optional(text(100_000)),
  database_specific: severityNote,
  affected: optional(array(affected)),
});
export type OsvRecord = Decoded<typeof decodeOsvRecord>;
type Affected = Decoded<typeof affected>;
type Range = NonNullable<Affected['ranges']>[number];
type Event = Range['events'][number];

/** A package that the plugins carry along. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
}

/** What an entry of a record says of a version; `unclear` where it can be read in no way. */
export type OsvVerdict = 'affected' | 'unaffected' | 'unclear';

/** A place on the line of versions where something begins or ends. */
interface Mark {
  readonly at: string;
  readonly kind: 'introduced' | 'fixed' | 'last_affected';
}

function marksOf(events: readonly Event[]): readonly Mark[] | undefined {
  const marks = events.flatMap(({ introduced, fixed, last_affected }): Mark[] => [
    ...(introduced === undefined ? [] : [{ at: introduced, kind: 'introduced' } as const]),
    ...(fixed === undefined ? [] : [{ at: fixed, kind: 'fixed' } as const]),
    ...(last_affected === undefined ? [] : [{ at: last_affected, kind: 'last_affected' } as const]),
  ]);
  const readable = marks.every(({ at }) => at === '0' || isVersion(at));
  return readable && marks.some(({ kind }) => kind === 'introduced')
    ? [...marks].sort((a, b) => compareVersions(a.at, b.at))
    : undefined;
}

/** `limit` ends what a range speaks of; several leave what is below any of them. */
function isBelowLimits(version: string, events: readonly Event[]): boolean {
  const limits = events.flatMap(({ limit }) => (limit === undefined ? [] : [limit]));
  return (
    limits.length === 0 ||
    limits.some((limit) => limit === '*' || compareVersions(version, limit) < 0)
  );
}

/** Events in any order; the last that the version has reached decides. */
function judgeRange(version: string, { type, events }: Range): OsvVerdict {
  // npm orders versions as Semantic Versioning does, so that both kinds mean the same there.
  if (type !== 'SEMVER' && type !== 'ECOSYSTEM') {
    return 'unaffected';
  }
  const marks = marksOf(events);
  if (marks === undefined) {
    return 'unclear';
  }
  if (!isBelowLimits(version, events)) {
    return 'unaffected';
  }
  let inside = false;
  for (const { at, kind } of marks) {
    const distance = at === '0' ? 1 : compareVersions(version, at);
    if (kind === 'introduced' && distance >= 0) {
      inside = true;
    } else if ((kind === 'fixed' && distance >= 0) || (kind === 'last_affected' && distance > 0)) {
      inside = false;
    }
  }
  return inside ? 'affected' : 'unaffected';
}

/** Whether a version is among those that an entry names, one by one or by ranges. */
export function judgeVersion(
  version: string,
  { versions = [], ranges = [] }: Affected,
): OsvVerdict {
  if (versions.includes(version)) {
    return 'affected';
  }
  const readable = ranges.filter(({ type }) => type !== 'GIT');
  if (readable.length === 0) {
    // Commits alone say nothing of a version, and an entry without both says nothing at all.
    return versions.length > 0 ? 'unaffected' : 'unclear';
  }
  if (!isVersion(version)) {
    return 'unclear';
  }
  const verdicts = readable.map((range) => judgeRange(version, range));
  return verdicts.includes('affected')
    ? 'affected'
    : verdicts.includes('unclear')
      ? 'unclear'
      : 'unaffected';
}

const SEVERITIES: Readonly<Record<string, string>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
};

/** The severity that the database states of an entry or a record; high where it states none. */
function severityOf(record: OsvRecord, entry: Affected): string {
  const said = entry.database_specific?.severity ?? record.database_specific?.severity;
  return SEVERITIES[said?.toUpperCase() ?? ''] ?? 'high';
}

/** A record that speaks of a dependency. */
export interface OsvHit {
  readonly id: string;
  /** Other names of the same, of this record and of those that say the same. */
  readonly aliases: readonly string[];
  readonly package: string;
  readonly version: string;
  readonly severity: string;
  readonly title: string;
  readonly verdict: 'affected' | 'unclear';
}

/** What a record says of the dependencies; a withdrawn one says nothing. */
export function hitsOf(
  record: OsvRecord,
  versions: ReadonlyMap<string, ReadonlySet<string>>,
): readonly OsvHit[] {
  const { id, aliases = [], summary = '', withdrawn, affected: entries = [] } = record;
  if (withdrawn !== undefined) {
    return [];
  }
  return entries.flatMap((entry) => {
    const { name = '', ecosystem = '' } = entry.package ?? {};
    // An ecosystem may carry a release behind a colon.
    const mine = ecosystem.split(':')[0] === 'npm' ? [...(versions.get(name) ?? [])] : [];
    return mine.flatMap((version) => {
      const verdict = judgeVersion(version, entry);
      const severity = severityOf(record, entry);
      const title = summary.slice(0, 200);
      return verdict === 'unaffected'
        ? []
        : [{ id, aliases, package: name, version, severity, title, verdict }];
    });
  });
}

const ORDER = ['low', 'medium', 'high', 'critical'];

/**
 * One hit for what several records of one vulnerability say of a version: GHSA's name where there is
 * one, the worst severity, and affected before unclear.
 */
export function mergeAliases(hits: readonly OsvHit[]): readonly OsvHit[] {
  const merged: OsvHit[] = [];
  for (const hit of hits) {
    const names = [hit.id, ...hit.aliases];
    const at = merged.findIndex(
      (other) =>
        other.package === hit.package &&
        other.version === hit.version &&
        [other.id, ...other.aliases].some((name) => names.includes(name)),
    );
    const known = merged[at];
    if (known === undefined) {
      merged.push(hit);
      continue;
    }
    const [first, second] = hit.id.startsWith('GHSA-') ? [hit, known] : [known, hit];
    const all = new Set([first.id, ...first.aliases, second.id, ...second.aliases]);
    const severity =
      ORDER.indexOf(first.severity) < ORDER.indexOf(second.severity)
        ? second.severity
        : first.severity;
    const verdict = [first, second].some((one) => one.verdict === 'affected')
      ? 'affected'
      : 'unclear';
    merged[at] = {
      ...first,
      aliases: [...all].filter((name) => name !== first.id),
      severity,
      verdict,
      title: first.title === '' ? second.title : first.title,
    };
  }
  return merged;
}
