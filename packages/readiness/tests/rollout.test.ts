import { canonicalHash } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as rules from '../src/index.ts';
import { configInput } from './support/worlds.ts';

const REPORT = { digest: 'ab'.repeat(32), outcome: 'pass' as const };
const wish = (action: rules.Action, change: Partial<rules.Wish> = {}): rules.Wish => ({
  action,
  at: 1,
  commit: 'c',
  nodes: ['alice'],
  why: 'x',
  report: REPORT,
  approvalProblems: [],
  canary: 'pass',
  ...change,
});

function after(...wishes: readonly rules.Wish[]): rules.Rollout {
  return wishes.reduce((rollout, one) => {
    const step = rules.rolloutStep(rollout, one);
    if (!step.ok) {
      throw new TypeError(`${step.code}: ${step.text}`);
    }
    return step.next;
  }, rules.NOT_BEGUN);
}

function refusal(rollout: rules.Rollout, one: rules.Wish): string {
  const step = rules.rolloutStep(rollout, one);
  return step.ok ? 'taken' : step.code;
}

const toCanary = [wish('begin'), wish('promote'), wish('promote'), wish('promote')];

describe('a rollout', () => {
  it('goes through its stages and waves to the end', () => {
    const done = after(
      ...toCanary,
      wish('promote'),
      wish('wave', { nodes: ['b', 'c', 'd'] }),
      wish('wave', { nodes: ['e'] }),
      wish('wave', { nodes: [] }),
      wish('promote', { nodes: ['all'] }),
    );
    expect([done.stage, done.state]).toEqual(['default-on', 'done']);
    expect(refusal(done, wish('promote'))).toBe('not_running');
  });

  it.each<[string, Partial<rules.Wish>]>([
    ['gates_not_passed', { report: { ...REPORT, outcome: 'unknown' } }],
    ['gates_not_passed', { report: { ...REPORT, outcome: 'fail' } }],
    ['not_approved', { approvalProblems: ['0 of 2'] }],
    ['wave_size', { nodes: ['a', 'b'] }],
  ])('RG-01: %s keeps it from moving', (code, change) => {
    for (const [rollout, action] of [
      [rules.NOT_BEGUN, 'begin'],
      [after(wish('begin')), 'promote'],
    ] as const) {
      expect(refusal(rollout, wish(action, change))).toBe(code);
    }
  });

  it('RG-01: a canary that fails, is unknown or was not judged keeps it from the next stage', () => {
    const canary = after(...toCanary);
    const { canary: _left, ...none } = wish('promote');
    expect(refusal(canary, wish('promote', { canary: 'fail' }))).toBe('canary_failed');
    expect(refusal(canary, wish('promote', { canary: 'unknown' }))).toBe('canary_unknown');
    expect(refusal(canary, none)).toBe('canary_unknown');
    const { report: _report, ...bare } = wish('promote');
    expect(refusal(canary, bare)).toBe('report_needed');
    const { approvalProblems: _approvals, ...unasked } = wish('promote');
    expect(refusal(canary, unasked)).toBe('not_approved');
  });

  it('RG-07: can always be paused and rolled back, and begins again at the stage that was rolled back', () => {
    const { report: _r, canary: _c, approvalProblems: _a, ...bare } = wish('roll_back');
    const back = after(...toCanary, { ...bare, action: 'pause' }, bare);
    expect([back.state, back.nodes]).toEqual(['rolled_back', []]);
    expect(after(...toCanary, bare, wish('begin')).stage).toBe('canary');
    expect(refusal(back, bare)).toBe('not_running');
    expect(refusal(after(wish('begin'), wish('pause')), wish('promote'))).toBe('not_running');
    expect(after(wish('begin'), wish('pause'), wish('resume')).state).toBe('running');
  });

  it('does not leave the waves out', () => {
    const staged = after(...toCanary, wish('promote'));
    expect(refusal(staged, wish('promote'))).toBe('wave_size');
    expect(refusal(staged, wish('wave', { nodes: ['a', 'b', 'c', 'd'] }))).toBe('wave_size');
    expect(refusal(after(wish('begin')), wish('wave'))).toBe('nothing_after');
    expect(refusal(after(wish('begin')), wish('begin'))).toBe('already_begun');
  });

  it('never moves forward without pass, approvals and report, whatever is wished', () => {
    const outcome = fc.constantFrom<rules.Outcome>('pass', 'fail', 'unknown');
    const any = fc.record({
      action: fc.constantFrom<rules.Action>(
        'begin',
        'promote',
        'wave',
        'pause',
        'resume',
        'roll_back',
      ),
      outcome,
      canary: outcome,
      approved: fc.boolean(),
      nodes: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (wishes) => {
        let rollout = rules.NOT_BEGUN;
        for (const { action, outcome, canary, approved, nodes } of wishes) {
          const step = rules.rolloutStep(
            rollout,
            wish(action, {
              report: { ...REPORT, outcome },
              canary,
              approvalProblems: approved ? [] : ['no'],
              nodes: Array.from({ length: nodes }, (_, at) => String(at)),
            }),
          );
          if (step.ok && !['pause', 'roll_back'].includes(action)) {
            expect([outcome, approved]).toEqual(['pass', true]);
            if (['staged', 'default-on'].includes(step.body.stage)) {
              expect(canary).toBe('pass');
            }
          }
          rollout = step.ok ? step.next : rollout;
        }
      }),
    );
  });
});

describe("a rollout's file", () => {
  const ed25519: rules.VerifyEd25519 = (message, key, signature) =>
    signature === canonicalHash([message, key]).repeat(2);
  function entries(): unknown[] {
    const list: unknown[] = [];
    let rollout = rules.NOT_BEGUN;
    for (const one of toCanary) {
      const step = rules.rolloutStep(rollout, one);
      if (step.ok) {
        const digest = rules.entryDigest(step.body);
        const key = 'aa'.repeat(32);
        const signature = canonicalHash([rules.signedText('rollout', digest), key]).repeat(2);
        list.push({ body: step.body, digest, signature: { kind: 'ed25519', key, signature } });
        rollout = step.next;
      }
    }
    return list;
  }

  it('is read back, entry by entry', () => {
    expect(rules.replay(entries(), ed25519)).toEqual(after(...toCanary));
  });

  it.each<[string, (list: unknown[]) => unknown[]]>([
    ['an entry cut out', (list) => list.toSpliced(1, 1)],
    ['entries exchanged', (list) => [list[1], list[0], list[2], list[3]]],
    ['an entry twice', (list) => [...list, list[3]]],
    [
      'an edited entry',
      (list) =>
        list.map((entry, at) =>
          at === 2 ? { ...(entry as object), digest: 'cd'.repeat(32) } : entry,
        ),
    ],
    [
      'an entry without signature',
      (list) => list.map((entry) => ({ ...(entry as object), signature: undefined })),
    ],
  ])('%s is found', (_name, change) => {
    expect(() => rules.replay(change(entries()), ed25519)).toThrow(/an entry that follows/);
  });

  it('an entry of a stranger is found', () => {
    expect(() => rules.replay(entries(), ed25519, ['ed25519:bb'])).toThrow(/an entry that follows/);
  });
});

describe('approvals', () => {
  const keys = ['aa', 'bb', 'cc'].map((pair) => pair.repeat(32));
  const config = rules.decodeGatesConfig(
    {
      ...configInput(),
      approvals: {
        required: 2,
        maintainers: keys.slice(0, 2).map((key, at) => ({ name: `m${at}`, key: `ed25519:${key}` })),
      },
    },
    rules.ACCEPTABLE,
  );
  const about = { report: 'ab'.repeat(32), made_at: 1_000, stage: 'canary' as const, now: 5_000 };
  const ed25519: rules.VerifyEd25519 = (message, key, signature) =>
    signature === canonicalHash([message, key]).repeat(2);
  const approval = (key: string, change: object = {}): rules.Approval => {
    const content = { ...rules.approvalContent(about.report, about.stage, 2_000), ...change };
    const message = rules.signedText('approval', rules.approvalDigest(content));
    const signature = canonicalHash([message, key]).repeat(2);
    return { content, signature: { kind: 'ed25519', key, signature } };
  };
  const [ada = '', bob = '', eve = ''] = keys;
  const kinds = (list: readonly rules.Approval[]): string[] =>
    rules.approvalProblems(list, about, config, ed25519).map(({ kind }) => kind);

  it('of k maintainers are enough', () => {
    expect(kinds([approval(ada), approval(bob)])).toEqual([]);
  });

  it.each<[string, readonly rules.Approval[], readonly string[]]>([
    ['none', [], ['unknown']],
    ['one voice twice', [approval(ada), approval(ada)], ['unknown']],
    ['a stranger', [approval(ada), approval(eve)], ['fail', 'unknown']],
    [
      'another report',
      [approval(ada), approval(bob, { report: 'cd'.repeat(32) })],
      ['fail', 'unknown'],
    ],
    ['another stage', [approval(ada), approval(bob, { stage: 'staged' })], ['fail', 'unknown']],
    [
      'a word of before the report',
      [approval(ada), approval(bob, { at: -400_000 })],
      ['fail', 'unknown'],
    ],
    [
      'a forged signature',
      [approval(ada), { ...approval(bob), content: { ...approval(bob).content, at: 3_000 } }],
      ['fail', 'unknown'],
    ],
  ])('%s is not enough', (_name, list, expected) => {
    expect(kinds(list)).toEqual(expected);
  });
});
