import {
  type ListfundsOutputs,
  listfunds,
  newaddr,
  type RpcClient,
  RpcError,
  txdiscard,
  txprepare,
  txsend,
} from '@cl-hive/cln-rpc';
import { type JsonObject, satToMsat } from '@cl-hive/core';
import { feeBound, fundWithin } from '@cl-hive/runtime/node';
import {
  type ActionContext,
  absent,
  done,
  type EffectAction,
  fail,
  go,
  type Look,
  over,
  type Plan,
  pending,
  reads,
  type SchemaActions,
  there,
} from '../action.ts';
import { loadChannels, sumOf } from '../channel-view.ts';
import { ASK_MS, CHANGE_MS, PEER_MS, SETTLE_MS } from '../limits.ts';
import { amountOf, numberOf, optionalText, textOf, textsOf } from '../params.ts';
import { readTransaction } from '../transaction.ts';

const listFunds = reads(async ({ rpc }) => {
  const { outputs, channels } = await rpc.call(listfunds, {}, { timeoutMs: ASK_MS });
  return {
    outputs: outputs.map((row) => ({
      txid: row.txid,
      output: row.output,
      amount_msat: row.amount_msat,
      status: row.status,
      reserved: row.reserved,
    })),
    channels: channels.map((row) => ({
      channel_id: row.channel_id,
      our_amount_msat: row.our_amount_msat,
      amount_msat: row.amount_msat,
      state: row.state,
    })),
  };
});

const newAddress: EffectAction = {
  kind: 'effect',
  settleMs: 0,
  volatile: true,
  facts: async ({ rpc }) => (await loadChannels(rpc)).facts([]),
  state: async () => ({}),
  plan: async () => go(),
  perform: async ({ rpc }, { command: { params } }) => {
    const addresstype = params['type'] === 'bech32' ? 'bech32' : 'p2tr';
    const made = await rpc.call(newaddr, { addresstype }, { timeoutMs: CHANGE_MS });
    const address = addresstype === 'bech32' ? made.bech32 : made.p2tr;
    return done({ address: address ?? null, type: addresstype });
  },
  // An address that nobody was told of is an unused key of the wallet.
  look: async () => over('no address was handed out'),
};

async function outputsOf(rpc: RpcClient): Promise<readonly ListfundsOutputs[]> {
  const { outputs } = await rpc.call(listfunds, { spent: true }, { timeoutMs: ASK_MS });
  return outputs;
}

function feerateOf(params: JsonObject): string {
  return optionalText(params, 'feerate') ?? 'normal';
}

async function discard(rpc: RpcClient, txid: string): Promise<boolean> {
  try {
    await rpc.call(txdiscard, { txid }, { timeoutMs: CHANGE_MS });
    return true;
  } catch (error) {
    if (error instanceof RpcError) {
      return false;
    }
    throw error;
  }
}

/**
 * The transaction is made before anything is tried, so that its id is stored first and can be looked
 * for, and its fee is known.
 */
async function prepare(
  { rpc }: ActionContext,
  { params }: { readonly params: JsonObject },
  reservedFeeMsat: bigint,
): Promise<Plan> {
  const sat = BigInt(numberOf(params, 'amount_sats'));
  const funding = await fundWithin(rpc, sat, feerateOf(params), reservedFeeMsat);
  if (typeof funding === 'string') {
    return fail(funding);
  }
  const outputs = [{ [textOf(params, 'destination')]: `${sat}sat` }];
  const { utxos, perKw, inputsSat } = funding;
  const draft = await rpc.call(
    txprepare,
    { outputs, feerate: `${perKw}perkw`, utxos },
    { timeoutMs: PEER_MS },
  );
  const { inputs, outputsSat } = readTransaction(draft.unsigned_tx);
  const feeMsat = (inputsSat - outputsSat) * 1000n;
  const same = inputs.length === utxos.length && inputs.every((input) => utxos.includes(input));
  if (!same || feeMsat < 0n || feeMsat > reservedFeeMsat) {
    await discard(rpc, draft.txid);
    return fail(`the transaction would cost ${feeMsat} msat, ${reservedFeeMsat} were reserved`);
  }
  return go({ txid: draft.txid, inputs, left_msat: String(sat * 1000n + feeMsat) });
}

/** The transaction is out when the wallet knows its change, or has lost its inputs. */
async function lookForTransaction(rpc: RpcClient, marker: JsonObject): Promise<Look> {
  const txid = textOf(marker, 'txid');
  const inputs = textsOf(marker['inputs']);
  const outputs = await outputsOf(rpc);
  const spent = outputs.filter(
    (row) => inputs.includes(`${row.txid}:${row.output}`) && row.status === 'spent',
  );
  if (outputs.some((row) => row.txid === txid) || spent.length === inputs.length) {
    return there({ txid }, amountOf(marker, 'left_msat'));
  }
  if (spent.length > 0) {
    return pending('some of the coins are spent');
  }
  return absent('the coins are not spent');
}

const withdraw: EffectAction = {
  kind: 'effect',
  settleMs: SETTLE_MS.change,
  facts: async ({ rpc }, { params }) => {
    const amountMsat = satToMsat(numberOf(params, 'amount_sats'));
    const feeMsat = await feeBound(rpc, amountMsat / 1000n, feerateOf(params));
    const view = await loadChannels(rpc);
    return feeMsat === undefined
      ? view.facts([], { amountMsat: undefined })
      : view.facts([], { amountMsat, feeMsat });
  },
  state: async ({ rpc }) => {
    const unspent = (await outputsOf(rpc)).filter(({ status }) => status !== 'spent');
    return { onchain_msat: sumOf(unspent, ({ amount_msat: amount }) => amount) };
  },
  plan: (context, command, { facts }) => prepare(context, command, facts.feeMsat),
  release: async ({ rpc }, marker) => {
    await discard(rpc, textOf(marker, 'txid'));
  },
  perform: async ({ rpc }, { marker }) => {
    const { txid } = await rpc.call(
      txsend,
      { txid: textOf(marker, 'txid') },
      { timeoutMs: PEER_MS },
    );
    return done({ txid }, amountOf(marker, 'left_msat'));
  },
  look: ({ rpc }, { marker }) => lookForTransaction(rpc, marker),
};

/** `hive:wallet/v1`. */
export const walletActions: SchemaActions = {
  list_funds: listFunds,
  new_address: newAddress,
  withdraw,
};
