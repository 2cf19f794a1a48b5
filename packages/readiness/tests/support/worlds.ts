import type { JsonValue } from '@cl-hive/core';
import type * as Readiness from '../../src/index.ts';

/** The moment of all worlds: 2026-11-21T12:00Z, Unix ms. */
export const NOW = Date.parse('2026-11-21T12:00:00Z');
const [HOUR, DAY] = [3_600_000, 86_400_000];
const HASH = 'ab'.repeat(32);
export const COMMIT = '1'.repeat(40);
const NAMES = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'];

/** What the page about the move from the original must have. */
export const MOVE_STEPS = ['Before', 'Move', 'If it refuses', 'Back'];
export const MOVE_COMMANDS = ['hive-import', 'dry_run=false', 'hive-status', 'hive-bump-version'];

export const SUBJECT = {
  commit: COMMIT,
  builds: NAMES.map((name) => ({ name, version: '1.0.0', digest: HASH, built_at: NOW - DAY })),
};

/** What gates.yaml holds in all worlds. */
export function configInput(): Record<string, unknown> {
  return {
    version: 1,
    rules: 1,
    baseline_tag: 'v0.9.0',
    thresholds: {
      evidence_hours: 24,
      report_hours: 24,
      soak_days: 14,
      advisories_days: 7,
      canary_hours: 72,
      forwards_min: 200,
      significance_ppm: 10_000,
      memory_growth_ppm: 200_000,
      trend_growth_ppm: 20_000,
      disk_free_mib: 1024,
      clock_offset_seconds: 30,
    },
    approvals: { required: 1, maintainers: [] },
    lightningd: { supported: '24.11 and later', tried: ['v26.06.6'] },
    acceptances: [
      {
        check: 'C-FINDINGS',
        subject: 'F-2',
        by: 'Ada',
        why: 'the door is behind another',
        accepted: '2026-11-01',
        until: '2026-12-01',
        control: 'a firewall',
      },
    ],
  };
}

/** Evidence of a world; cases reach into it at any depth, as what was read from JSON. */
export type World = Record<string, ReturnType<typeof JSON.parse>>;

function orders(items: readonly string[]): string[][] {
  return items.length < 2
    ? [[...items]]
    : items.flatMap((item) =>
        orders(items.filter((o) => o !== item)).map((rest) => [item, ...rest]),
      );
}

const [COMMS, ARCHON, HIVE] = NAMES as [string, string, string];
const runbook = (steps: readonly string[]): World => ({
  present: true,
  steps: [...steps],
  blocks: steps.map((step, index) => ({
    step,
    line: 10 * (index + 1),
    exit: 0,
    stated: true,
    matched: true,
    output: 'ok',
  })),
  on: 'hive-lab',
});
const OUT = ['Before', 'Back up', 'Install', 'Start', 'Verify'];
const BACK = ['Stop', 'Remove', 'Put back', 'Start', 'Verify'];

const finding = (id: string, severity: string, status: string): World => ({
  id,
  title: `finding ${id}`,
  severity,
  status,
  found: '2026-11-01',
  where: 'somewhere',
});

/** An advisory about a dependency. */
export const advisory = (id: string, severity: string): World => ({
  id,
  aliases: [],
  package: 'x',
  version: '1.0.0',
  severity,
  title: 'minor',
});

function method(name: string, plugin: string): World {
  return { name, plugin, danger: 1, callers: ['operator'], why: 'reads' };
}

/** A release that is ready: evidence by collector. */
export function goodWorld(): World {
  return {
    tests: {
      commit: COMMIT,
      passed: 3000,
      failed: 0,
      skipped: 0,
      failures: [],
      absent: [],
      source: 'npm test',
    },
    mutants: {
      commit: COMMIT,
      results: Array.from({ length: 40 }, (_, index) => ({
        id: `mutant-${index}`,
        priority: index < 10 ? 'P0' : 'P1',
        outcome: 'killed',
        why: '',
      })),
      unwritten: [],
      absent: 6,
    },
    defects: {
      version: 1,
      defects: [
        { id: 'D-1', title: 'a', priority: 'high', status: 'fixed', opened: '2026-11-01' },
        { id: 'D-2', title: 'b', priority: 'medium', status: 'open', opened: '2026-11-01' },
      ],
    },
    incidents: {
      version: 1,
      since: '2026-10-01',
      incidents: [
        { id: 'I-1', title: 'old', severity: 1, at: '2026-10-20', resolved: '2026-10-21' },
        { id: 'I-2', title: 'small', severity: 3, at: '2026-11-20' },
      ],
    },
    'node-logs': {
      nodes: [
        {
          name: 'alice',
          from: NOW - 20 * DAY,
          to: NOW - HOUR,
          lines: 1000,
          broken: [],
          broken_count: 0,
          died: 0,
        },
      ],
    },
    'runbook-rollout-container': runbook(OUT),
    'runbook-rollout-manual': runbook(OUT),
    'runbook-rollback-container': runbook(BACK),
    'runbook-rollback-manual': runbook(BACK),
    'restore-drill': {
      plugins: NAMES.map((plugin) => ({
        plugin,
        schema_version: 3,
        tables: [{ name: 'a_table', rows: 5, backup: HASH, restored: HASH }],
        written_meanwhile: 7,
        integrity: 'ok',
        opened: 'ready',
        lost: [],
      })),
      replayed: {
        sent: 100,
        executed: 100,
        effects: 0,
        refused: 100,
        answers: ['epoch_mismatch: 100'],
        fresh: true,
      },
    },
    downgrade: {
      plugins: NAMES.map((plugin) => ({
        plugin,
        state: 'failed',
        code: 'store_newer',
        remedy: 'run the newer release',
        before: HASH,
        after: HASH,
        node_alive: true,
      })),
    },
    'audit-findings': {
      version: 1,
      findings: [
        finding('F-1', 'high', 'fixed'),
        finding('F-2', 'medium', 'open'),
        finding('F-3', 'low', 'open'),
      ],
    },
    advisories: {
      made: '2026-11-20',
      records: 5000,
      packages: 100,
      hits: [advisory('G-0', 'low')],
      unclear: [],
    },
    'rpc-methods': {
      allowlist: {
        version: 1,
        methods: [
          method('hive-comms-status', COMMS),
          {
            ...method('hive-comms-rpc', COMMS),
            danger: 10,
            callers: ['advisor'],
            guarded_by: 'it',
          },
          method('hive-archon-status', ARCHON),
          method('hive-status', HIVE),
        ],
      },
      plugins: [
        { plugin: COMMS, methods: ['hive-comms-rpc', 'hive-comms-status'] },
        { plugin: ARCHON, methods: ['hive-archon-status'] },
        { plugin: HIVE, methods: ['hive-status'] },
      ].map((plugin) => ({ ...plugin, hooks: [], notifications: [] })),
    },
    'file-modes': {
      files: [
        ['entry', '0755'],
        ['code', '0644'],
        ['code-folder', '0755'],
        ['data', '0600'],
        ['data-folder', '0700'],
      ].map(([kind, mode]) => ({ path: `a/${kind}`, kind, mode })),
    },
    'canary-secret': {
      planted: [{ name: 'token', found: [], taken: 'yes' }],
      searched: { log_lines: 40, answers: 12, files: 9 },
    },
    matrix: {
      starts: [[COMMS], [COMMS, ARCHON], [COMMS, HIVE], NAMES]
        .flatMap((plugins) => orders(plugins))
        .map((order) => ({ order, on: 'hive-lab', lightningd: 'v26.06.6', faults: [] })),
      life: ['idle without need', 'wake', 'stop', 'start again'].map((step) => ({ step, on: 'x' })),
      options: ['refused while absent', 'starts without', 'starts with'].map((step) => ({
        step,
        on: 'x',
      })),
    },
    lightningd: { tried: [{ version: 'v26.06.6', on: 'regtest', ok: true }] },
    monolith: {
      original_rows: 100,
      imported_rows: 90,
      unaccounted: [],
      file_before: 'ab',
      file_after: 'ab',
      back: true,
      runbook: { steps: [...MOVE_STEPS], commands: [...MOVE_COMMANDS] },
    },
    release: {
      changed: [],
      version: '1.0.0',
      running: NAMES.map((plugin) => ({ plugin, version: '1.0.0' })),
    },
    'baseline-tag': { tag: 'v0.9.0', commit: '2'.repeat(40), ancestor: true },
    canary: goodCanary(),
    node: goodNode(),
  };
}

/** Noise that repeats: a small linear congruential sequence, 0 to 99. */
function noise(index: number): number {
  return ((index * 7919 + 104_729) * 31) % 100;
}

function goodCanary(): World {
  const begun = NOW - 80 * HOUR;
  const days = (count: number, from: number): World[] =>
    Array.from({ length: count }, (_, index) => ({
      from: from + index * DAY,
      settled: 190 + (noise(index) % 20),
      failed: 10,
    }));
  return {
    baseline: {
      days: days(7, begun - 7 * DAY),
      memory: NAMES.map((name, at) => ({ name, resident: 60_000 + 30_000 * at })),
      memory_unit: 'kB',
      revenue_msat: '1000',
      peers: 10,
      gossip_channels: 1000,
      taken_at: begun - HOUR,
    },
    begun,
    days: days(3, begun),
    samples: Array.from({ length: 40 }, (_, index) => ({
      at: begun + index * 2 * HOUR,
      node_started: begun - 100,
      plugins: NAMES.map((name, at) => ({
        name,
        started: begun - 50,
        resident: 60_000 + 30_000 * at + 10 * noise(index + 13 * at),
      })),
      memory_unit: 'kB',
      errors: [],
      peers: 10,
      gossip_channels: 1000,
      fleet: { members: 3, in_sync: 3 },
    })),
    tests: { passed: 300, failed: 0, at: begun + HOUR },
  };
}

function goodNode(): World {
  return {
    lightningd: 'v26.06.6',
    synced: true,
    plugins: NAMES.map((name) => ({
      name,
      version: '1.0.0',
      state: 'ready',
      database: { location: 'x', schema_version: 3, durable: true, log_mib: 1 },
      siblings: NAMES.filter((other) => other !== name).map((other) => ({
        name: other,
        state: 'ready',
        needed: other === COMMS,
      })),
      relays: name === COMMS ? [{ url: 'wss://relay.example', connected: true }] : [],
      problems: [],
    })),
    orphan_options: [],
    disk_free_mib: 5000,
    clock_behind_block_seconds: 0,
    files: [{ path: 'cl-hive/hive.sqlite3', mode: '0600', kind: 'data' }],
  };
}

/** What a world's checks say: outcome by check. */
export function outcomesOf(
  rules: Pick<typeof Readiness, 'CHECKS' | 'CANARY_CHECKS' | 'NODE_CHECKS' | 'ACCEPTABLE'> &
    Pick<typeof Readiness, 'decodeGatesConfig' | 'judgeAll' | 'gathered' | 'subjectDigest'>,
  world: World,
  changes: {
    readonly config?: (config: World) => void;
    readonly subject?: Readiness.Subject;
    readonly at?: number;
  } = {},
): ReadonlyMap<string, string> {
  const input = configInput();
  changes.config?.(input);
  const config = rules.decodeGatesConfig(input, rules.ACCEPTABLE);
  const subject = changes.subject ?? SUBJECT;
  const of = rules.subjectDigest(subject);
  const evidence = new Map(
    Object.entries(world)
      .filter(([, value]) => value !== undefined)
      .map(([id, value]) => [
        id,
        rules.gathered(value as JsonValue, { at: changes.at ?? NOW - HOUR, of }),
      ]),
  );
  const checks = [...rules.CHECKS, ...rules.CANARY_CHECKS, ...rules.NODE_CHECKS];
  const verdicts = rules.judgeAll(checks, evidence, { now: NOW, config, subject });
  return new Map(verdicts.map(({ check, outcome }) => [check, outcome]));
}

/** Outcomes of several checks, and what they are together. */
export const WORST: readonly (readonly [readonly Readiness.Outcome[], Readiness.Outcome])[] = [
  [[], 'unknown'],
  [['pass'], 'pass'],
  [['pass', 'unknown'], 'unknown'],
  [['pass', 'unknown', 'fail'], 'fail'],
];

/** Verdicts with these outcomes. */
export function verdictsOf(outcomes: readonly Readiness.Outcome[]): readonly Readiness.Verdict[] {
  return outcomes.map((outcome) => ({ check: 'X', outcome, evidence: '' }));
}
