import type { Ddl } from '@cl-hive/store';

/** Why a deposit was not made, or not yet. */
export type DepositTrouble =
  /** The operator lets nobody be asked. */
  | 'network_off'
  /** No Gatekeeper is named. */
  | 'no_gatekeeper'
  /** Those that are named failed too often and are left alone for a while. */
  | 'resting'
  /** It did not answer, or not as described. */
  | 'failing'
  /** It does not take the piece. */
  | 'refused'
  /** It took a piece and gives another back. */
  | 'lied'
  /** The archive is too large. */
  | 'too_large'
  /** The archive is not in the vault's folder any more, or not what it was. */
  | 'archive_gone'
  /** A newer archive took its place before it was begun. */
  | 'superseded'
  /** This node's disk, database or lightningd failed. */
  | 'fault';

/** The tables of archives that go to Gatekeepers. */
export interface DepositTables {
  readonly archon_deposits: {
    /** The number of the archive. */
    readonly sequence: number;
    /** Its name in the vault's folder. */
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Unix ms. */
    readonly at_ms: number;
    readonly state: 'waiting' | 'done' | 'failed';
    /** Where its pieces are; empty before the first. */
    readonly gatekeeper: string;
    /** Content id of the index; empty before it is done. */
    readonly index_cid: string;
    /** Failures in a row. */
    readonly attempts: number;
    readonly trouble: DepositTrouble | '';
    /** What went wrong, in a sentence. */
    readonly reason: string;
  };
  /** Pieces that the Gatekeeper has and gave back; gone once the deposit is done. */
  readonly archon_deposit_pieces: {
    readonly sequence: number;
    readonly idx: number;
    readonly cid: string;
    readonly sha256: string;
    readonly length: number;
  };
}

/** A row of `archon_deposits`. */
export type DepositRow = DepositTables['archon_deposits'];

/** What would change it. */
export const REMEDIES: Readonly<Record<DepositTrouble, string>> = {
  network_off: 'set hive-archon-network=true; it is tried again by itself',
  no_gatekeeper: 'name one with hive-archon-gatekeeper; it is tried again by itself',
  resting: 'it is tried again by itself; hive-archon-status says how each Gatekeeper fares',
  failing: 'it is tried again by itself, at least hourly; or name another Gatekeeper first',
  refused: 'name a Gatekeeper that takes data of 512 KiB; it is tried again by itself',
  lied: 'take that Gatekeeper out of the options; another is tried by itself',
  too_large: 'prune, or copy the archive elsewhere (hive-archon-export); 1 GiB is the most',
  archive_gone: 'nothing to do: the next archive goes anew',
  superseded: 'nothing to do: the newer archive holds all that this one does',
  fault: 'look at the disk and the log; it is tried again by itself',
};

/** Statements that make them. */
export function depositTables(ddl: Ddl): readonly string[] {
  const { text, integer } = ddl;
  return [
    ddl.table(
      'archon_deposits',
      `sequence ${integer} primary key`,
      `name ${text} not null`,
      `bytes ${integer} not null`,
      `sha256 ${text} not null`,
      `at_ms ${integer} not null`,
      `state ${text} not null`,
      `gatekeeper ${text} not null`,
      `index_cid ${text} not null`,
      `attempts ${integer} not null`,
      `trouble ${text} not null`,
      `reason ${text} not null`,
    ),
    ddl.table(
      'archon_deposit_pieces',
      `sequence ${integer} not null references archon_deposits (sequence)`,
      `idx ${integer} not null`,
      `cid ${text} not null`,
      `sha256 ${text} not null`,
      `length ${integer} not null`,
      'primary key (sequence, idx)',
    ),
  ];
}
