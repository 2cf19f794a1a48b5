import type { JsonObject } from '@cl-hive/core';
import {
  Mint,
  MintFront,
  type MintLightning,
  type MintOptions,
  type MintPayment,
  type MintServer,
  serveMint,
} from '@cl-hive/test-mint';
import { textOf } from './advisor.ts';
import type { NodeUnderTest } from './node.ts';

/** A mint that listens, and whose invoices and payments are a node's. */
export interface LabMint extends MintServer {
  readonly mint: Mint;
  readonly front: MintFront;
}

/** A node as what stands behind a mint; amounts in sat. */
function lightningOf(node: NodeUnderTest): MintLightning {
  let labels = 0;
  const look = async (request: string): Promise<MintPayment> => {
    const { pays } = await node.call('listpays', { bolt11: request });
    const rows = pays as readonly JsonObject[];
    const paid = rows.find(({ status }) => status === 'complete');
    if (paid !== undefined) {
      const sent = Number(paid['amount_sent_msat']) - Number(paid['amount_msat']);
      return {
        state: 'paid',
        preimage: textOf(paid['preimage']),
        feeSat: Math.ceil(sent / 1000),
      };
    }
    return { state: rows.some(({ status }) => status === 'pending') ? 'pending' : 'failed' };
  };
  return {
    invoice: async (amountSat) => {
      labels += 1;
      const made = await node.call('invoice', {
        amount_msat: `${amountSat}sat`,
        label: `mint-${labels}`,
        description: 'proofs',
      });
      return { request: textOf(made['bolt11']), hash: textOf(made['payment_hash']) };
    },
    isPaid: async (hash) => {
      const { invoices } = await node.call('listinvoices', { payment_hash: hash });
      return (invoices as readonly JsonObject[])[0]?.['status'] === 'paid';
    },
    amountOf: async (request) => {
      const read = await node.call('decode', { string: request });
      const amount = read['amount_msat'];
      return amount === undefined ? undefined : Math.ceil(Number(amount) / 1000);
    },
    pay: async (request, maxFeeSat) => {
      try {
        await node.call('xpay', { invstring: request, maxfee: `${maxFeeSat}sat` });
      } catch {
        // What became of it, listpays says.
      }
      return look(request);
    },
    look,
  };
}

/** Starts a mint over a node; close it at the end. */
export async function startLabMint(
  node: NodeUnderTest,
  options: Partial<MintOptions> = {},
): Promise<LabMint> {
  const mint = new Mint({
    lightning: lightningOf(node),
    nowS: () => Math.floor(Date.now() / 1000),
    keyset: { name: 'lab', version: 1, heights: 20, feePpk: 100 },
    ...options,
  });
  const front = new MintFront(mint);
  return { ...(await serveMint(front)), mint, front };
}
