import type { CashuTables, CashuWallet } from '@cl-hive/cashu';
import type { PluginContext } from '@cl-hive/cln-plugin';
import type { CommsTables } from '@cl-hive/comms';
import type { NodeId } from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import { EscrowDesk } from '../escrow/escrow-desk.ts';
import { escrowFunding } from '../escrow/escrow-funding.ts';
import { ESCROW_LABEL, EscrowKeys } from '../escrow/escrow-keys.ts';
import type { EscrowTables } from '../escrow/escrow-rows.ts';
import { ticketGifts } from '../escrow/payer-desk.ts';
import type { PayOffice } from '../pay/pay-office.ts';
import type { CashuRailParts } from '../pay/rails/cashu.ts';
import type { AlertOffice } from '../timers/alert-office.ts';
import { nodeSecret, openSealer, openWallet } from './open-wallet.ts';
import { WalletDesk } from './wallet-desk.ts';

/** What Cashu needs of management, which is opened after it. */
export interface CashuNeeds {
  readonly office: AlertOffice;
  readonly pay: PayOffice;
  readonly wrote: () => void;
}

/** The commands of the wallet and of escrow. */
export interface CashuDesks {
  readonly wallet: WalletDesk;
  readonly escrow: EscrowDesk;
}

/** The wallet, what the payment method needs of it, and its commands once there are payments and alerts. */
export interface OpenedCashu {
  readonly wallet: CashuWallet;
  readonly rail: CashuRailParts;
  readonly attach: (needs: CashuNeeds) => CashuDesks;
}

/** Opens the wallet. */
export async function openCashu(
  { rpc, clock, log, configuration }: PluginContext,
  store: Store<CashuTables & CommsTables & EscrowTables>,
  node: NodeId,
): Promise<OpenedCashu> {
  const late: { office?: AlertOffice } = {};
  const alert = (key: string, text: string): void => {
    log.warn(text);
    late.office?.raise({ key, level: 'critical', text });
  };
  const sealer = await openSealer(rpc);
  const keys = new EscrowKeys(await nodeSecret(rpc, ESCROW_LABEL));
  const wallet = await openWallet({
    rpc,
    store,
    clock,
    sealer,
    network: configuration.network,
    trouble: (text) => alert(`cashu/${text}`, text),
  });
  return {
    wallet,
    rail: { wallet, gifts: (ticket) => ticketGifts({ store, sealer }, ticket) },
    attach: ({ office, pay, wrote }) => {
      late.office = office;
      const shared = { store, wallet, sealer, keys, clock, node, wrote, alert };
      return {
        wallet: new WalletDesk({ wallet, pay, rpc, raise: (one) => office.raise(one) }),
        escrow: new EscrowDesk({ ...shared, ...escrowFunding(pay) }),
      };
    },
  };
}
