import type { FieldSet, Shape, Struct } from './fields.ts';
import type { HiveMessageName } from './message-types.ts';
import { CREDENTIAL_MESSAGES } from './messages/credentials.ts';
import { MEMBERSHIP_MESSAGES } from './messages/membership.ts';
import { REPORT_MESSAGES } from './messages/reports.ts';
import { SETTLEMENT_MESSAGES } from './messages/settlement.ts';
import { STATE_MESSAGES } from './messages/state.ts';
import { TOPOLOGY_MESSAGES } from './messages/topology.ts';
import { WORK_MESSAGES } from './messages/work.ts';

/** The fields of every message type. Amounts and times are as on the wire: whole satoshi, seconds. */
export const MESSAGE_SHAPES = {
  ...MEMBERSHIP_MESSAGES,
  ...STATE_MESSAGES,
  ...TOPOLOGY_MESSAGES,
  ...REPORT_MESSAGES,
  ...WORK_MESSAGES,
  ...SETTLEMENT_MESSAGES,
  ...CREDENTIAL_MESSAGES,
} satisfies Readonly<Record<HiveMessageName, Shape<FieldSet>>>;

/** The typed payload of the message `Name`. */
export type HivePayload<Name extends HiveMessageName> =
  (typeof MESSAGE_SHAPES)[Name] extends Shape<infer F> ? Struct<F> : never;
