import { advisory } from '../worlds.ts';
import { type Broken, broken } from './broken.ts';

/** Worlds in which security and audit is broken. */
export const SECURITY: readonly Broken[] = [
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
  broken('C-ADVISORIES', 'unknown', 'an empty database', (w) => (w['advisories'].records = 0)),
  broken(
    'C-ADVISORIES',
    'unknown',
    'RG-01: a database from the future',
    (w) => (w['advisories'].made = '2026-11-23'),
  ),
  broken('C-ADVISORIES', 'unknown', 'an advisory that does not say of which versions', (w) =>
    w['advisories'].unclear.push(advisory('G-1', 'low')),
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
  broken(
    'C-ADVISORIES',
    'unknown',
    'an acceptance of what is unknown',
    (w) => (w['advisories'].made = '2026-11-01'),
    (c) => c['acceptances'].push({ ...c['acceptances'][0], check: 'C-ADVISORIES', subject: 'age' }),
  ),
];
