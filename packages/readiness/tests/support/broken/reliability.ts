import { NOW } from '../worlds.ts';
import { type Broken, broken, DAY } from './broken.ts';

/** Worlds in which reliability is broken. */
export const RELIABILITY: readonly Broken[] = [
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
  broken('A-MUTANTS', 'unknown', 'no defect put back (RG-03)', (w) => (w['mutants'].results = [])),
  broken(
    'A-MUTANTS',
    'unknown',
    'defects put into another commit',
    (w) => (w['mutants'].commit = '9'.repeat(40)),
  ),
  broken(
    'A-MUTANTS',
    'unknown',
    'a defect that could not be put back',
    (w) => (w['mutants'].results[20].outcome = 'broken'),
  ),
  broken(
    'A-MUTANTS',
    'unknown',
    'a defect whose code has come since',
    (w) => (w['mutants'].unwritten = ['x']),
  ),
  broken(
    'A-MUTANTS',
    'fail',
    'RG-03: a defect of priority P0 that nobody notices',
    (w) => (w['mutants'].results[3].outcome = 'survived'),
  ),
  broken('A-MUTANTS', 'pass', 'RG-03: one in twenty that nobody notices', (w) => {
    w['mutants'].results[20].outcome = 'survived';
    w['mutants'].results[30].outcome = 'survived';
  }),
  broken('A-MUTANTS', 'fail', 'RG-03: more than one in twenty that nobody notices', (w) => {
    for (const index of [20, 30, 39]) {
      w['mutants'].results[index].outcome = 'survived';
    }
  }),
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
];
