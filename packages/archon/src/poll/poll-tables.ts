import type { Ddl } from '@cl-hive/store';

/** The tables of polls. */
export interface PollTables {
  archon_polls: {
    id: string;
    creator: string;
    deadline: number;
    /** The signed poll as JSON. */
    statement: string;
    /** Unix seconds by this node's clock; null while the poll is open. */
    closed_at: number | null;
    /** The result as JSON, once it is closed. */
    result: string | null;
  };
  archon_ballots: {
    id: string;
    poll: string;
    voter: string;
    cast_at: number;
    statement: string;
  };
  /** Ballots that came before their poll. */
  archon_early_ballots: { id: string; poll: string; voter: string; statement: string; seq: number };
  /** What this node votes; written before it is signed. */
  archon_own_votes: { poll: string; body: string; signature: string | null };
  /** Results of polls that were pruned. */
  archon_poll_results: { poll: string; title: string; closed_at: number; result: string };
}

/** Statements that make them. */
export function pollTables(ddl: Ddl): readonly string[] {
  const { text, integer } = ddl;
  return [
    ddl.table(
      'archon_polls',
      `id ${text} primary key`,
      `creator ${text} not null`,
      `deadline ${integer} not null`,
      `statement ${text} not null`,
      `closed_at ${integer}`,
      `result ${text}`,
      'check ((closed_at is null) = (result is null))',
    ),
    ddl.table(
      'archon_ballots',
      `id ${text} primary key`,
      `poll ${text} not null references archon_polls (id)`,
      `voter ${text} not null`,
      `cast_at ${integer} not null`,
      `statement ${text} not null`,
    ),
    'create index archon_ballots_poll on archon_ballots (poll, voter, cast_at)',
    ddl.table(
      'archon_early_ballots',
      `id ${text} primary key`,
      `poll ${text} not null`,
      `voter ${text} not null`,
      `statement ${text} not null`,
      `seq ${integer} not null`,
    ),
    'create index archon_early_ballots_poll on archon_early_ballots (poll)',
    'create index archon_early_ballots_voter on archon_early_ballots (voter)',
    ddl.table(
      'archon_own_votes',
      `poll ${text} primary key`,
      `body ${text} not null`,
      `signature ${text}`,
    ),
    ddl.table(
      'archon_poll_results',
      `poll ${text} primary key`,
      `title ${text} not null`,
      `closed_at ${integer} not null`,
      `result ${text} not null`,
    ),
  ];
}
