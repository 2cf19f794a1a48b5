import path from 'node:path';
import type { GatesConfig, Subject } from '@cl-hive/readiness';

/** A node's log that was handed in. */
export interface NodeLog {
  readonly name: string;
  readonly file: string;
}

/** What a check works with. */
export interface Setting {
  /** The repository of the release. */
  readonly root: string;
  /** The folder with the built plugins. */
  readonly dist: string;
  /** Where evidence is kept between runs; undefined: nowhere. */
  readonly cache: string | undefined;
  readonly config: GatesConfig;
  readonly subject: Subject;
  readonly now: () => number;
  /** Folder of gates.yaml, defects.yaml and so on. */
  readonly gates: string;
  readonly runbooks: string;
  /** A JUnit file of this commit; undefined: what `npm test` left. */
  readonly tests: string | undefined;
  readonly runTests: boolean;
  readonly advisories: string | undefined;
  readonly nodeLogs: readonly NodeLog[];
  /** `$PATH`, where lightningd may be. */
  readonly searchPath: string;
  /** Result of trying the move from the Python cl-hive, handed in. */
  readonly monolith: string | undefined;
  /** For drills: called with the path of an original's database that was taken over. */
  readonly onImported?: (file: string) => void;
  /** For drills: called with the backup's path before it is restored. */
  readonly onBackup?: (file: string) => void;
  /** For drills: brings a backup back in place of the store's own restore, as somebody does by hand. */
  readonly restoreWith?: (backup: string, file: string) => void;
}

/** Where the files of a repository are, by convention. */
export function foldersOf(root: string): Pick<Setting, 'dist' | 'gates' | 'runbooks' | 'cache'> {
  return {
    dist: path.join(root, 'dist'),
    gates: path.join(root, 'docs/gates'),
    runbooks: path.join(root, 'docs/runbooks'),
    cache: path.join(root, '.hive-gate'),
  };
}
