import { describe, expect, it } from 'vitest';
import { foreignRelayUrl } from './public-address.ts';
import { relayUrl } from './relay-url.ts';

describe('foreignRelayUrl', () => {
  it.each(['wss://relay.example.com', 'wss://8.8.8.8:4848/path', 'wss://[2606:4700::1111]'])(
    'takes %s',
    (url) => {
      expect(foreignRelayUrl(url)).toBe(url);
    },
  );

  it.each([
    'ws://relay.example.com',
    'https://relay.example.com',
    'wss://user:pass@relay.example.com',
    'wss://localhost',
    'wss://printer',
    'wss://nas.local',
    'wss://metadata.google.internal',
    'wss://x.onion',
    'wss://127.0.0.1',
    'wss://127.1',
    'wss://0x7f000001',
    'wss://2130706433',
    'wss://0177.0.0.1',
    'wss://10.0.0.1',
    'wss://172.31.255.255',
    'wss://192.168.1.1',
    'wss://169.254.169.254',
    'wss://100.64.0.1',
    'wss://0.0.0.0',
    'wss://224.0.0.1',
    'wss://[::1]',
    'wss://[::]',
    'wss://[::ffff:127.0.0.1]',
    'wss://[64:ff9b::7f00:1]',
    'wss://[fe80::1]',
    'wss://[fd00::1]',
    'wss://[2002:7f00:1::]',
    'wss://localhost.',
    'wss://a.localhost.',
    '',
    `wss://${'a'.repeat(300)}.example`,
  ])('refuses %s', (url) => {
    expect(foreignRelayUrl(url)).toBeUndefined();
  });
});

describe('relayUrl', () => {
  it('gives one spelling', () => {
    expect(relayUrl(' WSS://Relay.Example.COM:443/ ')).toBe('wss://relay.example.com');
    expect(relayUrl('ws://127.0.0.1:7000')).toBe('ws://127.0.0.1:7000');
    expect(relayUrl('wss://a.example/x/#top')).toBe('wss://a.example/x');
  });

  it.each(['', 'relay', 'http://a.example', 'wss://u@a.example'])('refuses "%s"', (text) => {
    expect(() => relayUrl(text)).toThrow(expect.objectContaining({ code: 'relay_url' }));
  });
});
