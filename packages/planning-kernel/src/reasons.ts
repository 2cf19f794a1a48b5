import type { SettingName } from './config.ts';

/** A setting of the planner, or a fact of the snapshot. */
type ChangedBy = SettingName | `fact: ${string}`;

/** Why a target or an order went no further, and what would change that. The list is closed. */
export const REASONS = {
  // Universe.
  fleet_member: 'fact: the node belongs to the fleet',
  operator_ignored: 'fact: the operator excludes the target (ignored)',
  unannounced: 'fact: the node has not announced itself (nodes)',
  capacity_below_minimum: 'targetMinCapacitySat',
  channels_below_minimum: 'targetMinChannels',
  // Strategies.
  saturated: 'saturatedPpm',
  share_sufficient: 'underservedPpm',
  member_connected: 'fact: a member has a channel with the target (memberChannels, channels)',
  cooling_down: 'coolDownMs',
  below_shortlist: 'centralityCandidates',
  mass_saturation: 'massSaturationMax',
  guard_limit: 'guardNewMax',
  // Allocation.
  commitment_unreadable: 'fact: something under way could not be read (input)',
  channel_pending: 'fact: a member is opening a channel to the target (memberChannels)',
  intent_pending: 'fact: a member holds an intent for the target (pendingIntents)',
  order_open: 'fact: an order for the target is open (openOrders)',
  cycle_limit: 'expansionsPerCycle',
  budget_exhausted: 'fact: the budget of the period (budget)',
  capital_short: 'fact: on-chain funds of the members above their reserve (members)',
  share_gap_too_small: 'targetSharePpm',
  no_eligible_member: 'fact: members that may open, are up and have no channel there (members)',
  uneconomic: 'maxCostPpm',
  // Order intents.
  invalid_normalized_fields: 'fact: the fields named are invalid (requests)',
  duplicate_order: 'fact: the same order is open or planned already (openOrders)',
  not_a_member: 'fact: the order names a member that the fleet does not have (members)',
  // Gates.
  expansions_disabled: 'fact: the operator has not enabled expansions (expansionsEnabled)',
  fee_rate_unknown: 'fact: the fee rate of an opening (openingPerkb)',
  fee_rate_too_high: 'maxOpeningPerkb',
} as const satisfies Readonly<Record<string, ChangedBy>>;

/** A code of {@link REASONS}. */
export type ReasonCode = keyof typeof REASONS;
