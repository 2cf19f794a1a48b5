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
      'hive-pending-actions',
      'hive-approve-action',
      'hive-reject-action',
      'hive-set-mode',
      'hive-budget-summary',
      'hive-intent-status',
      'hive-openings',
      'hive-open-channel',
      'hive-splice',
      'hive-close-channel',
      'hive-lock-status',
      'hive-lock-overrule',
    ]);
    expect(names('options').sort()).toEqual([
      'hive-budget-max-per-channel-pct',
      'hive-budget-reserve-pct',
      'hive-db',
      'hive-failsafe-budget-per-day',
      'hive-governance-mode',
      'hive-lock-liars',
    ]);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
