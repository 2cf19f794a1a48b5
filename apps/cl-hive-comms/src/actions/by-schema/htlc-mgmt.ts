import { reads, type SchemaActions, unsupported } from '../action.ts';
import { loadChannels } from '../channel-view.ts';

const HELD =
  'lightningd lets only a plugin that holds an HTLC in its hook decide it, and this one holds none';

/** `hive:htlc-mgmt/v1`. */
export const htlcManagementActions: SchemaActions = {
  list_htlcs: reads(async ({ rpc }) => {
    const view = await loadChannels(rpc);
    const htlcs = view.all.flatMap(({ id, row }) =>
      (row.htlcs ?? []).map((htlc) => ({
        channel_id: id,
        htlc_id: `${row.short_channel_id ?? row.alias?.local ?? id}:${htlc.id}`,
        direction: htlc.direction,
        amount_msat: htlc.amount_msat,
        expiry: htlc.expiry,
        payment_hash: htlc.payment_hash,
        state: htlc.state,
      })),
    );
    return { total: htlcs.length, htlcs };
  }),
  settle_htlc: unsupported(HELD),
  fail_htlc: unsupported(HELD),
};
