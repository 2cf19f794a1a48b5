import {
  CodedError,
  type Decoded,
  DecodeError,
  hex,
  integer,
  type JsonValue,
  object,
  oneOf,
  optional,
  record,
  text,
} from '@cl-hive/core';
import { canonicalHash } from '@cl-hive/protocol';
import { type Check, judgeAll, type Outcome, worst } from './check.ts';
import { type GatesConfig, RULES_VERSION } from './config.ts';
import {
  decodeEvidence,
  decodeSubject,
  type EvidenceSet,
  type Subject,
  subjectDigest,
} from './evidence.ts';
import { CLOCK_AHEAD_MS, LIST_MAX } from './limits.ts';
import { decodeSignature, keyName, type VerifyEd25519, verifySignature } from './signature.ts';
import { line, list, words } from './strict.ts';

const body = object({
  format: oneOf('hive-gate-report-1'),
  rules: integer(1),
  made_at: integer(0),
  /** Node that it was made at or whose builds run there; absent for a release alone. */
  node: optional(text(66)),
  subject: decodeSubject,
  /** Digest of gates.yaml's content. */
  config: hex(32),
  evidence: record(decodeEvidence, LIST_MAX),
  verdicts: list(
    object({
      check: words,
      outcome: oneOf<Outcome>('pass', 'fail', 'unknown'),
      evidence: line,
      next: optional(line),
    }),
  ),
});

const report = object({ body, digest: hex(32), signature: optional(decodeSignature) });

/** A report's content. */
export type ReportBody = Decoded<typeof body>;
/** A report file: content, digest, signature. */
export type Report = Decoded<typeof report>;

/** Why a report was refused (RG-04: `E_REPORT` in the shared cases). */
export type ReportErrorCode =
  | 'report_shape'
  | 'report_edited'
  | 'report_unsigned'
  | 'report_forged'
  | 'report_old'
  | 'report_future'
  | 'report_mixed'
  | 'report_builds'
  | 'report_rules'
  | 'report_config'
  | 'report_verdicts'
  | 'report_node';

function refuse(code: ReportErrorCode, message: string, remedy: string): never {
  throw new CodedError<ReportErrorCode>(code, message, { remedy });
}

/** A report's content as JSON: what is hashed, signed and written. */
export function bodyJson(content: ReportBody): JsonValue {
  return { ...content, evidence: Object.fromEntries(content.evidence) };
}

/** Digest of gates.yaml's content. */
export function configDigest(config: GatesConfig): string {
  return canonicalHash(config);
}

/** Digest of a report's content: what signatures and approvals name. */
export function reportDigest(content: ReportBody): string {
  return canonicalHash(bodyJson(content));
}

/** Judges and puts together what a report says. */
export function makeReport(
  checks: readonly Check[],
  input: {
    readonly evidence: EvidenceSet;
    readonly config: GatesConfig;
    readonly subject: Subject;
    readonly now: number;
    readonly node?: string;
  },
): ReportBody {
  const { evidence, config, subject, now, node } = input;
  return {
    format: 'hive-gate-report-1',
    rules: RULES_VERSION,
    made_at: now,
    ...(node === undefined ? {} : { node }),
    subject,
    config: configDigest(config),
    evidence,
    verdicts: judgeAll(checks, evidence, { now, config, subject }),
  };
}

/** Reads a report file's JSON. Throws CodedError `report_shape`. */
export function decodeReport(input: unknown): Report {
  try {
    return report(input);
  } catch (error) {
    if (error instanceof DecodeError) {
      return refuse('report_shape', `this is no report: ${error.message}`, 'make a new one');
    }
    throw error;
  }
}

/** What a report is held against. */
export interface ReportExpectation {
  readonly checks: readonly Check[];
  readonly config: GatesConfig;
  readonly now: number;
  readonly ed25519: VerifyEd25519;
  /** The commit and builds at hand; absent where only the file itself is verified. */
  readonly subject?: Subject;
  /** Keys that may sign, as gates.yaml writes them; absent: any, the key is told. */
  readonly keys?: readonly string[];
  readonly node?: string;
}

/**
 * Verifies a report without any network or node. Throws CodedError with a {@link ReportErrorCode} for
 * one that is edited, unsigned, forged, too old, from the future, mixed of several commits, about
 * other builds, of other rules or thresholds, or whose verdicts do not follow from its evidence.
 */
export function verifyReport(file: Report, expected: ReportExpectation): ReportBody {
  const { body: content, digest, signature } = file;
  if (reportDigest(content) !== digest) {
    refuse('report_edited', 'the report was changed after it was made', 'make a new one');
  }
  if (signature === undefined) {
    return refuse('report_unsigned', 'the report is not signed', 'sign it: hive-gate check --sign');
  }
  if (!verifySignature('report', digest, signature, expected.ed25519)) {
    refuse('report_forged', 'the signature is not by the key it names', 'make a new one');
  }
  if (expected.keys !== undefined && !expected.keys.includes(keyName(signature))) {
    refuse('report_forged', `${keyName(signature)} may not sign`, 'name the key with --key');
  }
  verifyTimes(content, expected);
  verifySubject(content, expected);
  verifyVerdicts(content, expected);
  return content;
}

function verifyTimes(content: ReportBody, { now, config }: ReportExpectation): void {
  const { made_at, subject } = content;
  const hours = config.thresholds.report_hours;
  if (now - made_at > hours * 3_600_000) {
    refuse('report_old', `the report is older than ${hours} h`, 'make a new one');
  }
  if (made_at - now > CLOCK_AHEAD_MS) {
    refuse('report_future', 'the report is dated in the future', "set this machine's clock");
  }
  const younger = subject.builds.find(({ built_at }) => built_at - made_at > CLOCK_AHEAD_MS);
  if (younger !== undefined) {
    const message = `the report is dated before ${younger.name} was built`;
    refuse('report_future', message, 'set the clock, build and check again');
  }
}

function verifySubject(content: ReportBody, expected: ReportExpectation): void {
  const of = subjectDigest(content.subject);
  const stranger = [...content.evidence].find(([, evidence]) => evidence.of !== of);
  if (stranger !== undefined) {
    const message = `the evidence of ${stranger[0]} is of another commit or of other builds`;
    refuse('report_mixed', message, 'make a report of one commit');
  }
  if (expected.node !== undefined && content.node !== expected.node) {
    refuse('report_node', 'the report is of another node', 'make one at this node');
  }
  if (expected.subject !== undefined) {
    if (content.subject.commit !== expected.subject.commit) {
      refuse('report_builds', 'the report examined another commit', 'make a new one');
    }
    for (const build of expected.subject.builds) {
      const examined = content.subject.builds.find(({ name }) => name === build.name);
      if (examined?.digest !== build.digest || examined.version !== build.version) {
        refuse('report_builds', `the report examined another ${build.name}`, 'make a new one');
      }
    }
    if (content.subject.builds.length !== expected.subject.builds.length) {
      refuse('report_builds', 'the report examined other builds', 'make a new one');
    }
  }
}

/** The verdicts must be what these rules say of this evidence at the time it was made. */
function verifyVerdicts(content: ReportBody, { checks, config }: ReportExpectation): void {
  if (content.rules !== RULES_VERSION) {
    const message = `the report was judged by rules ${content.rules}, these are ${RULES_VERSION}`;
    refuse('report_rules', message, 'make a new one');
  }
  if (content.config !== configDigest(config)) {
    refuse('report_config', 'the report was judged by another gates.yaml', 'make a new one');
  }
  const context = { now: content.made_at, config, subject: content.subject };
  const again = judgeAll(checks, content.evidence, context);
  if (canonicalHash(again) !== canonicalHash(content.verdicts)) {
    refuse('report_verdicts', 'the verdicts do not follow from the evidence', 'make a new one');
  }
}

/** The outcome of a whole report. */
export function reportOutcome(content: ReportBody): Outcome {
  return worst(content.verdicts);
}
