import { getroutes } from '@cl-hive/cln-rpc';
import { type JsonObject, type Msat, type NodeId } from '@cl-hive/core';
import { explain } from '@cl-hive/runtime/node';
import type { ActionContext } from '../actions/action.ts';
import { ASK_MS } from '../actions/limits.ts';

/** Where a payment would go. */
export interface Journey {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly amountMsat: Msat;
  readonly maxFeeMsat: Msat;
  readonly finalCltv: number;
}

/** What lightningd would take now, as it tells; a guess for people, and nothing is decided by it. */
export async function estimateRoute(
  { rpc }: Pick<ActionContext, 'rpc'>,
  journey: Journey,
): Promise<JsonObject> {
  const { from, to, amountMsat, maxFeeMsat, finalCltv } = journey;
  try {
    const { probability_ppm: probability, routes } = await rpc.call(
      getroutes,
      {
        source: from,
        destination: to,
        amount_msat: amountMsat,
        layers: ['auto.localchans', 'auto.sourcefree'],
        maxfee_msat: maxFeeMsat,
        final_cltv: finalCltv,
      },
      { timeoutMs: ASK_MS },
    );
    const sent = routes.reduce((sum, { path }) => sum + (path[0]?.amount_in_msat ?? 0n), 0n);
    return {
      found: true,
      parts: routes.length,
      hops: Math.max(0, ...routes.map(({ path }) => path.length)),
      fee_msat: sent - amountMsat,
      probability_ppm: probability,
    };
  } catch (error) {
    // Routing hints and blinded paths are not tried here; xpay does.
    return { found: false, message: explain(error) };
  }
}
