import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name);

  it('offers these methods and options, under the original’s names', () => {
    for (const name of [
      'hive-version',
      'hive-status',
      'hive-snapshot',
      'hive-siblings',
      'hive-phase6-plugins',
      'hive-inject-packet',
      'hive-import',
      'hive-genesis',
      'hive-invite',
      'hive-join',
      'hive-leave',
      'hive-members',
      'hive-vouch',
      'hive-request-promotion',
      'hive-pending-promotions',
      'hive-propose-ban',
      'hive-vote-ban',
      'hive-pending-bans',
      'hive-contribution',
      'hive-gossip-stats',
      'hive-bump-version',
      'hive-config',
      'hive-pending-actions',
      'hive-approve-action',
      'hive-reject-action',
      'hive-test-pending-action',
      'hive-set-mode',
      'hive-budget-summary',
      'hive-intent-status',
      'hive-openings',
      'hive-open-channel',
      'hive-splice',
      'hive-close-channel',
      'hive-lock-status',
      'hive-lock-overrule',
      'hive-topology',
      'hive-planner-log',
      'hive-planner-run',
      'hive-planner-explain',
      'hive-planner-replay',
      'hive-planner-ignore',
      'hive-planner-unignore',
      'hive-planner-ignored-peers',
      'hive-calculate-size',
      'hive-rate-targets',
      'hive-enable-expansions',
    ]) {
      expect(names('rpcmethods')).toContain(name);
    }
    expect(names('options')).toEqual(
      expect.arrayContaining([
        'hive-db',
        'hive-auto-join',
        'hive-planner-execution',
        'hive-market-share-cap',
        'hive-governance-mode',
      ]),
    );
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
