import { type Clock, describeError, isCodedError, stringifyJson } from '@cl-hive/core';
import { verifyBackup } from '../backup.ts';
import type { Migration } from '../migration.ts';
import type { Owner } from '../ownership.ts';
import { restoreBackup } from '../restore.ts';
import { openStore } from '../store.ts';
import { beginDrill, endDrill, makeForeign, makeNewer, type StoreFacts } from './drill.ts';

/** Where a program writes lines. */
export interface ProgramOutput {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const HELP = `The database of a stopped plugin, on the command line.

  node hive-store.js backup DATABASE BACKUP    a whole copy of one moment, with a manifest
  node hive-store.js verify BACKUP             reads every row against the manifest
  node hive-store.js restore BACKUP DATABASE   makes a new database, checked row by row
  node hive-store.js drill-begin FOLDER        fills a database in an empty folder and backs it up
  node hive-store.js drill-end FOLDER          restores it and compares
  node hive-store.js drill-newer FOLDER        a database as a newer release would leave it
  node hive-store.js drill-foreign SQL FILE    another program's database, of a file of statements

Nothing is ever overwritten. Exit codes: 0 done; 1 refused, with code and remedy; 3 usage.`;

const systemClock: Clock = {
  now: () => Date.now() as ReturnType<Clock['now']>,
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/**
 * Runs the words of `hive-store.js` for one plugin's database; resolves with the exit code. Answers are
 * JSON lines; refusals go to the error output with their code and remedy.
 */
export async function runStoreProgram(
  plugin: { readonly owner: Owner; readonly migrations: readonly Migration[] },
  words: readonly string[],
  { out, err }: ProgramOutput,
): Promise<number> {
  const facts: StoreFacts = { ...plugin, clock: systemClock };
  const [command = '', first = '', second = ''] = words;
  const given = words.length - 1;
  try {
    const answer = await carryOut(facts, command, given, first, second);
    if (answer === undefined) {
      (command === '--help' ? out : err)(HELP);
      return command === '--help' ? 0 : 3;
    }
    out(stringifyJson(answer));
    return 0;
  } catch (error) {
    const coded = isCodedError(error) ? error : undefined;
    err(`${coded?.code ?? 'internal'}: ${describeError(error)}`);
    if (coded?.remedy !== undefined) {
      err(`  ${coded.remedy}`);
    }
    return 1;
  }
}

async function carryOut(
  facts: StoreFacts,
  command: string,
  given: number,
  first: string,
  second: string,
): Promise<unknown> {
  const { owner, migrations, clock } = facts;
  const log = (): void => undefined;
  switch (`${command} ${given}`) {
    case 'backup 2': {
      const store = await openStore({ location: first, owner, migrations, clock, log });
      try {
        return await store.backup(second);
      } finally {
        await store.close();
      }
    }
    case 'verify 1':
      return verifyBackup(first);
    case 'restore 2':
      return restoreBackup({ from: first, to: second, owner, migrations, clock, log });
    case 'drill-begin 1':
      return beginDrill(facts, first);
    case 'drill-newer 1':
      return makeNewer(facts, first);
    case 'drill-foreign 2':
      return makeForeign(first, second);
    case 'drill-end 1':
      return endDrill(facts, first);
    default:
      return undefined;
  }
}
