import { SUBJECT } from '../worlds.ts';
import { type Broken, broken } from './broken.ts';

/** Worlds in which the release itself is broken. */
export const RELEASE: readonly Broken[] = [
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
  {
    ...broken('R-BUILD', 'unknown', 'a plugin that is not built', () => undefined),
    subject: { ...SUBJECT, builds: SUBJECT.builds.slice(1) },
  },
];
