import { isCodedError, type NodeId } from '@cl-hive/core';
import { escapedText, signMessage } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type InviteTicket,
  readTicket,
  receivedTicket,
  shownTicket,
  ticketText,
  writeTicket,
} from './ticket.ts';

const ISSUER = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' as NodeId;
const SELF = `02${'1'.repeat(64)}` as NodeId;
const KEY = new Uint8Array(32);
KEY[31] = 1;
const NOW = 1_795_000_000;

/** As the original's own code wrote it for these values, with a signature of 104 y. */
const ORIGINAL =
  'eyJhZG1pbl9wdWJrZXkiOiAiMDI3OWJlNjY3ZWY5ZGNiYmFjNTVhMDYyOTVjZTg3MGIwNzAyOWJmY2RiMmRjZTI4ZDk1OWYyODE1YjE2ZjgxNzk4IiwgImhpdmVfaWQiOiAiaGl2ZV9cdTAwZTlcIngiLCAicmVxdWlyZW1lbnRzIjogMCwgImlzc3VlZF9hdCI6IDE3OTUwMDAwMDAsICJleHBpcmVzX2F0IjogMTc5NTA4NjQwMCwgInNpZ25hdHVyZSI6ICJ5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eSIsICJpbml0aWFsX3RpZXIiOiAibmVvcGh5dGUifQ==';

function ticket(more: Partial<InviteTicket> = {}): InviteTicket {
  const unsigned = {
    issuer: ISSUER,
    hiveId: 'h1',
    requirements: 0,
    issuedAt: NOW,
    expiresAt: NOW + 86_400,
    ...more,
  };
  return { ...unsigned, signature: signMessage(escapedText(ticketText(unsigned)), KEY).zbase };
}

function code(action: () => unknown): string {
  try {
    action();
    return 'taken';
  } catch (error) {
    return isCodedError(error) ? error.code : String(error);
  }
}
const received = (text: string, now = NOW): string => code(() => receivedTicket(text, SELF, now));
const shown = (text: string, now = NOW): string => code(() => shownTicket(text, ISSUER, 'h1', now));

describe('invite tickets', () => {
  it('are byte for byte the original’s', () => {
    const read = readTicket(ORIGINAL);
    expect(read).toEqual({
      issuer: ISSUER,
      hiveId: 'hive_é"x',
      requirements: 0,
      issuedAt: 1_795_000_000,
      expiresAt: 1_795_086_400,
      signature: 'y'.repeat(104),
    });
    expect(writeTicket(read)).toBe(ORIGINAL);
    expect(ticketText(read)).toBe(
      `{"admin_pubkey":"${ISSUER}","expires_at":1795086400,"hive_id":"hive_\\u00e9\\"x","initial_tier":"neophyte","issued_at":1795000000,"requirements":0}`,
    );
  });

  it('open for the candidate and at the issuer, also when pasting broke their lines', () => {
    const text = writeTicket(ticket());
    const broken = `${text.slice(0, 76)}\n${text.slice(76)} \r\n`;
    expect([text, broken].map((one) => received(one))).toEqual(['taken', 'taken']);
    expect(shown(text)).toBe('taken');
  });

  it('forged: whatever is changed in a ticket, it opens nothing', () => {
    const good = ticket();
    for (const change of [
      { hiveId: 'h2' },
      { expiresAt: NOW + 10 * 86_400 },
      { requirements: 1 },
      { issuer: SELF },
      { signature: 'y'.repeat(104) },
    ]) {
      const text = writeTicket({ ...good, ...change });
      expect(code(() => receivedTicket(text, `03${'2'.repeat(64)}` as NodeId, NOW))).toBe(
        'ticket_forged',
      );
    }
    expect(shown(writeTicket({ ...good, expiresAt: NOW + 99_999_999 }))).toBe('ticket_forged');
  });

  it('expired, from the future, of another hive, of another issuer, of this node', () => {
    const text = writeTicket(ticket());
    expect(received(text, NOW + 86_400)).toBe('taken');
    expect(received(text, NOW + 86_401)).toBe('ticket_expired');
    expect(shown(text, NOW + 86_401)).toBe('ticket_expired');
    expect(received(text, NOW - 86_400)).toBe('taken');
    expect(received(text, 0)).toBe('ticket_not_yet');
    expect(shown(writeTicket(ticket({ hiveId: 'hI' })))).toBe('ticket_of_other_hive');
    expect(code(() => shownTicket(text, SELF, 'h1', NOW))).toBe('ticket_of_other_issuer');
    expect(code(() => receivedTicket(text, ISSUER, NOW))).toBe('ticket_of_self');
  });

  it('are read only within their bounds, and refused with one code otherwise', () => {
    const content = (more: object): string =>
      btoa(
        JSON.stringify({
          admin_pubkey: ISSUER,
          hive_id: 'h1',
          requirements: 0,
          issued_at: 1,
          expires_at: 2,
          signature: 'y'.repeat(104),
          ...more,
        }),
      );
    expect(code(() => readTicket(content({})))).toBe('taken');
    const bad = [
      '',
      '=',
      'a'.repeat(10_241),
      btoa('[]'),
      btoa('"x"'),
      btoa(`${'['.repeat(5000)}${']'.repeat(5000)}`),
      btoa('{"admin_pubkey":NaN}'),
      ...[
        { admin_pubkey: ISSUER.toUpperCase() },
        { admin_pubkey: '__proto__' },
        { hive_id: '' },
        { hive_id: 'x'.repeat(129) },
        { hive_id: 7 },
        { requirements: 16 },
        { requirements: -1 },
        { requirements: 1.5 },
        { issued_at: '1' },
        { issued_at: 2 ** 64 },
        { expires_at: null },
        { signature: 'y'.repeat(103) },
        { signature: '' },
        { initial_tier: 'member' },
        { extra: 1 },
      ].map(content),
    ];
    expect(bad.map((text) => code(() => readTicket(text)))).toEqual(bad.map(() => 'ticket_format'));
    fc.assert(
      fc.property(
        fc.base64String({ maxLength: 200 }),
        (text) => code(() => readTicket(text)) === 'ticket_format',
      ),
    );
  });
});
