import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeError } from './errors.ts';
import { bytesToHex, hexToBytes, isHex } from './hex.ts';
import { compareCodeUnits, nodeId, shortChannelId } from './ids.ts';

describe('hex', () => {
  it('round-trips any bytes and reads capitals', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
        expect(hexToBytes(bytesToHex(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it('refuses odd lengths and other characters', () => {
    for (const bad of ['a', 'zz', '0x', ' 0', '0 ', '00\n']) {
      expect(isHex(bad), JSON.stringify(bad)).toBe(false);
      expect(() => hexToBytes(bad)).toThrow(RangeError);
    }
  });
});

describe('ids', () => {
  it('checked constructors refuse other texts', () => {
    expect(() => nodeId('02ab')).toThrow(RangeError);
    expect(() => shortChannelId('1x2')).toThrow(RangeError);
    expect(shortChannelId('16777215x16777215x65535')).toBe('16777215x16777215x65535');
  });

  it('orders by code unit, not by locale', () => {
    expect(['ä', 'z', 'Z', 'a'].sort(compareCodeUnits)).toEqual(['Z', 'a', 'z', 'ä']);
  });
});

describe('describeError', () => {
  it('describes whatever was thrown', () => {
    expect(describeError(new Error('boom'))).toBe('boom');
    expect(describeError(new TypeError())).toBe('TypeError');
    expect(describeError('text')).toBe('text');
    expect(describeError(undefined)).toBe('undefined');
    expect(describeError(Object.create(null))).toMatch(/no text form/);
  });
});
