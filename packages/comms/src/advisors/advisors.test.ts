import { isCodedError, type UnixMs } from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import { type AdvisorBook, type AdvisorChange, type AdvisorKey, changeAdvisors } from './book.ts';
import { findAdvisor, resolvePrincipal } from './resolve.ts';

const NOW = 1000 as UnixMs;
const key = (text: string): AdvisorKey => ({
  scheme: 'schnorr',
  key: text.repeat(64).slice(0, 64),
});
const apply = (book: AdvisorBook, ...changes: AdvisorChange[]): AdvisorBook =>
  changes.reduce((next, change) => changeAdvisors(next, change, NOW), book);
const BOOK = apply(
  { advisors: [] },
  { kind: 'add', name: 'alice', keys: [key('a')] },
  {
    kind: 'add',
    name: 'bob',
    keys: [key('b'), { scheme: 'rune', key: '7' }],
    trialUntil: 2000 as UnixMs,
  },
  { kind: 'add_alias', advisor: 1, alias: 'ali' },
);

function codeOf(change: AdvisorChange): string {
  try {
    changeAdvisors(BOOK, change, NOW);
    return 'done';
  } catch (error) {
    return isCodedError(error) ? error.code : 'other';
  }
}

describe('the book of advisors', () => {
  it('finds by name, alias, index and key', () => {
    for (const text of ['alice', 'ali', '1', 'a'.repeat(64)]) {
      expect(findAdvisor(BOOK, text)?.index).toBe(1);
    }
    for (const text of ['Alice', 'alice ', '01', '3', '', '__proto__', 'constructor']) {
      expect(findAdvisor(BOOK, text)).toBeUndefined();
    }
  });

  it("PB-21: no name may be another's name, alias, index or key, in any spelling", () => {
    const names = [
      'alice',
      'ali',
      'bob',
      '1',
      '2',
      'a'.repeat(64),
      'npub1xyz',
      'did:cid:x',
      'Alice',
      'аlice',
      '',
      'a b',
      'x'.repeat(65),
      '-x',
    ];
    for (const name of names) {
      expect([name, codeOf({ kind: 'add', name, keys: [key('c')] })]).toEqual([
        name,
        'advisor_name',
      ]);
      expect([name, codeOf({ kind: 'add_alias', advisor: 2, alias: name })]).toEqual([
        name,
        'advisor_name',
      ]);
      expect([name, codeOf({ kind: 'rename', advisor: 2, name })]).toEqual([name, 'advisor_name']);
    }
    expect(codeOf({ kind: 'add', name: 'carol', keys: [key('a')] })).toBe('advisor_key');
    expect(codeOf({ kind: 'add', name: 'carol', keys: [key('c'), key('c')] })).toBe('advisor_key');
    expect(codeOf({ kind: 'add', name: 'carol', keys: [] })).toBe('advisor_key');
    expect(codeOf({ kind: 'add_key', advisor: 1, key: key('b') })).toBe('advisor_key');
    expect(codeOf({ kind: 'add', name: 'carol', keys: [key('c')], trialUntil: NOW })).toBe(
      'advisor_name',
    );
    expect(codeOf({ kind: 'revoke', advisor: 9 })).toBe('advisor_unknown');
  });

  it('keeps numbers and names of the revoked', () => {
    const revoked = apply(BOOK, { kind: 'revoke', advisor: 2 });
    const next = apply(revoked, { kind: 'add', name: 'carol', keys: [key('c')] });
    expect(next.advisors.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(() => apply(next, { kind: 'add', name: 'bob', keys: [key('d')] })).toThrow('taken');
    const back = apply(next, { kind: 'reinstate', advisor: 2 });
    expect(findAdvisor(back, 'bob')?.revokedAt).toBeUndefined();
  });

  it('bounds aliases and keys', () => {
    let book = BOOK;
    for (let i = 0; i < 15; i += 1) {
      book = apply(book, { kind: 'add_alias', advisor: 1, alias: `ali${i}` });
    }
    expect(() => apply(book, { kind: 'add_alias', advisor: 1, alias: 'more' })).toThrow('at most');
    const fewer = apply(book, { kind: 'remove_alias', advisor: 1, alias: 'ali3' });
    expect(findAdvisor(fewer, 'ali3')).toBeUndefined();
  });
});

describe('resolvePrincipal', () => {
  const who = (claimed: string, verified: AdvisorKey, now = NOW, book = BOOK): unknown => {
    const result = resolvePrincipal(book, claimed, verified, now);
    return result.ok ? result.value.index : result.error;
  };

  it('RP-01: three names of one advisor are one principal', () => {
    expect(['alice', 'ali', '1', 'a'.repeat(64)].map((name) => who(name, key('a')))).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('TI-15, PB-09: the key decides, the claim must agree', () => {
    expect(who('alice', key('b'))).toBe('principal_mismatch');
    expect(who('alice', key('z'))).toBe('principal_unknown');
    expect(who('alice', { scheme: 'lightning', key: key('a').key })).toBe('principal_unknown');
    expect(who('nobody', key('a'))).toBe('principal_mismatch');
    expect(who('bob', { scheme: 'rune', key: '7' })).toBe(2);
  });

  it('ends with a trial and with a revocation', () => {
    expect(who('bob', key('b'), 1999 as UnixMs)).toBe(2);
    expect(who('bob', key('b'), 2000 as UnixMs)).toBe('trial_over');
    const kept = apply(BOOK, { kind: 'end_trial', advisor: 2 });
    expect(who('bob', key('b'), 2000 as UnixMs, kept)).toBe(2);
    expect(who('alice', key('a'), NOW, apply(BOOK, { kind: 'revoke', advisor: 1 }))).toBe(
      'principal_revoked',
    );
    expect(
      who('alice', key('a'), NOW, apply(BOOK, { kind: 'remove_key', advisor: 1, key: key('a') })),
    ).toBe('principal_unknown');
  });
});
