import { MOVE_COMMANDS, MOVE_STEPS } from '../worlds.ts';
import { type Broken, broken } from './broken.ts';

/** Worlds in which compatibility is broken. */
export const COMPATIBILITY: readonly Broken[] = [
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
];
