import { describe, expect, it } from 'vitest';
import { SELF_PROTECTED } from './rules.ts';

describe('what no advisor touches', () => {
  it.each([
    'cl-hive',
    'cl-hive.js',
    'cl-hive.py',
    'cl-hive-comms',
    'cl-hive-comms.js',
    'cl-hive-archon.js',
    'CL-Hive.js',
    'hive-comms-db',
    'hive-db',
    'hive',
  ])('covers %s', (name) => {
    expect(SELF_PROTECTED.test(name)).toBe(true);
  });

  it.each(['beehive', 'hivemind.js', 'clboss', 'cl-hivemind', 'summary.py'])(
    'leaves %s',
    (name) => {
      expect(SELF_PROTECTED.test(name)).toBe(false);
    },
  );
});
