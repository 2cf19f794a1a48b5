import { isCodedError, type JsonValue } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import * as rules from '../src/index.ts';
import { configInput, goodWorld, NOW, SUBJECT } from './support/worlds.ts';

const config = rules.decodeGatesConfig(configInput(), rules.ACCEPTABLE);
const of = rules.subjectDigest(SUBJECT);
const context = { now: NOW, config, subject: SUBJECT };
const check = rules.CHECKS.find(({ id }) => id === 'C-MODES');

function judge(evidence: rules.Evidence): rules.Verdict {
  if (check === undefined) {
    throw new TypeError('there is no C-MODES');
  }
  return rules.judgeCheck(check, new Map([['file-modes', evidence]]), context);
}

describe('a verdict', () => {
  it('names the next step of the problem, or else of the check', () => {
    const files = goodWorld()['file-modes'];
    files.files[3].mode = '0644';
    expect(judge(rules.gathered(files as JsonValue, { at: NOW, of }))).toEqual({
      check: 'C-MODES',
      outcome: 'fail',
      evidence: 'a/data is 0644',
      next: 'chmod 0600 a/data',
    });
    files.files = [];
    expect(judge(rules.gathered(files as JsonValue, { at: NOW, of })).next).toBe(check?.next);
  });

  it('counts the problems that it does not name', () => {
    const files = Array.from({ length: 5 }, (_, at) => ({
      path: `${at}`,
      mode: '0666',
      kind: 'code',
    }));
    const { evidence } = judge(rules.gathered({ files }, { at: NOW, of }));
    expect(evidence).toBe('0 is 0666; 1 is 0666; 2 is 0666; and 2 more');
  });

  it('of missing evidence says why and what would change it', () => {
    expect(judge(rules.missing('no disk', 'plug it in', { at: NOW, of }))).toEqual({
      check: 'C-MODES',
      outcome: 'unknown',
      evidence: 'no disk',
      next: 'plug it in',
    });
  });

  it('of evidence of other builds is unknown', () => {
    const value = goodWorld()['file-modes'] as JsonValue;
    const verdict = judge(rules.gathered(value, { at: NOW, of: 'cd'.repeat(32) }));
    expect([verdict.outcome, verdict.evidence]).toEqual([
      'unknown',
      'the evidence is of another commit or of other builds',
    ]);
  });
});

describe('gates.yaml', () => {
  const refused = (change: (input: Record<string, unknown>) => void): string => {
    const input = configInput();
    change(input);
    try {
      rules.decodeGatesConfig(input, rules.ACCEPTABLE);
      return 'taken';
    } catch (error) {
      return isCodedError(error, 'gates_config') ? error.message : String(error);
    }
  };
  const first = (input: Record<string, unknown>): Record<string, unknown> =>
    (input['acceptances'] as Record<string, unknown>[])[0] ?? {};

  it.each<[string, RegExp, (input: Record<string, unknown>) => void]>([
    ['an unknown key', /tresholds: expected no such key/, (c) => (c['tresholds'] = {})],
    ['a missing key', /approvals/, (c) => delete c['approvals']],
    ['an acceptance without a control', /control/, (c) => delete first(c)['control']],
    ['an acceptance with an empty name', /by/, (c) => (first(c)['by'] = ' ')],
    ['an acceptance without end', /until/, (c) => delete first(c)['until']],
    [
      'an acceptance that ends before it begins',
      /end after it begins/,
      (c) => (first(c)['until'] = '2026-10-01'),
    ],
    ['an acceptance for years', /within a year/, (c) => (first(c)['until'] = '2029-10-01')],
    [
      'an acceptance of what nobody can accept',
      /cannot be accepted/,
      (c) => (first(c)['check'] = 'A-TESTS'),
    ],
    ['a day that is none', /a day/, (c) => (first(c)['until'] = 'soon')],
    ['rules of another version', /rules/, (c) => (c['rules'] = 2)],
    [
      'a threshold out of its range',
      /soak_days/,
      (c) => ((c['thresholds'] as Record<string, unknown>)['soak_days'] = 0),
    ],
    [
      'more approvals than maintainers',
      /cannot approve/,
      (c) =>
        (c['approvals'] = {
          required: 2,
          maintainers: [{ name: 'a', key: `ed25519:${'a'.repeat(64)}` }],
        }),
    ],
    [
      'one key for two',
      /same key/,
      (c) =>
        (c['approvals'] = {
          required: 1,
          maintainers: ['a', 'b'].map((name) => ({ name, key: `ed25519:${'a'.repeat(64)}` })),
        }),
    ],
    [
      'a key that is none',
      /key/,
      (c) => (c['approvals'] = { required: 1, maintainers: [{ name: 'a', key: 'me' }] }),
    ],
  ])('%s is refused', (_name, message, change) => {
    expect(refused(change)).toMatch(message);
  });
});
