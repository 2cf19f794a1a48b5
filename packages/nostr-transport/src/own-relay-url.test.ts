import { isCodedError } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { ownRelayUrl } from './public-address.ts';

describe('a relay of the node’s own', () => {
  it.each([
    ['wss://relay.example/', 'wss://relay.example'],
    [' WSS://Relay.Example/path# ', 'wss://relay.example/path'],
    ['ws://127.0.0.1:7447', 'ws://127.0.0.1:7447'],
    ['ws://[::1]:7447', 'ws://[::1]:7447'],
    ['ws://192.168.1.4', 'ws://192.168.1.4'],
    ['ws://umbrel', 'ws://umbrel'],
    ['ws://relay.local', 'ws://relay.local'],
    [`ws://${'a'.repeat(56)}.onion`, `ws://${'a'.repeat(56)}.onion`],
    ['wss://10.0.0.1', 'wss://10.0.0.1'],
  ])('%s is known as %s', (text, url) => {
    expect(ownRelayUrl(text)).toBe(url);
  });

  it.each([
    'ws://relay.example',
    'ws://8.8.8.8',
    'ws://[2606:4700::1111]',
    'https://relay.example',
    'wss://user@relay.example',
    'relay.example',
    `wss://relay.example/${'x'.repeat(255)}`,
  ])('%s is refused', (text) => {
    try {
      ownRelayUrl(text);
    } catch (error) {
      expect(isCodedError(error, 'relay_url')).toBe(true);
      return;
    }
    expect.unreachable('it was taken');
  });
});
