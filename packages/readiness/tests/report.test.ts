import { isCodedError, type JsonValue } from '@cl-hive/core';
import { signMessage } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as rules from '../src/index.ts';
import { configInput, goodWorld, NOW, SUBJECT } from './support/worlds.ts';

const config = rules.decodeGatesConfig(configInput(), rules.ACCEPTABLE);
const SECRET = new Uint8Array(32).fill(7);
const NODE = '02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f';
const HOUR = 3_600_000;

function evidence(of = rules.subjectDigest(SUBJECT)): rules.EvidenceSet {
  const { canary: _canary, node: _node, ...release } = goodWorld();
  return new Map(
    Object.entries(release).map(([id, value]) => [
      id,
      rules.gathered(value as JsonValue, { at: NOW - HOUR, of }),
    ]),
  );
}

function signed(body: rules.ReportBody): rules.Report {
  const digest = rules.reportDigest(body);
  const { zbase } = signMessage(rules.signedText('report', digest), SECRET);
  return { body, digest, signature: { kind: 'node', key: NODE, signature: zbase } };
}

const body = (): rules.ReportBody =>
  rules.makeReport(rules.CHECKS, { evidence: evidence(), config, subject: SUBJECT, now: NOW });

function codeOf(report: rules.Report, change: Partial<rules.ReportExpectation> = {}): string {
  const file = JSON.parse(JSON.stringify({ ...report, body: rules.bodyJson(report.body) }));
  try {
    rules.verifyReport(rules.decodeReport(file), {
      checks: rules.CHECKS,
      config,
      now: NOW + HOUR,
      ed25519: () => false,
      subject: SUBJECT,
      ...change,
    });
    return 'genuine';
  } catch (error) {
    return isCodedError(error) ? error.code : String(error);
  }
}

describe('RG-04: a report', () => {
  it('that is signed, fresh and about these builds is genuine', () => {
    expect(codeOf(signed(body()))).toBe('genuine');
    expect(rules.reportOutcome(body())).toBe('pass');
  });

  it.each<[string, string, () => rules.Report]>([
    [
      'edited',
      'report_edited',
      () => ({ ...signed(body()), body: { ...body(), made_at: NOW + 1 } }),
    ],
    [
      'without signature',
      'report_unsigned',
      () => ({ body: body(), digest: rules.reportDigest(body()) }),
    ],
    [
      'of two commits',
      'report_mixed',
      () => {
        const mixed = new Map([...evidence(), ...[...evidence('cd'.repeat(32))].slice(0, 1)]);
        return signed(
          rules.makeReport(rules.CHECKS, { evidence: mixed, config, subject: SUBJECT, now: NOW }),
        );
      },
    ],
    [
      'made before its builds',
      'report_future',
      () => {
        const builds = SUBJECT.builds.map((build) => ({ ...build, built_at: NOW + HOUR }));
        return signed({ ...body(), subject: { ...SUBJECT, builds } });
      },
    ],
    [
      'whose verdicts were bettered',
      'report_verdicts',
      () => {
        const { tests: _tests, ...rest } = Object.fromEntries(evidence());
        const made = rules.makeReport(rules.CHECKS, {
          evidence: new Map(Object.entries(rest)),
          config,
          subject: SUBJECT,
          now: NOW,
        });
        const verdicts = made.verdicts.map(({ check }) => ({
          check,
          outcome: 'pass' as const,
          evidence: '',
        }));
        return signed({ ...made, verdicts });
      },
    ],
    ['judged by other rules', 'report_rules', () => signed({ ...body(), rules: 9 })],
    [
      'judged by another gates.yaml',
      'report_config',
      () => signed({ ...body(), config: 'cd'.repeat(32) }),
    ],
  ])('that is %s is refused', (_name, code, make) => {
    expect(codeOf(make())).toBe(code);
  });

  it.each<[string, string, Partial<rules.ReportExpectation>]>([
    ['too old', 'report_old', { now: NOW + 25 * HOUR }],
    ['from the future', 'report_future', { now: NOW - HOUR }],
    ['of another commit', 'report_builds', { subject: { ...SUBJECT, commit: '3'.repeat(40) } }],
    [
      'of fewer builds',
      'report_builds',
      { subject: { ...SUBJECT, builds: SUBJECT.builds.slice(1) } },
    ],
    [
      'of a build with another hash',
      'report_builds',
      {
        subject: {
          ...SUBJECT,
          builds: SUBJECT.builds.map((build) => ({ ...build, digest: 'ef'.repeat(32) })),
        },
      },
    ],
    [
      'of a build with another version',
      'report_builds',
      {
        subject: {
          ...SUBJECT,
          builds: SUBJECT.builds.map((build) => ({ ...build, version: '2' })),
        },
      },
    ],
    ['signed by a stranger', 'report_forged', { keys: [`node:${'02'.repeat(33)}`] }],
    ['of another node', 'report_node', { node: NODE }],
  ])('that is %s is refused', (_name, code, change) => {
    expect(codeOf(signed(body()), change)).toBe(code);
  });

  it('with any character of its signature or key changed is refused', () => {
    const good = signed(body());
    fc.assert(
      fc.property(fc.constantFrom('signature', 'key'), fc.nat(65), (member, at) => {
        const text = good.signature?.[member as 'key'] ?? '';
        const other = text[at] === 'y' || text[at] === '1' ? 'b' : member === 'key' ? '1' : 'y';
        const changed = {
          ...good.signature,
          [member]: text.slice(0, at) + other + text.slice(at + 1),
        };
        expect(codeOf({ ...good, signature: changed as rules.Signature })).toBe('report_forged');
      }),
      { numRuns: 20 },
    );
  });
});
