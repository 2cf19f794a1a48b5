import {
  either,
  freeObject,
  int,
  mustHold,
  node,
  nullable,
  oneOf,
  optional,
  shape,
  sizedList,
  struct,
  text,
  timestamp,
  zbaseSignature,
} from '../fields.ts';
import {
  CONSTRAINTS_MAX,
  EVENT_ID_CHARS_MAX,
  FREE_JSON_CHARS_MAX,
  ID_CHARS_MAX,
  MANDATE_SECONDS_MAX,
  NAME_CHARS_MAX,
  PERIOD_SECONDS_MAX,
  PERIOD_START_MIN,
  REASON_CHARS_MAX,
  TIMESTAMP_MAX,
} from '../limits.ts';
import type { WireObject } from '../wire-value.ts';

const id = text(1, ID_CHARS_MAX);
const event = { sender_id: node, event_id: text(1, EVENT_ID_CHARS_MAX), timestamp };
const recent = int(PERIOD_START_MIN + 1, TIMESTAMP_MAX);

/** Whether a member that may be either is the text. */
function isText(value: string | WireObject): value is string {
  return typeof value === 'string';
}

const credential = struct({
  credential_id: id,
  issuer_id: node,
  subject_id: node,
  domain: oneOf('hive:advisor', 'hive:node', 'hive:client', 'agent:general'),
  period_start: recent,
  period_end: timestamp,
  metrics: freeObject(FREE_JSON_CHARS_MAX.metrics),
  outcome: oneOf('renew', 'revoke', 'neutral'),
  evidence: optional(
    sizedList(
      either(
        text(0, FREE_JSON_CHARS_MAX.credentialEvidence),
        isText,
        freeObject(FREE_JSON_CHARS_MAX.credentialEvidence),
      ),
      FREE_JSON_CHARS_MAX.credentialEvidence,
    ),
  ),
  signature: zbaseSignature,
  issued_at: optional(nullable(recent)),
  expires_at: optional(nullable(timestamp)),
});

const mandate = struct({
  credential_id: id,
  issuer_id: node,
  agent_id: node,
  node_id: node,
  tier: oneOf('monitor', 'standard', 'advanced', 'admin'),
  allowed_schemas: sizedList(text(1, NAME_CHARS_MAX), FREE_JSON_CHARS_MAX.schemas),
  constraints: either(
    text(0, FREE_JSON_CHARS_MAX.constraints),
    isText,
    freeObject(FREE_JSON_CHARS_MAX.constraints, CONSTRAINTS_MAX),
  ),
  valid_from: recent,
  valid_until: timestamp,
  signature: zbaseSignature,
});

const revocation = shape({
  ...event,
  credential_id: id,
  issuer_id: node,
  reason: text(1, REASON_CHARS_MAX),
  signature: zbaseSignature,
});

/** Credentials of nodes and of management agents, presented and revoked. */
export const CREDENTIAL_MESSAGES = {
  DID_CREDENTIAL_PRESENT: shape({ ...event, credential }, ({ credential: one }) => {
    const at = (key: string): string => `credential.${key}`;
    mustHold(
      one.subject_id !== one.issuer_id,
      at('subject_id'),
      'another than the issuer',
      one.subject_id,
    );
    mustHold(
      one.period_end > one.period_start && one.period_end <= one.period_start + PERIOD_SECONDS_MAX,
      at('period_end'),
      'a time after period_start, by at most a year',
      one.period_end,
    );
    const since = one.issued_at ?? one.period_start;
    const until = one.expires_at ?? undefined;
    mustHold(until === undefined || until > since, at('expires_at'), 'a time after issue', until);
  }),
  DID_CREDENTIAL_REVOKE: revocation,
  MGMT_CREDENTIAL_PRESENT: shape({ ...event, credential: mandate }, ({ credential: one }) => {
    mustHold(
      one.valid_until > one.valid_from && one.valid_until <= one.valid_from + MANDATE_SECONDS_MAX,
      'credential.valid_until',
      'a time after valid_from, by at most two years',
      one.valid_until,
    );
  }),
  MGMT_CREDENTIAL_REVOKE: revocation,
};
