import { CodedError, isNodeId, type NodeId } from '@cl-hive/core';
import {
  canonicalJson,
  isWireObject,
  member,
  parseWireJson,
  pythonJson,
  sha256Hex,
  verifyEitherForm,
  type WireObject,
} from '@cl-hive/protocol';
import { TICKET_AHEAD_SECONDS_MAX, TICKET_CHARS_MAX } from '../limits.ts';

/** An invitation as its issuer signed it; times in seconds since 1970. */
export interface InviteTicket {
  readonly issuer: NodeId;
  readonly hiveId: string;
  /** The original's bits of required features: 1 splicing, 2 dual funding, 4 anchors, 8 onion messages. */
  readonly requirements: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** zbase32 of the issuer over {@link ticketText}. */
  readonly signature: string;
}

/** Why a ticket opens nothing. */
export type TicketRefusal =
  | 'ticket_format'
  | 'ticket_forged'
  | 'ticket_expired'
  | 'ticket_not_yet'
  | 'ticket_of_other_hive'
  | 'ticket_of_other_issuer'
  | 'ticket_of_self';

// Part of every supported runtime (WHATWG HTML), but of no `lib` that a pure package may name.
declare const atob: (text: string) => string;
declare const btoa: (text: string) => string;

const ZBASE = /^[a-z0-9]{104}$/;
const HIVE_ID_CHARS_MAX = 128;
const REQUIREMENTS_MAX = 15;
const TIER = 'neophyte';
const NAMES = new Set([
  'admin_pubkey',
  'hive_id',
  'requirements',
  'issued_at',
  'expires_at',
  'signature',
  'initial_tier',
]);

type Unsigned = Omit<InviteTicket, 'signature'>;

function members(ticket: Unsigned): Omit<WireObject, 'signature'> {
  return {
    admin_pubkey: ticket.issuer,
    hive_id: ticket.hiveId,
    requirements: ticket.requirements,
    issued_at: ticket.issuedAt,
    expires_at: ticket.expiresAt,
  };
}

/** The text that a ticket's issuer signs, as the original does. */
export function ticketText(ticket: Unsigned): string {
  return canonicalJson({ ...members(ticket), initial_tier: TIER });
}

/** What a member keeps of a ticket to know it again: {@link ticketId} of its text, and the secret's hash. */
export function ticketId(ticket: Unsigned): string {
  return sha256Hex(ticketText(ticket));
}

/** The hash under which the issuer stores what only a holder of the ticket knows: its signature. */
export function ticketSecretHash(ticket: InviteTicket): string {
  return sha256Hex(ticket.signature);
}

/** The text of a ticket that is given to a candidate, byte for byte the original's. */
export function writeTicket(ticket: InviteTicket): string {
  const content = { ...members(ticket), signature: ticket.signature, initial_tier: TIER };
  return btoa(pythonJson(content, { sortKeys: false, spaced: true }));
}

const SENTENCES: Readonly<Record<TicketRefusal, readonly [message: string, remedy: string]>> = {
  ticket_format: [
    'the text is no invite ticket',
    'copy the whole ticket, up to and with the = at its end; on the command line: -k ticket=…',
  ],
  ticket_forged: ['the ticket is not signed by the node it names', 'ask the issuer for a new one'],
  ticket_expired: ['the ticket has expired', 'ask the issuer for a new one'],
  ticket_not_yet: [
    'the ticket is from more than a day ahead',
    'set the clock of this node, or of the one that issued it',
  ],
  ticket_of_other_hive: ['the ticket is for another hive', 'ask a member of this hive for one'],
  ticket_of_other_issuer: [
    'the ticket is of another member, which alone knows whether it was used',
    'say HELLO to the member that issued it',
  ],
  ticket_of_self: ['the ticket is of this node itself', 'give it to the node that shall join'],
};

function refusal(code: TicketRefusal): CodedError<TicketRefusal> {
  const [message, remedy] = SENTENCES[code];
  return new CodedError(code, message, { remedy });
}

function fail(): never {
  throw refusal('ticket_format');
}

function integerOf(value: unknown, most: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most
    ? value
    : fail();
}

function textOf(value: unknown, most: number): string {
  return typeof value === 'string' && value.length > 0 && value.length <= most ? value : fail();
}

function contentOf(text: string): WireObject {
  const compact = text.replace(/[ \t\r\n]/g, '');
  if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    fail();
  }
  try {
    const content = parseWireJson(atob(compact));
    return isWireObject(content) ? content : fail();
  } catch {
    return fail();
  }
}

/**
 * Reads a ticket; its signature and times are still to be judged ({@link receivedTicket}). Spaces and
 * line breaks that pasting leaves are dropped. Throws CodedError `ticket_format` for everything else
 * that an original would not have written.
 */
export function readTicket(text: string): InviteTicket {
  if (text.length > TICKET_CHARS_MAX) {
    fail();
  }
  const content = contentOf(text);
  const issuer = member(content, 'admin_pubkey');
  const tier = member(content, 'initial_tier') ?? TIER;
  const signature = member(content, 'signature');
  if (
    Object.keys(content).some((name) => !NAMES.has(name)) ||
    !isNodeId(issuer) ||
    tier !== TIER ||
    typeof signature !== 'string' ||
    !ZBASE.test(signature)
  ) {
    return fail();
  }
  return {
    issuer,
    hiveId: textOf(member(content, 'hive_id'), HIVE_ID_CHARS_MAX),
    requirements: integerOf(member(content, 'requirements'), REQUIREMENTS_MAX),
    issuedAt: integerOf(member(content, 'issued_at'), Number.MAX_SAFE_INTEGER),
    expiresAt: integerOf(member(content, 'expires_at'), Number.MAX_SAFE_INTEGER),
    signature,
  };
}

/** Whether `ticket` is its issuer's, and in force at `nowSeconds`. Who may issue, its issuer knows. */
function problem(ticket: InviteTicket, nowSeconds: number): TicketRefusal | undefined {
  if (!verifyEitherForm(ticketText(ticket), ticket.signature, ticket.issuer)) {
    return 'ticket_forged';
  }
  if (ticket.issuedAt > nowSeconds + TICKET_AHEAD_SECONDS_MAX) {
    return 'ticket_not_yet';
  }
  return nowSeconds > ticket.expiresAt ? 'ticket_expired' : undefined;
}

/**
 * What a candidate checks of a ticket before it says HELLO to its issuer. Throws CodedError with a
 * {@link TicketRefusal}.
 */
export function receivedTicket(text: string, self: NodeId, nowSeconds: number): InviteTicket {
  const ticket = readTicket(text);
  if (ticket.issuer === self) {
    throw refusal('ticket_of_self');
  }
  const code = problem(ticket, nowSeconds);
  if (code !== undefined) {
    throw refusal(code);
  }
  return ticket;
}

/**
 * What a member makes of the ticket in a HELLO: the `ticket` of membership's input, which knows
 * whether it was issued here and used before. Throws CodedError with a {@link TicketRefusal}.
 */
export function shownTicket(
  text: string,
  self: NodeId,
  hiveId: string,
  nowSeconds: number,
): { readonly id: string; readonly secretHash: string } {
  const ticket = readTicket(text);
  if (ticket.issuer !== self) {
    throw refusal('ticket_of_other_issuer');
  }
  if (ticket.hiveId !== hiveId) {
    throw refusal('ticket_of_other_hive');
  }
  const code = problem(ticket, nowSeconds);
  if (code !== undefined) {
    throw refusal(code);
  }
  return { id: ticketId(ticket), secretHash: ticketSecretHash(ticket) };
}
