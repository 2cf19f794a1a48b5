import { INVALID_PARAMS, MethodError, method, p } from '@cl-hive/cln-plugin';
import type { JsonObject, JsonValue } from '@cl-hive/core';
import { escrowSeconds, TICKET_KINDS } from '@cl-hive/payments';
import type { CommsServices } from '../services.ts';

const ACTIONS = ['list', 'show', 'create', 'fund', 'release', 'refund', 'take', 'redeem'] as const;

type Action = (typeof ACTIONS)[number];

interface Params {
  readonly action: Action;
  readonly ticket?: string | undefined;
  readonly part: number;
  readonly kind: (typeof TICKET_KINDS)[number];
  readonly mint?: string | undefined;
  readonly receiver_key?: string | undefined;
  readonly hours?: number | undefined;
  readonly parts?: JsonValue | undefined;
  readonly evidence?: JsonObject | undefined;
  readonly offer?: JsonObject | undefined;
  readonly secret?: string | undefined;
  readonly dry_run: boolean;
}

/** What an action cannot do without. */
const NEEDS: Readonly<Record<Action, readonly (keyof Params)[]>> = {
  list: [],
  show: ['ticket'],
  create: ['mint', 'receiver_key', 'parts'],
  fund: ['ticket'],
  release: ['ticket', 'evidence'],
  refund: ['ticket'],
  take: ['offer'],
  redeem: ['ticket'],
};

/** How long a ticket is locked where nothing is said: by the danger of its dearest part. */
function secondsOf({ hours, parts }: Params): number {
  if (hours !== undefined) {
    return hours * 3600;
  }
  const dangers = Array.isArray(parts)
    ? (parts as readonly JsonObject[]).map((one) => Number(one['danger'] ?? 1))
    : [1];
  const danger = Math.min(10, Math.max(1, ...dangers.filter((one) => Number.isInteger(one))));
  // A minute on top: the least that a ticket has is counted from when it is judged.
  return escrowSeconds(danger) + 60;
}

function handle({ escrow }: CommsServices, params: Params): Promise<JsonObject> {
  const { action, ticket = '', part, kind, mint = '', receiver_key: receiverKey = '' } = params;
  switch (action) {
    case 'list':
      return escrow.list();
    case 'show':
      return escrow.show(ticket);
    case 'create':
      return escrow.create({
        kind,
        mint,
        receiverKey,
        seconds: secondsOf(params),
        parts: params.parts ?? [],
      });
    case 'fund':
      return escrow.fund(ticket, params.dry_run);
    case 'release':
      return escrow.release(ticket, part, params.evidence ?? {});
    case 'refund':
      return escrow.refund(ticket, part);
    case 'take':
      return escrow.take(params.offer ?? {});
    case 'redeem':
      return escrow.redeem(ticket, part, params.secret);
  }
}

/** `hive-client-escrow`: money locked for work, and paid for evidence. */
export const clientEscrow = (ready: () => CommsServices) =>
  method({
    description:
      'Make, fund, release and refund escrow tickets for tasks; take and redeem those of others',
    params: {
      action: p.oneOf(ACTIONS, 'what to do').default('list'),
      ticket: p.hex(32, 'its id, see list').optional(),
      part: p.int({ min: 0, max: 31 }, 'release, refund, redeem: which part').default(0),
      kind: p.oneOf(TICKET_KINDS, 'create: what the parts are').default('single'),
      mint: p.text({ min: 1, max: 255 }, 'create: one of your mints').optional(),
      receiver_key: p
        .text({ match: /^0[23][0-9a-fA-F]{64}$/ }, 'create: receiver_key of the other’s list')
        .optional(),
      hours: p
        .int({ min: 1, max: 720 }, 'create: how long it is locked; by danger where left out')
        .optional(),
      parts: p
        .json('create: list of {task, digest, amount_msat | danger, reputation}, see OPERATING')
        .optional(),
      evidence: p.anyObject('release: {receipt, done: digest} or {receipt, value, at}').optional(),
      offer: p.anyObject('take: offer of the payer’s answer').optional(),
      secret: p.hex(32, 'redeem: the secret that the payer gave').asSecret().optional(),
      dry_run: p.bool('fund: only say what would happen').default(false),
    },
    check: (params) => {
      for (const need of NEEDS[params.action]) {
        if (params[need] === undefined) {
          throw new MethodError(INVALID_PARAMS, `${need}: ${params.action} needs it`);
        }
      }
    },
    handle: (params) => handle(ready(), params),
  });
