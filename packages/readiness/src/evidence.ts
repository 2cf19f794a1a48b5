import type { JsonValue } from '@cl-hive/core';
import { anyJson, type Decoded, hex, integer, object, oneOf, optional } from '@cl-hive/core';
import { canonicalHash } from '@cl-hive/protocol';
import { commitId, line, list, words } from './strict.ts';

const build = object({
  name: words,
  /** Release that the build's package.json names. */
  version: words,
  /** SHA-256 over names, modes and bytes of its files. */
  digest: hex(32),
  /** Newest modification of its files, Unix ms. */
  built_at: integer(0),
});

const subject = object({ commit: commitId, builds: list(build) });

/** What is examined: a commit and the builds made from it. */
export type Subject = Decoded<typeof subject>;
export const decodeSubject = subject;

const evidence = object({
  state: oneOf('gathered', 'missing'),
  /** When it was gathered, Unix ms. */
  at: integer(0),
  /** How long that took, ms. */
  took_ms: integer(0),
  /** {@link subjectDigest} of what it is about. */
  of: hex(32),
  value: optional(anyJson),
  reason: optional(line),
  next: optional(line),
});

/** What one collector brought, or why it brought nothing. */
export type Evidence = Decoded<typeof evidence>;
export const decodeEvidence = evidence;

/** Evidence by collector. */
export type EvidenceSet = ReadonlyMap<string, Evidence>;

/** Names a subject: evidence of another commit or other builds has another digest. */
export function subjectDigest({ commit, builds }: Subject): string {
  return canonicalHash({
    commit,
    builds: builds.map(({ name, digest }) => [name, digest]).sort(byName),
  });
}

function byName([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : Number(a > b);
}

/** Evidence that was gathered. */
export function gathered(
  value: JsonValue,
  about: { readonly at: number; readonly of: string; readonly took_ms?: number },
): Evidence {
  return { state: 'gathered', took_ms: 0, ...about, value };
}

/** Evidence that could not be gathered, and what would change that where it is not what the check says. */
export function missing(
  reason: string,
  next: string | undefined,
  about: { readonly at: number; readonly of: string; readonly took_ms?: number },
): Evidence {
  const step = next === undefined ? {} : { next };
  return { state: 'missing', took_ms: 0, ...about, reason, ...step };
}
