import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive-archon', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name);

  it('offers these methods and this option', () => {
    expect(names('rpcmethods')).toEqual([
      'hive-archon-version',
      'hive-archon-status',
      'hive-archon-provision',
      'hive-archon-rotate-keys',
      'hive-archon-rotate-did',
    ]);
    expect(names('options')).toEqual(['hive-archon-db']);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
