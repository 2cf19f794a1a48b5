import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './public-address.ts';

describe('a public address', () => {
  it('is a global one, and no text', () => {
    expect(isPublicAddress('relay.example.com')).toBe(false);
    expect(isPublicAddress('1.1.1.1')).toBe(true);
    expect(isPublicAddress('2606:4700::1111')).toBe(true);
  });
});
