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
      'verify',
      'revoke',
      'credentials',
      'issuers',
      'reputation',
      'authorize',
    ];
    expect(names('rpcmethods')).toEqual(methods.map((name) => `hive-archon-${name}`));
    expect(names('options')).toEqual([
      'hive-archon-network',
      'hive-archon-gatekeeper',
      'hive-archon-revocation-grace',
      'hive-archon-db',
    ]);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
