import { hexToBytes } from '@cl-hive/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  derivationFault,
  masterRune,
  type Rune,
  type RuneRestriction,
  readAlternative,
  readRune,
  restrict,
  runeText,
  startRune,
} from './rune.ts';
import { type RuneCall, RuneFields } from './rune-call.ts';
import { runeFault } from './rune-check.ts';
import { deriveSecret } from './secrets.ts';

// lightningd's own tests (tests/test_runes.py of v23.05 and v26.06, tests/test_misc.py): a node whose
// hsm_secret is "lightning-1" filled up with zeros, and the texts of the runes that it made.
const HSM_SECRET = Buffer.concat([Buffer.from('lightning-1'), Buffer.alloc(21)]);
const MASTER = masterRune(
  hexToBytes('4ac018131e70b044e17891e67960f59b9d602525d3aef9956e900189f456e595'),
);

function alternatives(...texts: readonly string[]): RuneRestriction {
  return texts.flatMap((text) => readAlternative(text) ?? []);
}

function rune(start: Rune, ...restrictions: readonly RuneRestriction[]): Rune {
  return restrictions.reduce((made, one) => restrict(made, one) ?? made, start);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('secrets', () => {
  it('are those of lightningd', () => {
    expect(hex(deriveSecret(HSM_SECRET, Buffer.from('scb secret')))).toBe(
      'a9a2e742405c28f059349132923a99337ae7f71168b7485496e3365f5bc664ed',
    );
    expect(hex(deriveSecret(HSM_SECRET, Buffer.from('commando')))).toBe(
      'edb8893c04fdeef8f5f06ed70edef309a5c83f20624594e136e392504a270c40',
    );
  });
});

const READONLY = [
  alternatives('method^list', 'method^get', 'method=summary'),
  alternatives('method/listdatastore'),
];
const RUNE4 =
  'ixuStVB4oewJtVNnim1P_qEL89ZU0G8Tnxg_JZgJTUk9MyZpZF4wMjJkMjIzNjIwYTM1OWE0N2ZmNyZtZXRob2Q9bGlzdHBlZXJz';

describe('runes', () => {
  it.each([
    ['I9TZsYEWiAwThQye-gYhpWIe1h15szWEN_qNyMSBOdE9MA==', '0', []],
    [
      's0IEnsikGDw76tdpAiMbqzigYhlkjqSVh0ZuvJ1Np1w9MSZtZXRob2RebGlzdHxtZXRob2ReZ2V0fG1ldGhvZD1zdW1tYXJ5Jm1ldGhvZC9saXN0ZGF0YXN0b3Jl',
      '1',
      READONLY,
    ],
    [
      'K0c0pWvBWb3y9HF1GMy33Zx2KRg1zcEvQLr2vtWwMew9MiZ0aW1lPjE2NTY2NzUyMTE=',
      '2',
      [alternatives('time>1656675211')],
    ],
    [RUNE4, '3', [alternatives('id^022d223620a359a47ff7'), alternatives('method=listpeers')]],
    ['k6kQt9dkGMaz75f51-PEkPk8Qovbiqz2HXconizqa-w9NCZwbnVtPTA=', '4', [alternatives('pnum=0')]],
  ] as const)('%s is made as lightningd makes it', (text, id, restrictions) => {
    const made = rune(startRune(MASTER, id), ...restrictions);
    expect(runeText(made)).toBe(text);
    const read = readRune(text);
    expect(read).toEqual(made);
    expect(read && derivationFault(MASTER, read)).toBeUndefined();
  });

  it('can be restricted further by who does not know the secret', () => {
    const further = rune(
      readRune(RUNE4) ?? MASTER,
      alternatives('pnamelevel!', 'pnamelevel/io'),
      alternatives('parr1!', 'parr1/io'),
    );
    expect(runeText(further)).toBe(
      'sloBq0jn21v4LWhkswsHZgdtvQ0-jqgXXp_2jNNWLJA9MyZpZF4wMjJkMjIzNjIwYTM1OWE0N2ZmNyZtZXRob2Q9bGlzdHBlZXJzJnBuYW1lbGV2ZWwhfHBuYW1lbGV2ZWwvaW8mcGFycjEhfHBhcnIxL2lv',
    );
    expect(derivationFault(MASTER, further)).toBeUndefined();
  });

  it('keep any value through their text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!value.includes('\0'));
        const made = rune(startRune(MASTER, '9'), [{ field: 'method', condition: '=', value }]);
        expect(readRune(runeText(made))).toEqual(made);
      }),
    );
  });

  it('are not taken from strangers, nor with a restriction struck out', () => {
    const other = masterRune(new Uint8Array(32));
    const stolen = readRune(RUNE4);
    expect(stolen && derivationFault(other, stolen)).toBe('Not derived from master');
    expect(
      stolen &&
        derivationFault(MASTER, { ...stolen, restrictions: stolen.restrictions.slice(0, -1) }),
    ).toBe('Not derived from master');
  });

  it.each([
    'bm90YXJ1bmU=',
    '',
    '!!!!',
    `${RUNE4}A*`,
    Buffer.alloc(32, 1).toString('base64url').slice(0, -2),
  ])('refuses %s', (text) => {
    expect(readRune(text)).toBeUndefined();
  });
});

const CALL: RuneCall = {
  now: 1_700_000_000_000,
  nodeId: '022d223620a359a47ff7',
  method: 'listpeers',
  params: '{"level":"io","amount_msat":1000,"label":"a b"}',
  lastUsed: undefined,
  readInvoice: (text) =>
    text === 'lnbc1'
      ? { amountMsat: 5000n, description: 'tea', nodeId: undefined }
      : { fault: 'Bad bech32 string' },
};

function check(restriction: string, call: Partial<RuneCall> = {}): string | undefined {
  const fields = new RuneFields({ ...CALL, ...call });
  const made = rune(startRune(MASTER, '0'), alternatives(...restriction.split('|')));
  return runeFault(made, (alternative) => fields.of(alternative));
}

describe('a restriction', () => {
  it.each([
    ['method=listpeers', undefined],
    ['method=pay', 'method is not equal to pay'],
    ['method/listpeers', 'method is equal to listpeers'],
    ['method^list', undefined],
    ['method^pay', 'method does not start with pay'],
    ['method$peers', undefined],
    ['method$x', 'method does not end with x'],
    ['method~stpe', undefined],
    ['method~x', 'method does not contain x'],
    ['method{m', undefined],
    ['method}m', 'method is equal to or ordered before m'],
    ['method!', 'method is present'],
    ['nosuch!', undefined],
    ['nosuch=1', 'nosuch not present'],
    ['method#free text', undefined],
    ['method<5', 'method is not an integer field'],
    ['time>1600000000', undefined],
    ['time<1600000000', 'time is greater or equal to 1600000000'],
    ['time<x', 'x is not a valid integer'],
    ['id^022d', undefined],
    ['pnum=3', undefined],
    ['pnum=2', 'pnum is not equal to 2'],
    ['pnamelevel=io', undefined],
    ['pnameamount_msat<1001', undefined],
    ['pnameamountmsat>1000', 'pnameamountmsat is less or equal to 1000'],
    ['method=pay|method^list', undefined],
    ['method=pay|method=xpay', 'method is not equal to pay AND method is not equal to xpay'],
    ['rate>1', 'rate operator must be ='],
    ['rate=x', 'malformed rate'],
    ['per=0sec', 'malformed per'],
    ['per=1week', 'malformed suffix'],
    ['pinvinvstring_amount<6000', 'Unknown invoice parameter invstring'],
    ['pinvinvstring=1', 'Unknown invoice field invstring'],
  ])('%s: %s', (restriction, fault) => {
    expect(check(restriction)).toBe(fault);
  });

  it('sees positional params and invoices', () => {
    const call = { params: '["x",5]' };
    expect(check('parr0=x', call)).toBeUndefined();
    expect(check('parr1>5', call)).toBe('parr1 is less or equal to 5');
    const pay = { params: '{"invstring":"LIGHTNING:lnbc1"}' };
    expect(check('pinvinvstring_amount<6000', pay)).toBeUndefined();
    expect(check('pinvinvstring_description=tea', pay)).toBeUndefined();
    expect(check('pinvinvstring_node!', pay)).toBeUndefined();
    expect(check('pinvinvstring_amount<6000', { params: '{"invstring":"zz"}' })).toBe(
      'Invalid invoice: Bad bech32 string',
    );
  });

  it('limits how often', () => {
    const lastUsed = CALL.now - 29_000;
    expect(check('rate=2', { lastUsed })).toBe('too soon');
    expect(check('rate=3', { lastUsed })).toBeUndefined();
    expect(check('per=30sec', { lastUsed })).toBe('too soon');
    expect(check('per=29', { lastUsed })).toBeUndefined();
    expect(check('per=1hour', { lastUsed: undefined })).toBeUndefined();
  });
});
