import { describe, expect, it } from 'vitest';
import { isPublicAddress, leadsInside } from './public-address.ts';

describe('a public address', () => {
  it('is a global one, and no text', () => {
    expect(isPublicAddress('relay.example.com')).toBe(false);
    expect(isPublicAddress('1.1.1.1')).toBe(true);
    expect(isPublicAddress('2606:4700::1111')).toBe(true);
  });
});

describe('a URL that says itself that it leads inside', () => {
  it.each([
    'http://localhost:8080/',
    'http://127.0.0.1/',
    'http://127.9.9.9/',
    'http://10.0.0.1/',
    'http://172.31.0.1/',
    'http://192.168.1.2:9000/x',
    'http://100.64.0.1/',
    'http://[::1]/',
    'http://[fd00::1]/',
  ])('is %s', (url) => {
    expect(leadsInside(new URL(url))).toBe(true);
  });

  it.each([
    'http://1.1.1.1/',
    'http://169.254.169.254/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://172.32.0.1/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fe80::1]/',
    'http://[2606:4700::1111]/',
    'http://localhost.example/',
    'http://intranet/',
  ])('is not %s', (url) => {
    expect(leadsInside(new URL(url))).toBe(false);
  });
});
