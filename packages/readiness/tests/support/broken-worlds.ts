import type { Subject } from '../../src/index.ts';
import { COMMIT, MOVE_COMMANDS, MOVE_STEPS, NOW, SUBJECT, type World } from './worlds.ts';

const [HOUR, DAY] = [3_600_000, 86_400_000];

/** A world that is broken in one way: what changes, and which check says what of it. */
export interface Broken {
  readonly name: string;
  readonly change: (world: World) => void;
  readonly config?: (config: World) => void;
  readonly subject?: Subject;
  readonly check: string;
  readonly outcome: 'fail' | 'unknown' | 'pass';
}

const broken = (
  check: string,
  outcome: Broken['outcome'],
  name: string,
  change: (world: World) => void,
  config?: (config: World) => void,
): Broken => ({ check, outcome, name, change, ...(config === undefined ? {} : { config }) });

const runbooks: Broken[] = [
  'rollout-container',
  'rollout-manual',
  'rollback-container',
  'rollback-manual',
].flatMap((name) => {
  const [check, id] = [`B-${name.toUpperCase()}`, `runbook-${name}`];
  return [
    broken(check, 'fail', `${name} is missing`, (w) => (w[id].present = false)),
    broken(check, 'fail', `${name} lacks a step`, (w) => w[id].steps.splice(2, 1)),
    broken(check, 'fail', `${name} has its steps out of order`, (w) => w[id].steps.reverse()),
    broken(check, 'fail', `${name} states no result`, (w) => (w[id].blocks[3].stated = false)),
    broken(check, 'fail', `a block of ${name} exits 1`, (w) => (w[id].blocks[1].exit = 1)),
    broken(
      check,
      'fail',
      `a block of ${name} answers otherwise`,
      (w) => (w[id].blocks[1].matched = false),
    ),
    broken(check, 'pass', `a block of ${name} that states nothing may answer anything`, (w) =>
      w[id].blocks.push({ ...w[id].blocks[1], stated: false, matched: false }),
    ),
  ];
});

const release: Broken[] = [
  broken('A-TESTS', 'fail', 'a failing test', (w) =>
    Object.assign(w['tests'], { failed: 1, failures: ['x'] }),
  ),
  broken('A-TESTS', 'unknown', 'no test at all (RG-01)', (w) => (w['tests'].passed = 0)),
  broken(
    'A-TESTS',
    'unknown',
    'tests of another commit',
    (w) => (w['tests'].commit = '9'.repeat(40)),
  ),
  broken('A-TESTS', 'unknown', 'a suite that left nothing', (w) => (w['tests'].absent = ['core'])),
  broken(
    'A-DEFECTS',
    'fail',
    'an open defect of high priority',
    (w) => (w['defects'].defects[0].status = 'open'),
  ),
  broken(
    'A-DEFECTS',
    'fail',
    'an open critical defect',
    (w) => (w['defects'].defects[1].priority = 'critical'),
  ),
  broken(
    'A-DEFECTS',
    'unknown',
    'a defect with an unknown key',
    (w) => (w['defects'].defects[0].prio = 'low'),
  ),
  broken(
    'A-INCIDENTS',
    'fail',
    'an incident 13 days ago',
    (w) => (w['incidents'].incidents[0].resolved = '2026-11-08'),
  ),
  broken(
    'A-INCIDENTS',
    'fail',
    'an old incident that is not resolved',
    (w) => delete w['incidents'].incidents[0].resolved,
  ),
  broken(
    'A-INCIDENTS',
    'fail',
    'an incident of severity 2',
    (w) => (w['incidents'].incidents[1].severity = 2),
  ),
  broken('A-INCIDENTS', 'unknown', 'a young log', (w) => (w['incidents'].since = '2026-11-15')),
  broken('A-NODE-LOGS', 'unknown', 'no log', (w) => (w['node-logs'].nodes = [])),
  broken('A-NODE-LOGS', 'fail', 'a broken line', (w) => (w['node-logs'].nodes[0].broken_count = 1)),
  broken('A-NODE-LOGS', 'fail', 'a plugin that died', (w) => (w['node-logs'].nodes[0].died = 1)),
  broken(
    'A-NODE-LOGS',
    'unknown',
    'a log that begins late',
    (w) => (w['node-logs'].nodes[0].from = NOW - 10 * DAY),
  ),
  broken(
    'A-NODE-LOGS',
    'unknown',
    'a log that ends early',
    (w) => (w['node-logs'].nodes[0].to = NOW - 2 * DAY),
  ),
  ...runbooks,
  broken(
    'B-RESTORE',
    'fail',
    'RG-06: a corrupted backup',
    (w) => (w['restore-drill'].plugins[0].refusal = 'store_backup_invalid'),
  ),
  broken(
    'B-RESTORE',
    'fail',
    'RG-06: a row that differs',
    (w) => (w['restore-drill'].plugins[1].tables[0].restored = 'cd'.repeat(32)),
  ),
  broken(
    'B-RESTORE',
    'unknown',
    'a table without rows',
    (w) => (w['restore-drill'].plugins[1].tables[0].rows = 0),
  ),
  broken('B-RESTORE', 'unknown', 'no table', (w) => (w['restore-drill'].plugins[1].tables = [])),
  broken(
    'B-RESTORE',
    'unknown',
    'nothing written meanwhile',
    (w) => (w['restore-drill'].plugins[2].written_meanwhile = 0),
  ),
  broken(
    'B-RESTORE',
    'fail',
    'a damaged page',
    (w) => (w['restore-drill'].plugins[0].integrity = 'malformed'),
  ),
  broken(
    'B-RESTORE',
    'fail',
    'a plugin that does not open it',
    (w) => (w['restore-drill'].plugins[0].opened = 'failed'),
  ),
  broken(
    'B-RESTORE',
    'fail',
    'an identity that is lost',
    (w) => (w['restore-drill'].plugins[0].lost = ['identity changed']),
  ),
  broken('B-RESTORE', 'unknown', 'a plugin that was left out', (w) =>
    w['restore-drill'].plugins.pop(),
  ),
  broken(
    'B-DOWNGRADE',
    'fail',
    'an older build that works on a newer database',
    (w) => (w['downgrade'].plugins[0].state = 'ready'),
  ),
  broken(
    'B-DOWNGRADE',
    'fail',
    'a refusal for another reason',
    (w) => (w['downgrade'].plugins[0].code = 'store_corrupt'),
  ),
  broken(
    'B-DOWNGRADE',
    'fail',
    'a refusal without remedy',
    (w) => delete w['downgrade'].plugins[0].remedy,
  ),
  broken(
    'B-DOWNGRADE',
    'fail',
    'a refusal that changes the file',
    (w) => (w['downgrade'].plugins[1].after = 'cd'.repeat(32)),
  ),
  broken(
    'B-DOWNGRADE',
    'fail',
    'a refusal that ends the node',
    (w) => (w['downgrade'].plugins[1].node_alive = false),
  ),
  broken('B-DOWNGRADE', 'unknown', 'a plugin that was not tried', (w) =>
    w['downgrade'].plugins.pop(),
  ),
  broken(
    'C-FINDINGS',
    'fail',
    'an open finding',
    (w) => (w['audit-findings'].findings[0].status = 'open'),
  ),
  broken(
    'C-FINDINGS',
    'fail',
    'an expired acceptance',
    () => undefined,
    (c) => (c['acceptances'][0].until = '2026-11-20'),
  ),
  broken(
    'C-FINDINGS',
    'fail',
    'an acceptance that is not yet in force',
    () => undefined,
    (c) => (c['acceptances'][0].accepted = '2026-11-22'),
  ),
  broken(
    'C-FINDINGS',
    'fail',
    'an acceptance of another finding',
    () => undefined,
    (c) => (c['acceptances'][0].subject = 'F-9'),
  ),
  broken(
    'C-ADVISORIES',
    'fail',
    'a vulnerable dependency',
    (w) => (w['advisories'].hits[0].severity = 'medium'),
  ),
  broken(
    'C-ADVISORIES',
    'unknown',
    'an old advisory database',
    (w) => (w['advisories'].made = '2026-11-01'),
  ),
  broken(
    'C-ADVISORIES',
    'unknown',
    'no dependency compared',
    (w) => (w['advisories'].packages = 0),
  ),
  broken('C-RPC', 'fail', 'an unlisted RPC method', (w) =>
    w['rpc-methods'].plugins[2].methods.push('hive-drain'),
  ),
  broken('C-RPC', 'fail', 'a listed method that nobody has', (w) =>
    w['rpc-methods'].plugins[0].methods.pop(),
  ),
  broken(
    'C-RPC',
    'fail',
    'a method of another plugin',
    (w) => (w['rpc-methods'].allowlist.methods[3].plugin = 'cl-hive-archon'),
  ),
  broken('C-RPC', 'fail', 'a method listed twice', (w) =>
    w['rpc-methods'].allowlist.methods.push(w['rpc-methods'].allowlist.methods[0]),
  ),
  broken(
    'C-RPC',
    'fail',
    'a method without callers',
    (w) => (w['rpc-methods'].allowlist.methods[0].callers = []),
  ),
  broken(
    'C-RPC',
    'fail',
    'a dangerous open method',
    (w) => delete w['rpc-methods'].allowlist.methods[1].guarded_by,
  ),
  broken(
    'C-RPC',
    'pass',
    'a harmless open method',
    (w) => (w['rpc-methods'].allowlist.methods[0].callers = ['advisor']),
  ),
  broken(
    'C-RPC',
    'pass',
    'a dangerous method of the operator',
    (w) => (w['rpc-methods'].allowlist.methods[0].danger = 10),
  ),
  broken('C-RPC', 'unknown', 'a plugin that was not asked', (w) => {
    w['rpc-methods'].plugins.pop();
    w['rpc-methods'].allowlist.methods.pop();
  }),
  broken(
    'C-MODES',
    'fail',
    'a database that others can read',
    (w) => (w['file-modes'].files[3].mode = '0644'),
  ),
  broken('C-MODES', 'unknown', 'no database seen', (w) => w['file-modes'].files.splice(3, 1)),
  broken(
    'C-SECRETS',
    'fail',
    'a secret in the log',
    (w) => (w['canary-secret'].planted[0].found = ['the log']),
  ),
  broken(
    'C-SECRETS',
    'unknown',
    'a secret that was not taken',
    (w) => (w['canary-secret'].planted[0].taken = 'no'),
  ),
  broken('C-SECRETS', 'unknown', 'no secret', (w) => (w['canary-secret'].planted = [])),
  broken('C-SECRETS', 'unknown', 'no log', (w) => (w['canary-secret'].searched.log_lines = 0)),
  broken('C-SECRETS', 'unknown', 'no answer', (w) => (w['canary-secret'].searched.answers = 0)),
  ...['D-COMMS', 'D-ARCHON', 'D-HIVE', 'D-ALL'].flatMap((check, index) => [
    broken(
      check,
      'fail',
      `${check}: a plugin that finds no sibling`,
      (w) => (w['matrix'].starts[[0, 1, 3, 5][index] ?? 0].faults = ['x']),
    ),
    broken(check, 'unknown', `${check}: an order that was not tried`, (w) =>
      w['matrix'].starts.splice([0, 1, 3, 5][index] ?? 0, 1),
    ),
  ]),
  broken('D-LIFE', 'fail', 'a plugin that does not wake', (w) => (w['matrix'].life[1].fault = 'x')),
  broken('D-LIFE', 'unknown', 'waking was not tried', (w) => w['matrix'].life.splice(1, 1)),
  broken(
    'D-OPTIONS',
    'fail',
    'an option that keeps the node down',
    (w) => (w['matrix'].options[1].fault = 'x'),
  ),
  broken('D-OPTIONS', 'unknown', 'options were not tried', (w) => (w['matrix'].options = [])),
  broken(
    'D-LIGHTNINGD',
    'unknown',
    'a version that was not tried',
    (w) => (w['lightningd'].tried = []),
  ),
  broken(
    'D-LIGHTNINGD',
    'fail',
    'a version that does not work',
    (w) => (w['lightningd'].tried[0].ok = false),
  ),
  broken(
    'D-MONOLITH',
    'fail',
    'rows that were not imported',
    (w) => (w['monolith'].unaccounted = ['members']),
  ),
  broken('D-MONOLITH', 'fail', 'a changed file', (w) => (w['monolith'].file_after = 'cd')),
  ...MOVE_STEPS.map((step) =>
    broken('D-MONOLITH', 'fail', `a runbook without ${step}`, (w) => {
      w['monolith'].runbook.steps = MOVE_STEPS.filter((other) => other !== step);
    }),
  ),
  ...MOVE_COMMANDS.map((command) =>
    broken('D-MONOLITH', 'fail', `a runbook without ${command}`, (w) => {
      w['monolith'].runbook.commands = MOVE_COMMANDS.filter((other) => other !== command);
    }),
  ),
  broken('D-MONOLITH', 'fail', 'no way back', (w) => (w['monolith'].back = false)),
  broken('D-MONOLITH', 'unknown', 'nothing to import', (w) => (w['monolith'].original_rows = 0)),
  broken('D-MONOLITH', 'unknown', 'nothing imported', (w) => (w['monolith'].imported_rows = 0)),
  broken('R-BUILD', 'fail', 'a changed file', (w) => (w['release'].changed = ['x'])),
  broken(
    'R-BUILD',
    'fail',
    'RG-04: a plugin that runs as another version',
    (w) => (w['release'].running[0].version = '0.9.0'),
  ),
  broken('R-BUILD', 'unknown', 'a plugin that did not run', (w) => w['release'].running.pop()),
  broken('R-BUILD', 'fail', 'builds of another version', (w) => {
    w['release'].version = '1.1.0';
    for (const plugin of w['release'].running) {
      plugin.version = '1.1.0';
    }
  }),
  broken('R-TAG', 'fail', 'no tag', (w) => delete w['baseline-tag'].commit),
  broken('R-TAG', 'fail', 'a stale tag', (w) => (w['baseline-tag'].ancestor = false)),
  broken('R-TAG', 'unknown', 'another tag', (w) => (w['baseline-tag'].tag = 'v0.8.0')),
];

release.push(
  {
    ...broken('R-BUILD', 'unknown', 'a plugin that is not built', () => undefined),
    subject: { ...SUBJECT, builds: SUBJECT.builds.slice(1) },
  },
  broken(
    'C-ADVISORIES',
    'unknown',
    'an acceptance of what is unknown',
    (w) => (w['advisories'].made = '2026-11-01'),
    (c) => c['acceptances'].push({ ...c['acceptances'][0], check: 'C-ADVISORIES', subject: 'age' }),
  ),
);

const each = (w: World, change: (sample: World, index: number) => void): void =>
  w['canary'].samples.forEach(change);

const canary: Broken[] = [
  broken(
    'K-UPTIME',
    'fail',
    'a plugin that restarted',
    (w) => (w['canary'].samples[9].plugins[0].started = w['canary'].begun + 1),
  ),
  broken(
    'K-UPTIME',
    'fail',
    'a node that restarted',
    (w) => (w['canary'].samples[9].node_started = w['canary'].begun + 1),
  ),
  broken(
    'K-UPTIME',
    'unknown',
    'too little time',
    (w) => (w['canary'].samples = w['canary'].samples.slice(0, 20)),
  ),
  broken('K-TESTS', 'fail', 'tests that fail there', (w) => (w['canary'].tests.failed = 1)),
  broken('K-TESTS', 'unknown', 'no tests there', (w) => delete w['canary'].tests),
  broken('K-TESTS', 'unknown', 'an empty run there', (w) => (w['canary'].tests.passed = 0)),
  broken(
    'K-TESTS',
    'unknown',
    'tests of before',
    (w) => (w['canary'].tests.at = w['canary'].begun - 1),
  ),
  broken('K-FORWARDS', 'fail', 'half the forwards', (w) =>
    w['canary'].days.forEach((d: World) => Object.assign(d, { settled: 95, failed: 5 })),
  ),
  broken(
    'K-FORWARDS',
    'unknown',
    'RG-01: one day of baseline',
    (w) => (w['canary'].baseline.days = w['canary'].baseline.days.slice(0, 2)),
  ),
  broken('K-FORWARDS', 'pass', 'more forwards', (w) =>
    w['canary'].days.forEach((d: World) => Object.assign(d, { settled: 300, failed: 12 })),
  ),
  broken('K-SUCCESS', 'fail', 'twice the failures', (w) =>
    w['canary'].days.forEach((d: World) => (d['failed'] = 40)),
  ),
  broken(
    'K-SUCCESS',
    'unknown',
    'RG-01: too few forwards after',
    (w) => (w['canary'].days = [{ ...w['canary'].days[0], settled: 185, failed: 5 }]),
  ),
  broken('K-MEMORY', 'fail', 'more memory than allowed', (w) =>
    each(w, (s) => (s['plugins'][0].resident += 15_000)),
  ),
  broken(
    'K-MEMORY',
    'unknown',
    'RG-01: baseline 0',
    (w) => (w['canary'].baseline.memory[0].resident = 0),
  ),
  broken('K-TREND', 'fail', 'a memory trend', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += i * 150)),
  ),
  broken('K-TREND', 'pass', 'a trend too small to matter', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += i * 10)),
  ),
  broken('K-TREND', 'pass', 'memory that jumps about', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident += (i * i * 3571) % 17_000)),
  ),
  broken('K-TREND', 'pass', 'memory that shrinks', (w) =>
    each(w, (s, i) => (s['plugins'][1].resident -= i * 150)),
  ),
  broken('K-ERRORS', 'fail', 'an error line', (w) => (w['canary'].samples[3].errors = ['broken'])),
  broken('K-FLEET', 'fail', 'lost peers', (w) => (w['canary'].samples.at(-1).peers = 7)),
  broken(
    'K-FLEET',
    'fail',
    'lost gossip',
    (w) => (w['canary'].samples.at(-1).gossip_channels = 800),
  ),
  broken(
    'K-FLEET',
    'fail',
    'a fleet out of sync',
    (w) => (w['canary'].samples.at(-1).fleet.in_sync = 2),
  ),
  broken('K-FLEET', 'pass', 'no fleet', (w) => delete w['canary'].samples.at(-1).fleet),
  broken(
    'K-FLEET',
    'unknown',
    'RG-01: a baseline without peers',
    (w) => (w['canary'].baseline.peers = 0),
  ),
  broken(
    'K-FLEET',
    'unknown',
    'RG-01: a baseline without gossip',
    (w) => (w['canary'].baseline.gossip_channels = 0),
  ),
];

const node: Broken[] = [
  broken(
    'N-PLUGINS',
    'fail',
    'a plugin that failed',
    (w) => (w['node'].plugins[2].state = 'failed'),
  ),
  broken(
    'N-PLUGINS',
    'unknown',
    'a plugin that idles',
    (w) => (w['node'].plugins[2].state = 'idle'),
  ),
  broken('N-VERSIONS', 'fail', 'two releases', (w) => (w['node'].plugins[0].version = '0.9.0')),
  broken('N-DATABASES', 'unknown', 'no database', (w) => delete w['node'].plugins[1].database),
  broken(
    'N-DATABASES',
    'fail',
    'a database that may lose',
    (w) => (w['node'].plugins[1].database.durable = false),
  ),
  broken('N-DATABASES', 'fail', 'a long log', (w) => (w['node'].plugins[1].database.log_mib = 100)),
  broken(
    'N-SIBLINGS',
    'fail',
    'a needed sibling that is not seen',
    (w) => (w['node'].plugins[2].siblings[0].state = 'absent'),
  ),
  broken(
    'N-SIBLINGS',
    'fail',
    'a running sibling that is not seen',
    (w) => (w['node'].plugins[2].siblings[1].state = 'incompatible'),
  ),
  broken('N-SIBLINGS', 'pass', 'a sibling that is not installed', (w) => {
    w['node'].plugins.splice(1, 1);
    w['node'].plugins[0].siblings[0].state = 'absent';
    w['node'].plugins[1].siblings[1].state = 'absent';
  }),
  broken(
    'N-RELAYS',
    'fail',
    'a relay that is down',
    (w) => (w['node'].plugins[0].relays[0].connected = false),
  ),
  broken(
    'N-RELAYS',
    'fail',
    'an option that is not used',
    (w) => (w['node'].plugins[0].problems = ['bad relay']),
  ),
  broken('N-OPTIONS', 'fail', 'an orphan option', (w) => (w['node'].orphan_options = ['hive-db'])),
  broken('N-DISK', 'fail', 'a full disk', (w) => (w['node'].disk_free_mib = 10)),
  broken('N-CLOCK', 'fail', 'a slow clock', (w) => (w['node'].clock_behind_block_seconds = 600)),
  broken('N-CLOCK', 'unknown', 'a chain that is behind', (w) => (w['node'].synced = false)),
  broken(
    'N-MODES',
    'fail',
    'a file that others can read',
    (w) => (w['node'].files[0].mode = '0644'),
  ),
];

/** Worlds that are broken in one way each. */
export const BROKEN: readonly Broken[] = [...release, ...canary, ...node];

/** Worlds whose evidence of several checks cannot be judged at all: each must be unknown there. */
export const UNREADABLE: readonly {
  readonly name: string;
  readonly change: (w: World) => void;
  readonly checks: RegExp;
}[] = [
  { name: 'a metric is absent', change: (w) => delete w['canary'].samples[0].peers, checks: /^K-/ },
  {
    name: 'a metric is NaN',
    change: (w) => (w['canary'].samples[0].peers = Number.NaN),
    checks: /^K-/,
  },
  { name: 'a metric is null', change: (w) => (w['canary'].samples[0].peers = null), checks: /^K-/ },
  {
    name: 'a unit changed',
    change: (w) => (w['canary'].samples[0].memory_unit = 'MB'),
    checks: /^K-/,
  },
  {
    name: 'a time lies in the future',
    change: (w) => (w['canary'].samples[0].at = NOW + 2 * HOUR),
    checks: /^K-/,
  },
  {
    name: 'the baseline is younger than the canary',
    change: (w) => (w['canary'].baseline.taken_at = w['canary'].begun + 1),
    checks: /^K-/,
  },
  {
    name: 'there is no matrix',
    change: (w) => (w['matrix'] = undefined),
    checks: /^D-(?!LIGHTNINGD|MONOLITH)/,
  },
  {
    name: 'one sample of memory',
    change: (w) => (w['canary'].samples = w['canary'].samples.slice(-1)),
    checks: /^K-(?:MEMORY|TREND|ERRORS)$/,
  },
  {
    name: 'no sample',
    change: (w) => (w['canary'].samples = []),
    checks: /^K-(?:UPTIME|MEMORY|TREND|ERRORS|FLEET)$/,
  },
  {
    name: 'no forward before',
    change: (w) =>
      w['canary'].baseline.days.forEach((d: World) => Object.assign(d, { settled: 0, failed: 0 })),
    checks: /^K-(?:FORWARDS|SUCCESS)$/,
  },
  {
    name: 'no forward succeeded before',
    change: (w) =>
      w['canary'].baseline.days.forEach((d: World) =>
        Object.assign(d, { settled: 0, failed: 100 }),
      ),
    checks: /^K-FORWARDS$/,
  },
  { name: 'no plugin on the node', change: (w) => (w['node'].plugins = []), checks: /^N-PLUGINS$/ },
];

export { COMMIT };
