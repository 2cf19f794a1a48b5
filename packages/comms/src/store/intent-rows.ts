import { isJsonObject, type JsonObject, stringifyJson, type UnixMs } from '@cl-hive/core';
import { type ManagementCommand, parseCommand } from '@cl-hive/protocol';
import { prepare, type Reader, type Transactor } from '@cl-hive/store';
import type { PaymentNote } from '../ledger/entry.ts';
import { ORDER_SCHEMA, orderCommand, readOrder } from '../orders/order.ts';
import type { Intent, IntentOutcome, IntentProof, IntentState } from '../pipeline/intent.ts';
import { damaged, readDocument, readMsat, readText } from './documents.ts';
import type { CommsTables } from './tables.ts';

type Row = CommsTables['comms_intents'];

function toRow(intent: Intent): Row {
  const { schema, action, params } = intent.command;
  const { amountMsat, feeMsat, closesMsat, payment } = intent.facts;
  return {
    id: intent.id,
    principal: intent.principal,
    nonce: intent.nonce,
    request_digest: intent.requestDigest,
    command_digest: intent.commandDigest,
    idempotency_key: intent.idempotencyKey ?? null,
    state: intent.state,
    created_at: intent.createdAt,
    guard_ms: intent.guardMs,
    expires_guard_ms: intent.expiresGuardMs ?? null,
    document: stringifyJson({
      command: { schema, action, params },
      request: intent.request,
      proof: intent.proof,
      route: intent.route,
      danger: intent.danger,
      facts: {
        amount: amountMsat === undefined ? undefined : String(amountMsat),
        fee: String(feeMsat),
        closes: String(closesMsat),
        payment,
      },
    }),
    outcome: intent.outcome === undefined ? null : stringifyJson(intent.outcome),
  };
}

function object(value: unknown): JsonObject {
  if (!isJsonObject(value)) {
    throw damaged('intent');
  }
  return value;
}

/** A stored command: of the registry, or an order of the plugin's own. */
function readCommand(stored: JsonObject): ManagementCommand {
  const schema = readText(stored['schema'], 'intent');
  const action = readText(stored['action'], 'intent');
  if (schema === ORDER_SCHEMA) {
    return orderCommand(readOrder({ schema, action, params: object(stored['params']) }));
  }
  const command = parseCommand(schema, action, stored['params']);
  if (!command.ok) {
    throw damaged('intent');
  }
  return command.value;
}

function readNote(value: JsonObject): PaymentNote {
  const { method, purpose, payee, reference } = value;
  return {
    method: readText(method, 'intent'),
    purpose: readText(purpose, 'intent'),
    payee: payee === undefined ? undefined : readText(payee, 'intent'),
    reference: reference === undefined ? undefined : readText(reference, 'intent'),
  };
}

function fromRow(row: Row): Intent {
  const document = readDocument(row.document, 'intent');
  const stored = object(document['command']);
  const facts = object(document['facts']);
  const command = readCommand(stored);
  if (typeof document['danger'] !== 'number') {
    throw damaged('intent');
  }
  return {
    id: row.id,
    principal: row.principal,
    nonce: row.nonce,
    requestDigest: row.request_digest,
    commandDigest: row.command_digest,
    idempotencyKey: row.idempotency_key ?? undefined,
    command,
    request: object(document['request']),
    proof: object(document['proof']) as unknown as IntentProof,
    route: object(document['route']),
    danger: document['danger'],
    facts: {
      amountMsat: facts['amount'] === undefined ? undefined : readMsat(facts['amount'], 'intent'),
      feeMsat: readMsat(facts['fee'], 'intent'),
      closesMsat: readMsat(facts['closes'], 'intent'),
      ...(facts['payment'] === undefined ? {} : { payment: readNote(object(facts['payment'])) }),
    },
    state: row.state as IntentState,
    createdAt: row.created_at as UnixMs,
    guardMs: row.guard_ms,
    expiresGuardMs: row.expires_guard_ms ?? undefined,
    outcome:
      row.outcome === null
        ? undefined
        : (readDocument(row.outcome, 'intent') as unknown as IntentOutcome),
  };
}

const PUT = prepare<CommsTables, Row>()((db, value) =>
  db
    .insertInto('comms_intents')
    .values({
      id: value('id'),
      principal: value('principal'),
      nonce: value('nonce'),
      request_digest: value('request_digest'),
      command_digest: value('command_digest'),
      idempotency_key: value('idempotency_key'),
      state: value('state'),
      created_at: value('created_at'),
      guard_ms: value('guard_ms'),
      expires_guard_ms: value('expires_guard_ms'),
      document: value('document'),
      outcome: value('outcome'),
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        principal: eb.ref('excluded.principal'),
        nonce: eb.ref('excluded.nonce'),
        request_digest: eb.ref('excluded.request_digest'),
        command_digest: eb.ref('excluded.command_digest'),
        idempotency_key: eb.ref('excluded.idempotency_key'),
        state: eb.ref('excluded.state'),
        created_at: eb.ref('excluded.created_at'),
        guard_ms: eb.ref('excluded.guard_ms'),
        expires_guard_ms: eb.ref('excluded.expires_guard_ms'),
        document: eb.ref('excluded.document'),
        outcome: eb.ref('excluded.outcome'),
      })),
    ),
);

/** Stores an intent, new or changed. */
export async function putIntent(tx: Transactor<CommsTables>, intent: Intent): Promise<void> {
  await tx.run(PUT, toRow(intent));
}

const FIND = prepare<CommsTables, Pick<Row, 'id'>>()((db, value) =>
  db.selectFrom('comms_intents').selectAll().where('id', '=', value('id')),
);

const BY_NONCE = prepare<CommsTables, Pick<Row, 'principal' | 'nonce'>>()((db, value) =>
  db
    .selectFrom('comms_intents')
    .selectAll()
    .where('principal', '=', value('principal'))
    .where('nonce', '=', value('nonce')),
);

const BY_KEY = prepare<CommsTables, { principal: string; key: string }>()((db, value) =>
  db
    .selectFrom('comms_intents')
    .selectAll()
    .where('principal', '=', value('principal'))
    .where('idempotency_key', '=', value('key'))
    .orderBy('id', 'desc')
    .limit(1),
);

const LAST = prepare<CommsTables, object>()((db) =>
  db.selectFrom('comms_intents').select((eb) => eb.fn.max('id').as('last')),
);

/** The intent of that number. */
export async function findIntent(
  reader: Reader<CommsTables>,
  id: number,
): Promise<Intent | undefined> {
  const [row] = await reader.run(FIND, { id });
  return row && fromRow(row);
}

/** The principal's intent with that nonce. */
export async function findByNonce(
  reader: Reader<CommsTables>,
  principal: string,
  nonce: number,
): Promise<Intent | undefined> {
  const [row] = await reader.run(BY_NONCE, { principal, nonce });
  return row && fromRow(row);
}

/** The principal's newest intent with that idempotency key. */
export async function findByKey(
  reader: Reader<CommsTables>,
  principal: string,
  key: string | undefined,
): Promise<Intent | undefined> {
  if (key === undefined) {
    return undefined;
  }
  const [row] = await reader.run(BY_KEY, { principal, key });
  return row && fromRow(row);
}

/** Intents in one of the given states, oldest first, at most `limit`. */
export async function listIntents(
  reader: Reader<CommsTables>,
  states: readonly IntentState[],
  limit: number,
): Promise<readonly Intent[]> {
  const rows = await reader
    .selectFrom('comms_intents')
    .selectAll()
    .where('state', 'in', states)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** How many intents of one principal, or of all, wait. */
export async function countWaiting(
  reader: Reader<CommsTables>,
  principal: string | undefined,
): Promise<number> {
  const all = reader
    .selectFrom('comms_intents')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'waiting');
  const query = principal === undefined ? all : all.where('principal', '=', principal);
  return (await query.executeTakeFirstOrThrow()).count;
}

const ACTED: readonly IntentState[] = [
  'claimed',
  'started',
  'unknown',
  'executed',
  'failed',
  'unsupported',
];

/** Actions that were carried out or tried after `sinceGuardMs`. */
export async function countActed(
  reader: Reader<CommsTables>,
  sinceGuardMs: number,
): Promise<number> {
  const row = await reader
    .selectFrom('comms_intents')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', 'in', ACTED)
    .where('guard_ms', '>', sinceGuardMs)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** The number of the next intent. */
export async function nextIntent(reader: Reader<CommsTables>): Promise<number> {
  const [row] = await reader.run(LAST, {});
  return (row?.last ?? 0) + 1;
}
