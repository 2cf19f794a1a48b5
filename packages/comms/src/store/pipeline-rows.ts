import { prepare, type Reader, type Transactor } from '@cl-hive/store';
import type { Moment } from '../pipeline/write.ts';
import { findIntent, putIntent } from './intent-rows.ts';
import type { CommsTables } from './tables.ts';

const PUT_MOMENT = prepare<CommsTables, { guard: number; wall: number }>()((db, value) =>
  db
    .insertInto('comms_guard')
    .values({ id: 1, guard_ms: value('guard'), wall_ms: value('wall') })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        guard_ms: eb.ref('excluded.guard_ms'),
        wall_ms: eb.ref('excluded.wall_ms'),
      })),
    ),
);

/** Stores where guard time stands. */
export async function putMoment(tx: Transactor<CommsTables>, moment: Moment): Promise<void> {
  await tx.run(PUT_MOMENT, { guard: moment.guardMs, wall: moment.now });
}

const HIGHEST = prepare<CommsTables, { principal: string }>()((db, value) =>
  db.selectFrom('comms_nonces').select('highest').where('principal', '=', value('principal')),
);

/** A principal's highest nonce, 0 for none. */
export async function highestNonce(
  reader: Reader<CommsTables>,
  principal: string,
): Promise<number> {
  const [row] = await reader.run(HIGHEST, { principal });
  return row?.highest ?? 0;
}

const PUT_NONCE = prepare<CommsTables, CommsTables['comms_nonces']>()((db, value) =>
  db
    .insertInto('comms_nonces')
    .values({ principal: value('principal'), highest: value('highest') })
    .onConflict((conflict) =>
      conflict.column('principal').doUpdateSet((eb) => ({ highest: eb.ref('excluded.highest') })),
    ),
);

/** Stores a principal's highest nonce. */
export async function putNonce(
  tx: Transactor<CommsTables>,
  principal: string,
  highest: number,
): Promise<void> {
  await tx.run(PUT_NONCE, { principal, highest });
}

const QUEUE = prepare<CommsTables, { intent: number }>()((db, value) =>
  db
    .insertInto('comms_answers')
    .values({ intent: value('intent') })
    .onConflict((conflict) => conflict.column('intent').doNothing()),
);

const UNQUEUE = prepare<CommsTables, { intent: number }>()((db, value) =>
  db.deleteFrom('comms_answers').where('intent', '=', value('intent')),
);

/** Puts an intent's answer into the queue, with the receipt that records it. */
export async function queueAnswer(
  tx: Transactor<CommsTables>,
  id: number,
  receipt: { readonly seq: number; readonly digest: string } | undefined,
): Promise<void> {
  const intent = await findIntent(tx, id);
  if (intent?.outcome !== undefined && receipt !== undefined) {
    await putIntent(tx, { ...intent, outcome: { ...intent.outcome, receipt } });
  }
  await tx.run(QUEUE, { intent: id });
}

/** Takes an answer off the queue. */
export async function unqueueAnswer(tx: Transactor<CommsTables>, intent: number): Promise<void> {
  await tx.run(UNQUEUE, { intent });
}
