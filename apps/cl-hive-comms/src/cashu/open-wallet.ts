import { createHmac } from 'node:crypto';
import {
  type CashuTables,
  CashuWallet,
  httpMintLink,
  type InvoiceTerms,
  type Sealer,
} from '@cl-hive/cashu';
import { makesecret, type RpcClient } from '@cl-hive/cln-rpc';
import { type Clock, hexToBytes } from '@cl-hive/core';
import { type Network, readInvoice } from '@cl-hive/payments';
import { seal, unseal } from '@cl-hive/runtime/services';
import type { Store } from '@cl-hive/store';

/** Labels of the secrets that lightningd derives for the wallet; another label is another wallet. */
const SEED_LABEL = 'cl-hive-comms/cashu-seed/v1';
const SEAL_LABEL = 'cl-hive-comms/cashu-seal/v1';

/** What the wallet is opened with. */
export interface WalletParts {
  readonly rpc: RpcClient;
  readonly store: Store<CashuTables>;
  readonly clock: Clock;
  /** As lightningd names it. */
  readonly network: string;
  readonly sealer: Sealer;
  readonly trouble: (message: string) => void;
}

/** What lightningd derives for a label: 32 bytes that nobody has but this node. */
export async function nodeSecret(rpc: RpcClient, string: string): Promise<Uint8Array> {
  return hexToBytes((await rpc.call(makesecret, { string })).secret);
}

/** Encrypts what lies in the database, under a key of the node's own. */
export async function openSealer(rpc: RpcClient): Promise<Sealer> {
  const key = await nodeSecret(rpc, SEAL_LABEL);
  return {
    seal: (secret, context) => seal(secret, key, context),
    unseal: (sealed, context) => unseal(sealed, key, context),
  };
}

/** The node's Cashu wallet, whose seed comes from the node's own secret. */
export async function openWallet(parts: WalletParts): Promise<CashuWallet> {
  const { rpc, store, clock, network, sealer, trouble } = parts;
  // NUT-13 takes a seed of 64 bytes, as BIP 39 makes them; lightningd's secrets have 32.
  const seed = createHmac('sha512', await nodeSecret(rpc, SEED_LABEL))
    .update('cashu-seed')
    .digest();
  return new CashuWallet({
    store,
    clock,
    seed,
    trouble,
    link: httpMintLink({ clock }),
    generation: (await store.info()).generation,
    sealer,
    readInvoice: (text) => termsOf(text, network),
  });
}

function termsOf(text: string, network: string): InvoiceTerms | undefined {
  // testnet4 shares testnet's prefix (BOLT 11).
  const expected: string = network === 'testnet4' ? ('testnet' satisfies Network) : network;
  try {
    const { amountMsat, paymentHash: hash, network: found } = readInvoice(text);
    return amountMsat === undefined || found !== expected ? undefined : { amountMsat, hash };
  } catch {
    // What is no invoice is told apart by nobody here: the payer's own checks say why.
    return undefined;
  }
}
