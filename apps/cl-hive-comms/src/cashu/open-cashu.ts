import type { CashuTables, CashuWallet } from '@cl-hive/cashu';
import type { PluginContext } from '@cl-hive/cln-plugin';
import type { Store } from '@cl-hive/store';
import type { PayOffice } from '../pay/pay-office.ts';
import type { AlertOffice } from '../timers/alert-office.ts';
import { openWallet } from './open-wallet.ts';
import { WalletDesk } from './wallet-desk.ts';

/** What Cashu needs of management, which is opened after it. */
export interface CashuNeeds {
  readonly office: AlertOffice;
  readonly pay: PayOffice;
}

/** Opens the wallet; `attach` gives its commands once there are alerts and payments. */
export async function openCashu(
  { rpc, clock, log, configuration }: PluginContext,
  store: Store<CashuTables>,
): Promise<{
  readonly cashu: CashuWallet;
  readonly attach: (needs: CashuNeeds) => WalletDesk;
}> {
  const late: { office?: AlertOffice } = {};
  const cashu = await openWallet({
    rpc,
    store,
    clock,
    network: configuration.network,
    trouble: (text) => {
      log.warn(text);
      late.office?.raise({ key: `cashu/${text}`, level: 'critical', text });
    },
  });
  return {
    cashu,
    attach: ({ office, pay }) => {
      late.office = office;
      return new WalletDesk({ wallet: cashu, pay, rpc, raise: (alert) => office.raise(alert) });
    },
  };
}
