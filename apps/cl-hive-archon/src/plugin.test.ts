import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive-archon', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name);

  it('offers these methods and these options', () => {
    const methods = [
      'version',
      'status',
      'snapshot',
      'provision',
      'rotate-keys',
      'rotate-did',
      'import-identity',
      'upgrade',
      'bind-cln',
      'bind-nostr',
      'verify-contact',
      'receive-contact',
      'resolve',
      'sign-message',
      'process-outbox',
      'prune',
      'issue',
      'accept',
      'present',
      'verify',
      'revoke',
      'credentials',
      'issuers',
      'reputation',
      'authorize',
    ];
    const governance = ['poll-create', 'poll-status', 'poll-list', 'vote', 'my-votes'];
    const vault = [
      'backup',
      'backup-status',
      'restore',
      'export',
      'rotate-shares',
      'message',
      'dmail-reach',
      'dmail-send',
    ];
    expect(names('rpcmethods')).toEqual([
      ...methods.map((name) => `hive-archon-${name}`),
      ...governance.map((name) => `hive-${name}`),
      ...vault.map((name) => `hive-archon-${name}`),
    ]);
    expect(names('options')).toEqual([
      'hive-archon-network',
      'hive-archon-gatekeeper',
      'hive-archon-revocation-grace',
      'hive-archon-vault-folder',
      'hive-archon-vault-keep',
      'hive-archon-vault-gatekeeper',
      'hive-archon-vault-hours',
      'hive-archon-vault-recipients',
      'hive-archon-db',
    ]);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
