import type { WishReport } from '@cl-hive/hive';
import type { OpeningView, OrderReason } from './opening-desk.ts';
import type { Order } from './order.ts';
import { reasonOf } from './reasons.ts';

/** An order as others see it, with how far its grants are. */
export function viewOf(order: Order, reports: readonly WishReport[]): OpeningView {
  const { id, kind, target, amountSat, state, wanted, proposedBy, madeAt, changedAt } = order;
  const { actionId, outpoint, channelId } = order;
  const report = state === 'waiting' ? reports.find((one) => one.id === order.wish) : undefined;
  const reason = order.reason ?? (report === undefined ? undefined : asking(report));
  return {
    id,
    kind,
    target,
    capacitySat: amountSat,
    state,
    wanted,
    proposedBy,
    madeAt,
    changedAt,
    ...(reason === undefined ? {} : { reason }),
    ...(actionId === undefined ? {} : { actionId }),
    ...(outpoint === undefined ? {} : { outpoint }),
    ...(channelId === undefined ? {} : { channelId }),
    ...(report === undefined ? {} : { grants: { ...report.grants, silent: report.silent } }),
  };
}

/** What an opening waits for while the hive is asked. */
function asking({ grants: { have, need }, silent, refused }: WishReport): OrderReason {
  const lost = Object.keys(refused).length > 0 && have + silent.length < need;
  return lost
    ? reasonOf('held_by_other')
    : reasonOf('asking_hive', `It has ${have} of ${need} grants; ${silent.length} are silent.`);
}
