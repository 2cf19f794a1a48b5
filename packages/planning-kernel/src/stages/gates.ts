import type { PlanningContext } from '../context.ts';
import {
  type ExecutableOrder,
  FUNDING_SIDES,
  type OrderSide,
  type PlannedOrder,
} from '../intents/order-intent.ts';
import { PPM } from '../limits.ts';
import { mulDivFloor } from '../numbers.ts';
import type { ReasonCode } from '../reasons.ts';
import { channelCostSat } from '../sizing.ts';
import { expansionStrategy } from '../strategies/expansion.ts';
import type { Stage } from './stage.ts';

/** Sides whose price is an on-chain cost. */
const ONCHAIN_SIDES: readonly OrderSide[] = [...FUNDING_SIDES, 'splice_out', 'close'];

/** The last word: what may not be carried out now is skipped, with the reason. */
export const gatesStage: Stage<readonly PlannedOrder[], readonly PlannedOrder[]> = {
  name: 'gates',
  run(context, orders) {
    return orders.map((order) => {
      const reason = order.status === 'executable' ? closedGate(context, order) : undefined;
      if (reason === undefined || order.status !== 'executable') {
        return order;
      }
      context.diagnostics.drop('gates', reason, order.clientOrderId);
      const { status: _, clientOrderId, ...intent } = order;
      return { status: 'skipped', reason, fields: [], clientOrderId, intent };
    });
  },
};

/** Which gate an order does not pass, if any. */
function closedGate({ snapshot }: PlanningContext, order: ExecutableOrder): ReasonCode | undefined {
  const { config, openingPerkb } = snapshot;
  if (order.strategy === expansionStrategy.name && !snapshot.expansionsEnabled) {
    return 'expansions_disabled';
  }
  // A market order takes the price that there is; leases are priced by their seller.
  if (order.pricePpm === null || !ONCHAIN_SIDES.includes(order.side)) {
    return undefined;
  }
  if (openingPerkb === undefined) {
    return 'fee_rate_unknown';
  }
  if (FUNDING_SIDES.includes(order.side) && openingPerkb > config.maxOpeningPerkb) {
    return 'fee_rate_too_high';
  }
  const acceptable = mulDivFloor(order.quantitySat, order.pricePpm, PPM);
  return channelCostSat(config, openingPerkb) > acceptable ? 'uneconomic' : undefined;
}
