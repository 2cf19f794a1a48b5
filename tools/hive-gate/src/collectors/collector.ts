import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  CodedError,
  describeError,
  isCodedError,
  isJsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import {
  decodeEvidence,
  type Evidence,
  gathered,
  missing,
  subjectDigest,
} from '@cl-hive/readiness';
import { readText, sha256, writeWhole } from '../files.ts';
import { JUNIT_BYTES_MAX } from '../limits.ts';
import type { Setting } from '../setting.ts';

/** Why a collector brought nothing; its remedy is the next step. */
export class NoEvidence extends CodedError<'no_evidence'> {
  constructor(message: string, next: string) {
    super('no_evidence', message, { remedy: next });
  }
}

/** What gathers one kind of evidence. */
export interface Collector {
  readonly id: string;
  /** How, in a sentence, for `list` and `explain`. */
  readonly title: string;
  /**
   * Everything that the evidence depends on, so that it need not be gathered again while nothing of it
   * changes; undefined: it is gathered each time.
   */
  readonly inputs?: (setting: Setting) => readonly string[];
  /** Throws {@link NoEvidence} where there is none to be had. */
  readonly collect: (setting: Setting) => JsonValue | Promise<JsonValue>;
}

/** Digests of the builds: what drills on hive-lab depend on. */
export function buildInputs({ subject }: Setting): readonly string[] {
  return subject.builds.map(({ name, digest }) => `${name} ${digest}`);
}

/** Gathers, or takes what was gathered from the same inputs and is not too old. Never throws. */
export async function gather(collector: Collector, setting: Setting): Promise<Evidence> {
  const of = subjectDigest(setting.subject);
  const begun = setting.now();
  const about = (): { at: number; of: string; took_ms: number } => ({
    at: begun,
    of,
    took_ms: Math.max(0, setting.now() - begun),
  });
  try {
    const key = cacheKey(collector, setting);
    const kept = key === undefined ? undefined : readKept(collector, setting, key);
    if (kept !== undefined) {
      return { ...kept, of, took_ms: Math.max(0, setting.now() - begun) };
    }
    const evidence = gathered(await collector.collect(setting), about());
    if (key !== undefined) {
      keep(collector, setting, key, evidence);
    }
    return evidence;
  } catch (error) {
    // A coded error names its remedy, or leaves it to the check; anything else is a fault in here.
    const next = isCodedError(error) ? error.remedy : `look at the collector ${collector.id}`;
    const text = describeError(error).split('\n')[0] ?? '';
    return missing(text.slice(0, 500), next, about());
  }
}

/** Changes with the program, so that evidence of an earlier one is not taken for its own. */
const PROGRAM = sha256(readText(import.meta.filename, JUNIT_BYTES_MAX));

function cacheKey({ id, inputs }: Collector, setting: Setting): string | undefined {
  return inputs === undefined || setting.cache === undefined
    ? undefined
    : sha256(stringifyJson([PROGRAM, id, process.versions.node, ...inputs(setting)]));
}

const keptFile = ({ id }: Collector, { cache = '' }: Setting): string =>
  path.join(cache, `${id}.json`);

function readKept(collector: Collector, setting: Setting, key: string): Evidence | undefined {
  try {
    const kept = parseJson(readText(keptFile(collector, setting), JUNIT_BYTES_MAX));
    if (!isJsonObject(kept) || kept['key'] !== key) {
      return undefined;
    }
    const evidence = decodeEvidence(kept['evidence']);
    const age = setting.now() - evidence.at;
    return age >= 0 && age < setting.config.thresholds.evidence_hours * 3_600_000
      ? evidence
      : undefined;
  } catch {
    // What cannot be read is gathered anew.
    return undefined;
  }
}

function keep(collector: Collector, setting: Setting, key: string, evidence: Evidence): void {
  mkdirSync(setting.cache ?? '', { recursive: true, mode: 0o700 });
  writeWhole(
    keptFile(collector, setting),
    stringifyJson({ key, evidence: { ...evidence } as JsonValue }),
  );
}
