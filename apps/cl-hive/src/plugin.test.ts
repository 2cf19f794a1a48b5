import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name);

  it('offers these methods and this option', () => {
    expect(names('rpcmethods')).toEqual([
      'hive-version',
      'hive-status',
      'hive-siblings',
      'hive-phase6-plugins',
      'hive-inject-packet',
    ]);
    expect(names('options')).toEqual(['hive-db']);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
