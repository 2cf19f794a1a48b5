import type { MsatText } from '@cl-hive/store';

/** The tables of cl-hive-comms that this package keeps; documents are lossless JSON. */
export interface CommsTables {
  /** Guard time; one row, `id` 1. */
  comms_guard: { id: number; guard_ms: number; wall_ms: number };
  /** The policy; one row, `id` 1. */
  comms_policy: { id: number; document: string };
  comms_advisors: { idx: number; document: string };
  comms_grants: { id: number; advisor: string; document: string };
  /** Highest nonce of each principal; never pruned. */
  comms_nonces: { principal: string; highest: number };
  comms_intents: {
    id: number;
    principal: string;
    nonce: number;
    request_digest: string;
    command_digest: string;
    idempotency_key: string | null;
    state: string;
    created_at: number;
    guard_ms: number;
    expires_guard_ms: number | null;
    document: string;
    outcome: string | null;
  };
  comms_ledger: {
    intent: number;
    power: string;
    principal: string;
    grant_id: number | null;
    amount_msat: MsatText;
    state: string;
    at_guard_ms: number;
    /** Of the four only `method` and `purpose` are set where money leaves; all are null where none does. */
    method: string | null;
    purpose: string | null;
    payee: string | null;
    reference: string | null;
  };
  /** Uses of tokens that others paid for; see `TokenUse`. */
  comms_token_uses: {
    token: string;
    principal: string;
    nonce: number;
    intent: number | null;
    at_guard_ms: number;
  };
  /** L402 tokens that this node pays for; `sealed` holds macaroon and, once paid, preimage. */
  comms_l402_tokens: {
    payment_hash: string;
    /** What it opens: origin and path of a URL. */
    resource: string;
    state: string;
    amount_msat: MsatText;
    sealed: Uint8Array;
    /** Why what was paid for was not given; null where it was. */
    trouble: string | null;
    created_ms: number;
    used_ms: number | null;
  };
  /** What others are asked for; one row, `id` 1, a document of the plugin's own. */
  comms_prices: { id: number; document: string };
  /** Payers that paid without effect and wait for the operator's word. */
  comms_pay_stops: { payer: string; intent: number; reason: string; since_ms: number };
  /** Offers that are paid again each period; guard time in ms of the next payment. */
  comms_subscriptions: {
    id: number;
    state: string;
    counter: number;
    next_guard_ms: number;
    document: string;
  };
  /** What pruned entries of the ledger used of each grant. */
  comms_grant_totals: { grant_id: number; power: string; amount_msat: MsatText };
  /** Intents whose answer is to be sent. */
  comms_answers: { intent: number };
  management_receipts: {
    seq: number;
    kind: string;
    at_ms: number;
    prev: string;
    digest: string;
    body: string;
    signature: string | null;
  };
}
