// Bundled and run as a process of its own: opens the store at argv[2] and writes until it is killed.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/index.ts';
import { options, type Schema } from './schema.ts';

const store = await openStore<Schema>(options(process.argv[2] ?? ''));
writeSync(1, 'open\n');
// An open store alone does not keep a process running.
setInterval(() => {}, 60_000);
if (process.argv[3] === 'write') {
  const last = await store.reader
    .selectFrom('hive_peers')
    .select((eb) => eb.fn.max('seen').as('seen'))
    .executeTakeFirstOrThrow();
  for (let n = last.seen + 1; ; n += 1) {
    await store.transact(async (tx) => {
      await tx
        .insertInto('hive_peers')
        .values({ id: `a${n}`, alias: null, seen: n })
        .execute();
      await new Promise(setImmediate);
      const alias = 'x'.repeat(n % 5000);
      await tx
        .insertInto('hive_peers')
        .values({ id: `b${n}`, alias, seen: n })
        .execute();
    });
    // Only what is printed was acknowledged.
    writeSync(1, `${n}\n`);
  }
}
