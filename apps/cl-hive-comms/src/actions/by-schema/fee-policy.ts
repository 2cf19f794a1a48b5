import type { SchemaActions } from '../action.ts';
import { channelPolicy } from '../channel-policy.ts';
import { optionalNumber, textOf, textsOf } from '../params.ts';

/** `hive:fee-policy/v1`. */
export const feePolicyActions: SchemaActions = {
  set_single: channelPolicy((params) => ({
    channels: [textOf(params, 'channel_id')],
    baseMsat: optionalNumber(params, 'base_msat'),
    feePpm: optionalNumber(params, 'fee_ppm'),
  })),
  set_bulk: channelPolicy((params) => {
    const policy = (params['policy'] ?? {}) as Readonly<Record<string, number | undefined>>;
    return {
      channels: textsOf(params['channels']),
      baseMsat: policy['base_msat'],
      feePpm: policy['fee_ppm'],
      htlcMinMsat: policy['htlc_minimum_msat'],
      htlcMaxMsat: policy['htlc_maximum_msat'],
    };
  }),
  set_anchor: channelPolicy((params) => ({
    channels: [textOf(params, 'channel_id')],
    feePpm: optionalNumber(params, 'target_fee_ppm'),
  })),
};
