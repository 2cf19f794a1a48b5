import { type SchemaActions, unsupported } from '../action.ts';
import { channelPolicy } from '../channel-policy.ts';
import { optionalNumber, textOf } from '../params.ts';

/** `hive:htlc-policy/v1`. */
export const htlcPolicyActions: SchemaActions = {
  set_htlc_limits: channelPolicy((params) => ({
    channels: [textOf(params, 'channel_id')],
    htlcMinMsat: optionalNumber(params, 'htlc_minimum_msat'),
    htlcMaxMsat: optionalNumber(params, 'htlc_maximum_msat'),
  })),
  set_cltv_delta: unsupported(
    'lightningd has one cltv-delta for all channels, which is set at its start only',
  ),
};
