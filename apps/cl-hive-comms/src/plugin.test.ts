import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive-comms', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name);

  it('offers these methods and this option', () => {
    expect(names('rpcmethods')).toEqual([
      'hive-comms-version',
      'hive-comms-status',
      'hive-client-identity',
    ]);
    expect(names('options')).toEqual(['hive-comms-db']);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
