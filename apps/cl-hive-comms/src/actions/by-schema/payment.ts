import {
  type DecodeResponse,
  decode,
  invoice,
  keysend,
  listinvoices,
  listpays,
  type RpcClient,
  RpcError,
  wait,
  xkeysend,
} from '@cl-hive/cln-rpc';
import {
  type JsonObject,
  type Msat,
  msat,
  mulPpmFloor,
  type NodeId,
  nodeId,
  ppm,
} from '@cl-hive/core';
import { explain, isUnknownCommand } from '@cl-hive/runtime/node';
import {
  type ActionContext,
  type Attempt,
  absent,
  type Done,
  done,
  type EffectAction,
  fail,
  go,
  type Plan,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels, sumOf } from '../channel-view.ts';
import { ASK_MS, CHANGE_MS, KEYSEND_FEE, PAY_MS, PAY_RETRY_S, SETTLE_MS } from '../limits.ts';
import { amountOf, numberOf, optionalText, textOf } from '../params.ts';
import { lookAtPays, paidState, paysOf, sendInvoice } from '../pays.ts';

/** What an invoice asks for; a text says why it is not one to pay. */
async function readInvoice(
  rpc: RpcClient,
  bolt11: string,
): Promise<{ readonly payee: NodeId; readonly amountMsat: Msat; readonly hash: string } | string> {
  let read: DecodeResponse;
  try {
    read = await rpc.call(decode, { string: bolt11 }, { timeoutMs: ASK_MS });
  } catch (error) {
    if (error instanceof RpcError) {
      return explain(error);
    }
    throw error;
  }
  const { type, valid, payee, amount_msat: amountMsat, payment_hash: hash } = read;
  if (type !== 'bolt11 invoice' || !valid || payee === undefined || hash === undefined) {
    return 'it is no valid BOLT 11 invoice';
  }
  return amountMsat === undefined ? 'it names no amount' : { payee, amountMsat, hash };
}

async function channelBalance(rpc: RpcClient): Promise<JsonObject> {
  const view = await loadChannels(rpc);
  return { channels_local_msat: sumOf(view.all, ({ toUsMsat }) => toUsMsat) };
}

async function planPay(
  { rpc }: ActionContext,
  { params }: { readonly params: JsonObject },
): Promise<Plan> {
  const bolt11 = textOf(params, 'bolt11');
  const read = await readInvoice(rpc, bolt11);
  if (typeof read === 'string') {
    return fail(read);
  }
  const before = paidState(await paysOf(rpc, read.hash));
  if (before !== 'free') {
    return fail(
      before === 'paid'
        ? 'the invoice is paid already'
        : 'a payment of this invoice is under way already',
    );
  }
  const maxFee = mulPpmFloor(read.amountMsat, ppm(numberOf(params, 'max_fee_ppm')));
  return go({
    payment_hash: read.hash,
    maxfee_msat: String(maxFee),
    bound_msat: String(read.amountMsat + maxFee),
  });
}

const pay: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.payment,
  facts: async ({ rpc }, { params }) => {
    const view = await loadChannels(rpc);
    const read = await readInvoice(rpc, textOf(params, 'bolt11'));
    return typeof read === 'string'
      ? view.facts([], { amountMsat: undefined, unresolved: [`the invoice: ${read}`] })
      : view.facts([], {
          peers: [read.payee],
          amountMsat: read.amountMsat,
          feeMsat: mulPpmFloor(read.amountMsat, ppm(numberOf(params, 'max_fee_ppm'))),
          payment: {
            method: 'bolt11',
            purpose: 'management',
            payee: read.payee,
            reference: read.hash,
          },
        });
  },
  state: ({ rpc }) => channelBalance(rpc),
  plan: planPay,
  perform: ({ rpc }, { command: { params }, marker }) =>
    sendInvoice(rpc, {
      invoice: textOf(params, 'bolt11'),
      hash: textOf(marker, 'payment_hash'),
      maxFeeMsat: msat(amountOf(marker, 'maxfee_msat')),
    }),
  look: async ({ rpc }, { marker }) =>
    lookAtPays(await paysOf(rpc, textOf(marker, 'payment_hash')), amountOf(marker, 'bound_msat')),
};

function keysendFee(amountMsat: Msat): Msat {
  const share = mulPpmFloor(amountMsat, ppm(KEYSEND_FEE.ppm));
  return share > KEYSEND_FEE.leastMsat ? share : msat(KEYSEND_FEE.leastMsat);
}

async function sendSpontaneous({ rpc }: ActionContext, attempt: Attempt): Promise<Done> {
  const { command, key } = attempt;
  const amountMsat = msat(numberOf(command.params, 'amount_msat'));
  const request = {
    destination: nodeId(textOf(command.params, 'destination')),
    amount_msat: amountMsat,
    label: key,
    maxfee: keysendFee(amountMsat),
    retry_for: PAY_RETRY_S,
  };
  const options = { timeoutMs: PAY_MS };
  const paid = await rpc.call(xkeysend, request, options).catch((error: unknown) => {
    // Before v26.06 it is called keysend; what is not known was not begun.
    if (isUnknownCommand(error)) {
      return rpc.call(keysend, request, options);
    }
    throw error;
  });
  return done(
    {
      status: 'complete',
      payment_preimage: paid.payment_preimage,
      amount_msat: paid.amount_msat,
      amount_sent_msat: paid.amount_sent_msat,
    },
    paid.amount_sent_msat,
  );
}

const spontaneous: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.payment,
  facts: async ({ rpc }, { params }) => {
    const amountMsat = msat(numberOf(params, 'amount_msat'));
    const peers = [nodeId(textOf(params, 'destination'))];
    const view = await loadChannels(rpc);
    return view.facts([], { peers, amountMsat, feeMsat: keysendFee(amountMsat) });
  },
  state: ({ rpc }) => channelBalance(rpc),
  // lightningd draws the preimage, so that the payment is found by its label among those made since.
  plan: async ({ rpc }) => {
    const { created = 0n } = await rpc.call(
      wait,
      { subsystem: 'sendpays', indexname: 'created', nextvalue: 0n },
      { timeoutMs: ASK_MS },
    );
    return go({ after: String(created) });
  },
  perform: sendSpontaneous,
  look: async ({ rpc }, { command, key, marker }) => {
    const start = amountOf(marker, 'after') + 1n;
    const { pays } = await rpc.call(listpays, { index: 'created', start }, { timeoutMs: ASK_MS });
    const amountMsat = msat(numberOf(command.params, 'amount_msat'));
    const own = pays.filter(({ label }) => label === key);
    return lookAtPays(own, amountMsat + keysendFee(amountMsat));
  },
};

const createInvoice: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.change,
  facts: async ({ rpc }) => (await loadChannels(rpc)).facts([]),
  state: async ({ rpc }, { params }) => {
    const found = await invoiceBy(rpc, textOf(params, 'label'));
    return { invoice: found?.payment_hash ?? null };
  },
  plan: async ({ rpc }, { params }) => {
    const label = textOf(params, 'label');
    return (await invoiceBy(rpc, label)) === undefined
      ? go()
      : fail(`there is an invoice with the label ${JSON.stringify(label)} already`);
  },
  perform: async ({ rpc }, { command: { params } }) => {
    const made = await rpc.call(
      invoice,
      {
        amount_msat: msat(numberOf(params, 'amount_msat')),
        label: textOf(params, 'label'),
        description: optionalText(params, 'description') ?? '',
      },
      { timeoutMs: CHANGE_MS },
    );
    return done({
      bolt11: made.bolt11,
      payment_hash: made.payment_hash,
      expires_at: made.expires_at,
    });
  },
  look: async ({ rpc }, { command: { params } }) => {
    const found = await invoiceBy(rpc, textOf(params, 'label'));
    return found === undefined
      ? absent('there is no invoice with this label')
      : there({
          bolt11: found.bolt11 ?? null,
          payment_hash: found.payment_hash,
          expires_at: found.expires_at,
        });
  },
};

async function invoiceBy(rpc: RpcClient, label: string) {
  const { invoices } = await rpc.call(listinvoices, { label }, { timeoutMs: ASK_MS });
  return invoices[0];
}

/** `hive:payment/v1`. */
export const paymentActions: SchemaActions = {
  create_invoice: createInvoice,
  pay,
  keysend: spontaneous,
};
