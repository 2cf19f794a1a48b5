import type { Migration } from '@cl-hive/store';

/** The schema of this package; the plugin's own first migration stands before it. */
export const commsMigrations: readonly Migration[] = [
  {
    id: 2,
    name: 'settings',
    sql: (ddl) => [
      ddl.table(
        'comms_guard',
        `id ${ddl.integer} primary key check (id = 1)`,
        `guard_ms ${ddl.integer} not null`,
        `wall_ms ${ddl.integer} not null`,
      ),
      ddl.table(
        'comms_policy',
        `id ${ddl.integer} primary key check (id = 1)`,
        `document ${ddl.text} not null`,
      ),
      ddl.table(
        'comms_advisors',
        `idx ${ddl.integer} primary key`,
        `document ${ddl.text} not null`,
      ),
      ddl.table(
        'comms_grants',
        `id ${ddl.integer} primary key`,
        `advisor ${ddl.text} not null`,
        `document ${ddl.text} not null`,
      ),
      'create index comms_grants_advisor on comms_grants (advisor)',
    ],
  },
  {
    id: 3,
    name: 'pipeline',
    sql: (ddl) => [
      ddl.table(
        'comms_nonces',
        `principal ${ddl.text} primary key`,
        `highest ${ddl.integer} not null`,
      ),
      ddl.table(
        'comms_intents',
        `id ${ddl.integer} primary key`,
        `principal ${ddl.text} not null`,
        `nonce ${ddl.integer} not null`,
        `request_digest ${ddl.text} not null`,
        `command_digest ${ddl.text} not null`,
        `idempotency_key ${ddl.text}`,
        `state ${ddl.text} not null`,
        `created_at ${ddl.integer} not null`,
        `guard_ms ${ddl.integer} not null`,
        `expires_guard_ms ${ddl.integer}`,
        `document ${ddl.text} not null`,
        `outcome ${ddl.text}`,
        'unique (principal, nonce)',
      ),
      'create index comms_intents_key on comms_intents (principal, idempotency_key)',
      'create index comms_intents_state on comms_intents (state)',
      'create index comms_intents_guard on comms_intents (guard_ms)',
      ddl.table(
        'comms_ledger',
        `intent ${ddl.integer} not null`,
        `power ${ddl.text} not null`,
        `principal ${ddl.text} not null`,
        `grant_id ${ddl.integer}`,
        `${ddl.msat('amount_msat')} not null`,
        `state ${ddl.text} not null`,
        `at_guard_ms ${ddl.integer} not null`,
        'primary key (intent, power)',
      ),
      'create index comms_ledger_use on comms_ledger (power, state, at_guard_ms)',
      'create index comms_ledger_grant on comms_ledger (grant_id)',
      ddl.table('comms_answers', `intent ${ddl.integer} primary key`),
      ddl.table(
        'management_receipts',
        `seq ${ddl.integer} primary key`,
        `kind ${ddl.text} not null`,
        `at_ms ${ddl.integer} not null`,
        `prev ${ddl.text} not null unique`,
        `digest ${ddl.text} not null unique`,
        `body ${ddl.text} not null`,
        `signature ${ddl.text}`,
      ),
    ],
  },
];

/** The table that a prune of the history needs; its number is that of the plugin's next migration. */
export function historyMigration(id: number): Migration {
  return {
    id,
    name: 'history',
    sql: (ddl) => [
      ddl.table(
        'comms_grant_totals',
        `grant_id ${ddl.integer} not null`,
        `power ${ddl.text} not null`,
        `${ddl.msat('amount_msat')} not null`,
        'primary key (grant_id, power)',
      ),
    ],
  };
}

/** What paying needs; its number is that of the plugin's next migration. */
export function payingMigration(id: number): Migration {
  return {
    id,
    name: 'paying',
    sql: (ddl) => [
      `alter table comms_ledger add column method ${ddl.text}`,
      `alter table comms_ledger add column purpose ${ddl.text}`,
      `alter table comms_ledger add column payee ${ddl.text}`,
      `alter table comms_ledger add column reference ${ddl.text}`,
      // Money that left before came from advisors' actions; how, its request says.
      'create index comms_ledger_reference on comms_ledger (reference)',
      `update comms_ledger set method = 'other', purpose = 'management' where power = 'spend'`,
      ddl.table(
        'comms_pay_stops',
        `payer ${ddl.text} primary key`,
        `intent ${ddl.integer} not null`,
        `reason ${ddl.text} not null`,
        `since_ms ${ddl.integer} not null`,
      ),
      ddl.table(
        'comms_subscriptions',
        `id ${ddl.integer} primary key`,
        `state ${ddl.text} not null`,
        `counter ${ddl.integer} not null`,
        `next_guard_ms ${ddl.integer} not null`,
        `document ${ddl.text} not null`,
      ),
    ],
  };
}

/** What asking a price needs; its number is that of the plugin's next migration. */
export function pricesMigration(id: number): Migration {
  return {
    id,
    name: 'prices-and-tokens',
    sql: (ddl) => [
      ddl.table(
        'comms_prices',
        `id ${ddl.integer} primary key check (id = 1)`,
        `document ${ddl.text} not null`,
      ),
      ddl.table(
        'comms_token_uses',
        `token ${ddl.text} not null`,
        `principal ${ddl.text} not null`,
        `nonce ${ddl.integer} not null`,
        `intent ${ddl.integer}`,
        `at_guard_ms ${ddl.integer} not null`,
        'primary key (token, principal, nonce)',
      ),
      'create index comms_token_uses_intent on comms_token_uses (intent)',
      ddl.table(
        'comms_l402_tokens',
        `payment_hash ${ddl.text} primary key`,
        `resource ${ddl.text} not null`,
        `state ${ddl.text} not null check (state in ('paying', 'paid'))`,
        `${ddl.msat('amount_msat')} not null`,
        `sealed ${ddl.blob} not null`,
        `trouble ${ddl.text}`,
        `created_ms ${ddl.integer} not null`,
        `used_ms ${ddl.integer}`,
      ),
      'create index comms_l402_tokens_resource on comms_l402_tokens (resource)',
    ],
  };
}
