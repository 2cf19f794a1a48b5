import {
  type AdvisorBook,
  advisorId,
  type Intent,
  type Moment,
  type OutgoingAnswer,
  type SignedReceipt,
} from '@cl-hive/comms';
import { CodedError, isJsonObject, type JsonObject, parseJson } from '@cl-hive/core';
import { MANAGEMENT_REGISTRY } from '@cl-hive/protocol';
import { ACTIONS } from '../actions/action-table.ts';
import { seconds } from './advisor-view.ts';

/** The name of the advisor with that id; the id where it is not in the book. */
export function advisorName(book: AdvisorBook, id: string): string {
  return book.advisors.find((advisor) => advisorId(advisor) === id)?.name ?? id;
}

/** Something that waits for the operator's word. */
export function waitingView(intent: Intent, book: AdvisorBook, { guardMs }: Moment): JsonObject {
  const { id, principal, command, danger, facts, createdAt, expiresGuardMs, outcome } = intent;
  const left = expiresGuardMs === undefined ? 0 : Math.max(0, expiresGuardMs - guardMs);
  return {
    id,
    advisor: advisorName(book, principal),
    schema: command.schema,
    action: command.action,
    params: command.params,
    danger,
    ...(facts.amountMsat === undefined ? {} : { amount_msat: facts.amountMsat }),
    fee_msat: facts.feeMsat,
    closes_msat: facts.closesMsat,
    asked_at: seconds(createdAt),
    lapses_in_seconds: Math.floor(left / 1000),
    why: outcome?.message ?? 'it needs a person',
  };
}

/** What an operator's word came to. */
export function wordView(id: number, { outcome }: OutgoingAnswer): JsonObject {
  const { outcome: kind, code, message, remedy, result, receipt } = outcome;
  return {
    id,
    outcome: kind,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(result === undefined ? {} : { result }),
    ...(receipt === undefined ? {} : { receipt: { ...receipt } }),
  };
}

/** Every schema and action, and whether this node can do it. Throws CodedError `schema_unknown`. */
export function discoverView(only: string | undefined): JsonObject {
  if (only !== undefined && !MANAGEMENT_REGISTRY.has(only)) {
    throw new CodedError('schema_unknown', `there is no schema ${JSON.stringify(only)}`, {
      remedy: `one of ${[...MANAGEMENT_REGISTRY.keys()].join(', ')}`,
    });
  }
  const schemas = [...MANAGEMENT_REGISTRY].filter(([name]) => only === undefined || name === only);
  return {
    schemas: schemas.map(([schema, actions]) => ({
      schema,
      actions: [...actions.values()].map((spec) => {
        const action = ACTIONS.get(`${schema} ${spec.action}`);
        const reason = action?.kind === 'unsupported' ? action.reason : undefined;
        return {
          action: spec.action,
          tier: spec.tier,
          danger: spec.danger,
          effect: spec.effect,
          params: [...spec.params.values()].map(({ name, type, required }) => ({
            name,
            type,
            required,
          })),
          supported: reason === undefined,
          ...(reason === undefined ? {} : { reason }),
        };
      }),
    })),
  };
}

/** A receipt with its body opened up. */
export function receiptView({ seq, kind, body, digest, signature }: SignedReceipt): JsonObject {
  const opened = parseJson(body);
  const { at, data } = isJsonObject(opened) ? opened : {};
  return {
    seq,
    kind,
    ...(at === undefined ? {} : { at_ms: at }),
    ...(data === undefined ? {} : { data }),
    digest,
    signed: signature !== undefined,
  };
}
