import { type Decoded, DecodeError, hex, integer, object, oneOf, optional } from '@cl-hive/core';
import { canonicalHash } from '@cl-hive/protocol';
import type { Outcome } from './check.ts';
import { decodeSignature, type VerifyEd25519, verifySignature } from './signature.ts';
import { line, list, words } from './strict.ts';

/** Stages of a rollout, in order. */
export const STAGES = [
  'comms-alpha',
  'archon-alpha',
  'hive-compatibility',
  'canary',
  'staged',
  'default-on',
] as const;
export type Stage = (typeof STAGES)[number];

/** A stage by its name; undefined for another text. */
export function oneStage(name: string): Stage | undefined {
  return STAGES.find((stage) => stage === name);
}

/** Plugins that a node runs at each stage; what is rolled back is what the stage added. */
export const STAGE_PLUGINS: Readonly<Record<Stage, readonly string[]>> = {
  'comms-alpha': ['cl-hive-comms'],
  'archon-alpha': ['cl-hive-comms', 'cl-hive-archon'],
  'hive-compatibility': ['cl-hive-comms', 'cl-hive'],
  canary: ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'],
  staged: ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'],
  'default-on': ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'],
};

/** Sizes of the waves of the stage `staged`, in nodes; the last is all that are left. */
export const WAVES = [1, 3, 10] as const;

const entryBody = object({
  format: oneOf('hive-gate-rollout-1'),
  number: integer(1),
  /** Digest of the entry before; zeros for the first. */
  previous: hex(32),
  at: integer(0),
  action: oneOf('begin', 'promote', 'wave', 'pause', 'resume', 'roll_back'),
  stage: oneOf<Stage>(...STAGES),
  /** Number of the wave in the stage `staged`, from 1; else 0. */
  wave: integer(0, 1_000),
  nodes: list(words),
  /** Report that allows it; zeros where none is needed. */
  report: hex(32),
  commit: words,
  why: line,
});
export const decodeEntry = object({
  body: entryBody,
  digest: hex(32),
  signature: optional(decodeSignature),
});
/** One signed change of a rollout. */
export type Entry = Decoded<typeof decodeEntry>;
export type EntryBody = Entry['body'];
export type Action = EntryBody['action'];

const ZERO = '0'.repeat(64);

/** Where a rollout stands. */
export interface Rollout {
  readonly stage: Stage | undefined;
  readonly wave: number;
  readonly state: 'not_begun' | 'running' | 'paused' | 'rolled_back' | 'done';
  readonly nodes: readonly string[];
  readonly entries: number;
  readonly head: string;
}

export const NOT_BEGUN: Rollout = {
  stage: undefined,
  wave: 0,
  state: 'not_begun',
  nodes: [],
  entries: 0,
  head: ZERO,
};

/** What somebody wants of the rollout, and what is known for it. */
export interface Wish {
  readonly action: Action;
  readonly at: number;
  readonly commit: string;
  readonly nodes: readonly string[];
  readonly why: string;
  /** The verified report, and what its gates say; absent for pause and roll_back. */
  readonly report?: { readonly digest: string; readonly outcome: Outcome };
  /** What keeps the approvals from counting. */
  readonly approvalProblems?: readonly string[];
  /** Outcome of the canary's criteria, where the stage has any. */
  readonly canary?: Outcome;
}

/** Why a wish was refused. */
export type RolloutRefusal =
  | 'not_running'
  | 'already_begun'
  | 'report_needed'
  | 'gates_not_passed'
  | 'not_approved'
  | 'canary_failed'
  | 'canary_unknown'
  | 'wave_size'
  | 'nothing_after'
  | 'clock_back';

export type Step =
  | { readonly ok: true; readonly body: EntryBody; readonly next: Rollout }
  | {
      readonly ok: false;
      readonly code: RolloutRefusal;
      readonly text: string;
      readonly next: string;
    };

function no(code: RolloutRefusal, text: string, next: string): Step {
  return { ok: false, code, text, next };
}

/** The stage behind this one. */
export function stageAfter(stage: Stage | undefined): Stage | undefined {
  return STAGES[stage === undefined ? 0 : STAGES.indexOf(stage) + 1];
}

/**
 * Decides one change. What moves forward needs a verified report whose gates all pass and enough
 * approvals; from the canary on also its criteria. Pausing and rolling back need nothing but the wish.
 */
export function rolloutStep(rollout: Rollout, wish: Wish): Step {
  const allowed = mayAct(rollout, wish);
  if (allowed !== undefined) {
    return allowed;
  }
  const stage =
    wish.action === 'begin' || wish.action === 'promote'
      ? stageAfter(rollout.stage)
      : rollout.stage;
  if (stage === undefined) {
    return no('nothing_after', 'there is no stage behind this one', 'the rollout is complete');
  }
  const forward = ['begin', 'promote', 'wave', 'resume'].includes(wish.action)
    ? forwardRefusal(rollout, wish, stage)
    : undefined;
  if (forward !== undefined) {
    return forward;
  }
  const firstWave = stage === 'staged' && wish.action === 'promote' ? 1 : 0;
  const wave = wish.action === 'wave' ? rollout.wave + 1 : firstWave;
  const keep = wish.action === 'pause' || wish.action === 'resume' || wish.action === 'roll_back';
  const body: EntryBody = {
    format: 'hive-gate-rollout-1',
    number: rollout.entries + 1,
    previous: rollout.head,
    at: wish.at,
    action: wish.action,
    stage,
    wave: keep ? rollout.wave : wave,
    nodes: keep ? rollout.nodes : wish.nodes,
    report: wish.report?.digest ?? ZERO,
    commit: wish.commit,
    why: wish.why,
  };
  return { ok: true, body, next: applied(rollout, body) };
}

function mayAct(rollout: Rollout, { action }: Wish): Step | undefined {
  const { state } = rollout;
  const open = state === 'running' || state === 'paused';
  switch (action) {
    case 'begin':
      return state === 'not_begun' || state === 'rolled_back'
        ? undefined
        : no('already_begun', `the rollout is ${state}`, 'hive-gate status');
    case 'resume':
      return state === 'paused'
        ? undefined
        : no('not_running', `the rollout is ${state}, not paused`, 'hive-gate status');
    case 'pause':
    case 'roll_back':
      return open || state === 'done'
        ? undefined
        : no('not_running', `the rollout is ${state}`, 'hive-gate status');
    case 'promote':
    case 'wave':
      return state === 'running'
        ? undefined
        : no('not_running', `the rollout is ${state}`, 'hive-gate rollout resume, or begin');
    default:
      return undefined;
  }
}

function forwardRefusal(rollout: Rollout, wish: Wish, stage: Stage): Step | undefined {
  if (wish.report === undefined) {
    return no('report_needed', 'a verified report is needed', 'hive-gate check --report FILE');
  }
  if (wish.report.outcome !== 'pass') {
    const text = `the gates say ${wish.report.outcome}`;
    return no('gates_not_passed', text, 'hive-gate check, and mend what it names');
  }
  const [problem] = wish.approvalProblems ?? ['no approval was handed in'];
  if (problem !== undefined) {
    return no('not_approved', problem, 'hive-gate approve REPORT --stage ... --key FILE');
  }
  const afterCanary = STAGES.indexOf(stage) > STAGES.indexOf('canary');
  if (afterCanary && wish.canary === 'fail') {
    return no('canary_failed', 'a criterion of the canary fails', 'hive-gate rollout roll-back');
  }
  if (afterCanary && wish.canary !== 'pass') {
    return no('canary_unknown', 'the canary shows too little yet', 'hive-gate rollout pause; wait');
  }
  return waveRefusal(rollout, wish, stage);
}

function waveRefusal(rollout: Rollout, { action, nodes }: Wish, stage: Stage): Step | undefined {
  if (action === 'resume') {
    return undefined;
  }
  if (action === 'wave' && stage !== 'staged') {
    return no('nothing_after', 'only the stage staged has waves', 'hive-gate promote');
  }
  if (action === 'promote' && rollout.stage === 'staged' && rollout.wave <= WAVES.length) {
    return no('wave_size', `wave ${rollout.wave} is not the last`, 'hive-gate rollout wave');
  }
  const wave = action === 'wave' ? rollout.wave + 1 : 1;
  const size = stage === 'staged' ? WAVES[wave - 1] : stage === 'default-on' ? undefined : 1;
  return size !== undefined && nodes.length > size
    ? no('wave_size', `${nodes.length} nodes at once, ${size} are allowed`, 'name fewer: --node')
    : undefined;
}

/** The rollout after an entry. */
function applied(rollout: Rollout, body: EntryBody): Rollout {
  const { action, stage, wave } = body;
  const states = { pause: 'paused', roll_back: 'rolled_back' } as const;
  const state =
    action === 'pause' || action === 'roll_back'
      ? states[action]
      : stage === 'default-on'
        ? 'done'
        : 'running';
  const earlier = action === 'begin' ? [] : rollout.nodes;
  return {
    // What is rolled back begins again at the same stage.
    stage: action === 'roll_back' ? STAGES[STAGES.indexOf(stage) - 1] : stage,
    wave,
    state,
    nodes: action === 'roll_back' ? [] : [...new Set([...earlier, ...body.nodes])],
    entries: body.number,
    head: entryDigest(body),
  };
}

/** Digest of an entry: what is signed, and what the next entry names. */
export function entryDigest(body: EntryBody): string {
  return canonicalHash(body);
}

/**
 * Reads a rollout from its entries. Throws DecodeError for one that is not signed by its key, out of
 * order, or does not follow from the one before.
 */
export function replay(
  entries: readonly unknown[],
  ed25519: VerifyEd25519,
  keys?: readonly string[],
): Rollout {
  let rollout = NOT_BEGUN;
  for (const [index, input] of entries.entries()) {
    const { body, digest, signature } = decodeEntry(input);
    const named = signature === undefined ? undefined : `${signature.kind}:${signature.key}`;
    if (
      body.number !== index + 1 ||
      body.previous !== rollout.head ||
      digest !== entryDigest(body) ||
      signature === undefined ||
      !verifySignature('rollout', digest, signature, ed25519) ||
      (keys !== undefined && !keys.includes(named ?? ''))
    ) {
      throw new DecodeError('an entry that follows, signed by its key', digest).under(index + 1);
    }
    rollout = applied(rollout, body);
  }
  return rollout;
}
