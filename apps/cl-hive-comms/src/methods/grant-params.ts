import { type ParamValues, p } from '@cl-hive/cln-plugin';
import type { GrantConstraints } from '@cl-hive/comms';
import type { Msat } from '@cl-hive/core';
import type { AuthorizeRequest } from '../pipeline/client-commands.ts';
import { type Moment, moment } from '../pipeline/moment.ts';

const tiers = ['monitor', 'standard', 'advanced', 'admin'] as const;

const power = (what: string) =>
  p
    .object(
      { amount_msat: p.msat('in all'), until: p.custom(moment, 'Unix seconds, or such as 30d') },
      what,
    )
    .optional();

/** How an advisor is proven, and what it may do. */
export const GRANT_PARAMS = {
  key: p
    .text({ min: 1, max: 512 }, 'its public key: node id, npub, 64 hexadecimal digits, or a DID')
    .optional(),
  mode: p
    .oneOf(['advice', 'act'], 'advice: it sees and proposes; act: it may also do')
    .default('advice'),
  tier: p.oneOf(tiers, 'how far it reaches').default('standard'),
  actions: p
    .array(p.text({ min: 1, max: 200 }), { min: 1, max: 1000 }, 'schemas, or "SCHEMA ACTION"')
    .optional(),
  limits: p
    .object({
      fee_change_ppm_max: p.int({ min: 0, max: 1_000_000 }).optional(),
      amount_msat_max: p.msat().optional(),
      peers: p.array(p.nodeId(), { max: 1000 }).optional(),
      channels: p.array(p.text({ min: 1, max: 66 }), { max: 1000 }).optional(),
      history_hours: p.int({ min: 1, max: 100_000 }).optional(),
      danger_max: p.int({ min: 1, max: 10 }).optional(),
    })
    .optional(),
  spend: power('what it may spend, fees included'),
  close: power('capacity that it may close'),
  force_close: power('capacity that it may force-close'),
  until: p.custom(moment, 'end of the grant: Unix seconds, or such as 30d').optional(),
  rune: p.text({ min: 1, max: 4096 }, 'the rune that proves it').asSecret().optional(),
  token: p.bool('make a token for it, shown once').default(false),
} as const;

/** The values of {@link GRANT_PARAMS}. */
export type GrantParams = ParamValues<typeof GRANT_PARAMS>;

function powerOf(
  param: { readonly amount_msat: Msat; readonly until: Moment } | undefined,
): AuthorizeRequest['spend'] {
  return param && { amountMsat: param.amount_msat, until: param.until };
}

function constraintsOf(limits: GrantParams['limits']): GrantConstraints {
  const { fee_change_ppm_max, amount_msat_max, peers, channels, history_hours, danger_max } =
    limits ?? {};
  return {
    ...(fee_change_ppm_max === undefined ? {} : { feeChangePpmMax: fee_change_ppm_max }),
    ...(amount_msat_max === undefined ? {} : { amountMsatMax: amount_msat_max }),
    ...(peers === undefined ? {} : { peers: new Set(peers) }),
    ...(channels === undefined ? {} : { channels: new Set(channels) }),
    ...(history_hours === undefined ? {} : { historyHours: history_hours }),
    ...(danger_max === undefined ? {} : { dangerMax: danger_max }),
  };
}

/** What an advisor is to be authorized to. */
export function authorizeRequest(
  advisor: string,
  params: GrantParams,
  trial: Moment | undefined,
  keepGrants: boolean,
): AuthorizeRequest {
  const { key, rune, token, mode, tier, actions, limits, spend, close, until } = params;
  return {
    advisor,
    key,
    rune,
    token,
    grant: {
      mode,
      tier,
      actions: actions === undefined ? 'all' : new Set(actions),
      constraints: constraintsOf(limits),
    },
    spend: powerOf(spend),
    close: powerOf(close),
    forceClose: powerOf(params.force_close),
    until,
    trial,
    keepGrants,
  };
}
