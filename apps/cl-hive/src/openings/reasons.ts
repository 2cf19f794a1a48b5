import type { OrderReason } from './opening-desk.ts';

/** Every reason why an opening was refused, waits or ended, and what would change it. */
const REASONS = {
  allowed: ['It fits the limits and goes without a person.', undefined],
  bad_request: [
    'The request has a value that no opening can have.',
    'correct the named value and ask again',
  ],
  not_a_node_id: ['The target is no node id.', 'give 66 hexadecimal digits'],
  not_on_curve: [
    'The target is no point of the curve, so nobody has its key.',
    'check the node id',
  ],
  self: ['The target is this node.', 'name another node'],
  member: ['The target is a member of the hive.', 'channels inside the hive are opened by hand'],
  same_id: ['Another opening was asked for by the same id.', 'give each opening an id of its own'],
  order_pending: [
    'An opening to this target is not over yet.',
    'wait for it, or cancel it: hive-reject-action',
  ],
  channel_exists: [
    'There is a channel with this target already, in whatever state.',
    'close it first, or splice into it',
  ],
  too_many: ['Too many openings are not over.', 'decide what waits in hive-pending-actions'],
  bad_amount: ['The amount is none.', 'give a capacity above 0'],
  under_reserve: [
    'It would leave less on chain than the reserve, and not even a person goes below that.',
    'add coins, ask for less, or lower hive-budget-reserve-pct',
  ],
  no_estimate: [
    'lightningd has no fee estimate yet.',
    'wait until it has synced, or give a feerate',
  ],
  no_coins: [
    'The wallet has no confirmed, free coins for the amount and its fee.',
    'wait for confirmations, or add coins',
  ],
  fee_rose: [
    'The fee rose above what was judged before lightningd was asked.',
    'ask again, or give a feerate',
  ],
  node_silent: [
    'lightningd could not be asked, so nothing was tried.',
    'look at the node, then ask again',
  ],
  advisor_mode: [
    'The node is in advisor mode: a person approves every opening.',
    'hive-approve-action, or hive-set-mode failsafe with a budget',
  ],
  person_asked_for: [
    'It fits the limits, and whoever asked for it wants a person to decide.',
    'hive-approve-action; for the planner: hive-planner-execution=live',
  ],
  over_channel_limit: [
    'It is above what one channel may cost without a person.',
    'hive-approve-action, or raise hive-budget-max-per-channel-pct',
  ],
  over_day_limit: [
    'With it, the last 144 blocks would cost more than the day may without a person.',
    'hive-approve-action, wait, or raise hive-failsafe-budget-per-day',
  ],
  always_a_person: ['Splices and closes are never done without a person.', 'hive-approve-action'],
  contestable_by_originals: [
    'Members without the lock could contest it: their protocol cannot keep two of them apart.',
    'hive-approve-action when nobody else opens to it',
  ],
  asking_hive: [
    'The hive is asked.',
    'reconnect to the members named as silent, or overrule: hive-lock-overrule',
  ],
  contested_by_original: [
    'A member without the lock announced the same target.',
    'wait until it takes it back, or its window is over',
  ],
  held_by_other: ['Another member holds the target in this window.', 'wait for the next window'],
  gave_way: ['Another member was before it in this window.', 'wait for the next window'],
  no_quorum: [
    'The majority of the hive did not answer: without it nobody opens.',
    'reconnect to the members named as silent, or overrule: hive-lock-overrule',
  ],
  no_epoch: ['No membership decides about this window yet.', 'wait a window or two'],
  not_in_epoch: [
    'This node has no vote in the hive, so that it cannot hold a target.',
    'become a member, or overrule: hive-lock-overrule',
  ],
  not_in_hive: ['This node is in no hive.', 'hive-genesis or hive-join'],
  window_over: ['The window is over.', 'wait for the next window'],
  already_open: ['A member has a channel with this target.', 'choose another target'],
  moment_passed: [
    'Its window passed, or a grant was lost, right before lightningd was asked.',
    'nothing: the hive is asked again in the next window',
  ],
  outcome_unknown: [
    'Whether lightningd opened it is not known; the target stays blocked until it is.',
    'leave lightningd running: it is looked for again every minute',
  ],
  overruled: ['A person opened without the majority.', undefined],
  open_failed: ['lightningd did not open it.', 'look at its log, then ask again'],
  channel_unknown: ['This node has no such channel.', 'name it as listpeerchannels does'],
  channel_state: [
    'The channel is in no state for that.',
    'wait until it is open, or look at listpeerchannels',
  ],
  order_failed: ['lightningd did not do it.', 'look at its log, then ask again'],
  order_unknown: [
    'Whether lightningd did it is not known yet.',
    'leave lightningd running: it is looked for again',
  ],
  person: ['A person decided so.', undefined],
  expired: ['Nobody decided within 144 blocks.', 'ask again'],
} as const satisfies Readonly<Record<string, readonly [string, string | undefined]>>;

/** A reason's code. */
export type ReasonCode = keyof typeof REASONS;

/** The reason of a code; `detail` says what it was here. */
export function reasonOf(code: ReasonCode, detail?: string): OrderReason {
  const [sentence, remedy] = REASONS[code];
  const message = detail === undefined ? sentence : `${sentence} ${detail}`;
  return remedy === undefined ? { code, message } : { code, message, remedy };
}
