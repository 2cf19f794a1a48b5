import { describe, expect, it } from 'vitest';
import { plugin } from './plugin.ts';

describe('the manifest of cl-hive-comms', () => {
  const manifest = plugin.manifest();
  const names = (key: string) =>
    (manifest[key] as readonly { name: string }[]).map(({ name }) => name).sort();

  it('offers these methods and options', () => {
    expect(names('rpcmethods')).toEqual(
      [
        'alias approve authorize discover escrow identity invoice mints offer pay payments pending policy price prune receipts reject revoke status tokens trial wallet'
          .split(' ')
          .map((name) => `hive-client-${name}`),
        'attest publish-event receive register-handler register-transport rpc send snapshot status transports version'
          .split(' ')
          .map((name) => `hive-comms-${name}`),
      ].flat(),
    );
    expect(names('options')).toEqual([
      'hive-comms-clock-skew',
      'hive-comms-db',
      'hive-comms-nostr-relays',
      'hive-comms-operator',
      'hive-comms-webhook',
    ]);
  });

  it('hooks nothing, so that it cannot slow the node down, and can be stopped and started', () => {
    expect(manifest).toMatchObject({ hooks: [], dynamic: true, cancheck: true });
  });
});
