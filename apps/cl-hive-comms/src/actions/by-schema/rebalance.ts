import { help, invoice, RpcError, sendpay, waitsendpay } from '@cl-hive/cln-rpc';
import { type JsonObject, type Msat, msat, mulPpmFloor, ppm, satToMsat } from '@cl-hive/core';
import {
  type ActionContext,
  type Attempt,
  type Done,
  done,
  type EffectAction,
  fail,
  go,
  type Plan,
  type SchemaActions,
  unsupported,
} from '../action.ts';
import { isLive, loadChannels, sumOf } from '../channel-view.ts';
import { circularRoute } from '../circular-route.ts';
import {
  ASK_MS,
  CHANGE_MS,
  PAY_MS,
  PAY_RETRY_S,
  REBALANCE_EXPIRY_S,
  REBALANCE_FINAL_CLTV,
  SETTLE_MS,
} from '../limits.ts';
import { lookAtOwnPayment } from '../own-payment.ts';
import { numberOf, textOf } from '../params.ts';

const NO_SWAP = 'lightningd makes no swaps with the chain, and this node has no service for them';

function amountMsat(params: JsonObject): Msat {
  return satToMsat(numberOf(params, 'amount_sats'));
}

function feeLimit(params: JsonObject): Msat {
  return mulPpmFloor(amountMsat(params), ppm(numberOf(params, 'max_fee_ppm')));
}

function ends(params: JsonObject): readonly [string, string] {
  return [textOf(params, 'from_channel'), textOf(params, 'to_channel')];
}

async function plan({ rpc }: ActionContext, params: JsonObject): Promise<Plan> {
  try {
    await rpc.call(help, { command: 'sendpay' }, { timeoutMs: ASK_MS });
  } catch (error) {
    if (error instanceof RpcError) {
      return { kind: 'unsupported', message: 'this node has no sendpay, which takes a route' };
    }
    throw error;
  }
  const view = await loadChannels(rpc);
  for (const name of ends(params)) {
    const channel = view.find(name);
    if (channel === undefined || !isLive(channel) || !channel.row.peer_connected) {
      return fail(`${name} is no open channel with a connected peer`);
    }
  }
  return go();
}

/** Pays an invoice of the node's own, out through one channel and in through the other. */
async function perform({ rpc }: ActionContext, { command, key }: Attempt): Promise<Done> {
  const { params } = command;
  const amount = amountMsat(params);
  const [from, to] = ends(params);
  const route = await circularRoute(rpc, { from, to, amount, maxFee: feeLimit(params) });
  const made = await rpc.call(
    invoice,
    {
      amount_msat: amount,
      label: key,
      description: `rebalance from ${from} to ${to}`,
      expiry: REBALANCE_EXPIRY_S,
      cltv: REBALANCE_FINAL_CLTV,
    },
    { timeoutMs: CHANGE_MS },
  );
  const { payment_hash: hash, payment_secret: secret, bolt11 } = made;
  await rpc.call(
    sendpay,
    { route, payment_hash: hash, payment_secret: secret, label: key, bolt11 },
    { timeoutMs: CHANGE_MS },
  );
  const paid = await rpc.call(
    waitsendpay,
    { payment_hash: hash, timeout: PAY_RETRY_S },
    { timeoutMs: PAY_MS },
  );
  const feeMsat = paid.amount_sent_msat - amount;
  return done({ payment_hash: hash, amount_msat: amount, fee_msat: feeMsat }, feeMsat);
}

const circular: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.payment,
  // It comes back, but while it is under way it is out: only the fee has left in the end.
  facts: async ({ rpc }, { params }) =>
    (await loadChannels(rpc)).facts(ends(params), {
      amountMsat: amountMsat(params),
      feeMsat: feeLimit(params),
    }),
  state: async ({ rpc }, { params }) => {
    const view = await loadChannels(rpc);
    const found = ends(params).map((name) => view.find(name));
    return {
      channels: found.map((one) =>
        one === undefined ? null : { channel_id: one.id, to_us_msat: one.toUsMsat },
      ),
      channels_local_msat: sumOf(view.all, ({ toUsMsat }) => toUsMsat),
    };
  },
  plan: (context, { params }) => plan(context, params),
  perform,
  look: ({ rpc }, { command, key }) => lookAtOwnPayment(rpc, key, msat(amountMsat(command.params))),
};

/** `hive:rebalance/v1`. */
export const rebalanceActions: SchemaActions = {
  circular_rebalance: circular,
  swap_out: unsupported(NO_SWAP),
  swap_in: unsupported(NO_SWAP),
};
