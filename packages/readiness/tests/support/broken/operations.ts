import { type Broken, broken } from './broken.ts';

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

/** Worlds in which operational readiness is broken. */
export const OPERATIONS: readonly Broken[] = [
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
  broken('B-RESTORE', 'fail', 'RG-06: a request of before that is executed again', (w) =>
    Object.assign(w['restore-drill'].replayed, { effects: 1, answers: ['executed: 1'] }),
  ),
  broken('B-RESTORE', 'fail', 'RG-06: a request of before that is let in again', (w) =>
    Object.assign(w['restore-drill'].replayed, { refused: 99, answers: ['unknown: 1'] }),
  ),
  broken('B-RESTORE', 'unknown', 'RG-06: too few requests to send again', (w) =>
    Object.assign(w['restore-drill'].replayed, { sent: 99, executed: 99, refused: 99 }),
  ),
  broken(
    'B-RESTORE',
    'unknown',
    'RG-06: requests that were not executed when they were new',
    (w) => (w['restore-drill'].replayed.executed = 99),
  ),
  broken(
    'B-RESTORE',
    'unknown',
    'RG-06: a restored node that executes nothing any more',
    (w) => (w['restore-drill'].replayed.fresh = false),
  ),
];
