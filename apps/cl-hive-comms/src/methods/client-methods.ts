import type { Plugin } from '@cl-hive/cln-plugin';
import type { CommsServices } from '../services.ts';
import { clientAlias } from './hive-client-alias.ts';
import { clientApprove } from './hive-client-approve.ts';
import { clientAuthorize } from './hive-client-authorize.ts';
import { clientDiscover } from './hive-client-discover.ts';
import { clientEscrow } from './hive-client-escrow.ts';
import { clientIdentity } from './hive-client-identity.ts';
import { clientInvoice } from './hive-client-invoice.ts';
import { clientMints } from './hive-client-mints.ts';
import { clientOffer } from './hive-client-offer.ts';
import { clientPay } from './hive-client-pay.ts';
import { clientPayments } from './hive-client-payments.ts';
import { clientPending } from './hive-client-pending.ts';
import { clientPolicy } from './hive-client-policy.ts';
import { clientPrice } from './hive-client-price.ts';
import { clientPrune } from './hive-client-prune.ts';
import { clientReceipts } from './hive-client-receipts.ts';
import { clientReject } from './hive-client-reject.ts';
import { clientRevoke } from './hive-client-revoke.ts';
import { clientStatus } from './hive-client-status.ts';
import { clientTokens } from './hive-client-tokens.ts';
import { clientTrial } from './hive-client-trial.ts';
import { clientWallet } from './hive-client-wallet.ts';
import { commsAttest } from './hive-comms-attest.ts';
import { commsRpc } from './hive-comms-rpc.ts';

/** Adds the operator's commands and the advisors' one. */
export function withClientMethods(plugin: Plugin, ready: () => CommsServices): Plugin {
  return plugin
    .method('hive-comms-rpc', commsRpc(ready))
    .method('hive-comms-attest', commsAttest(ready))
    .method('hive-client-status', clientStatus(ready))
    .method('hive-client-identity', clientIdentity(ready))
    .method('hive-client-authorize', clientAuthorize(ready))
    .method('hive-client-revoke', clientRevoke(ready))
    .method('hive-client-discover', clientDiscover(ready))
    .method('hive-client-policy', clientPolicy(ready))
    .method('hive-client-pending', clientPending(ready))
    .method('hive-client-approve', clientApprove(ready))
    .method('hive-client-reject', clientReject(ready))
    .method('hive-client-receipts', clientReceipts(ready))
    .method('hive-client-trial', clientTrial(ready))
    .method('hive-client-alias', clientAlias(ready))
    .method('hive-client-payments', clientPayments(ready))
    .method('hive-client-mints', clientMints(ready))
    .method('hive-client-wallet', clientWallet(ready))
    .method('hive-client-escrow', clientEscrow(ready))
    .method('hive-client-pay', clientPay(ready))
    .method('hive-client-invoice', clientInvoice(ready))
    .method('hive-client-offer', clientOffer(ready))
    .method('hive-client-price', clientPrice(ready))
    .method('hive-client-tokens', clientTokens(ready))
    .method('hive-client-prune', clientPrune(ready));
}
