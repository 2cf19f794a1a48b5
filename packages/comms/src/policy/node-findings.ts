import { type Finding, finding } from './finding.ts';
import type { Case } from './question.ts';
import { isQuiet } from './quiet-hours.ts';
import { HARD_PERSON, HARD_PERSON_DANGER, type PolicyRules, SELF_PROTECTED } from './rules.ts';

/** Actions that a protected channel is protected from; all that closes is besides. */
const DISTURBING: ReadonlySet<string> = new Set([
  'hive:forwarding/v1 disable_channel',
  'hive:splice/v1 splice_in',
  'hive:splice/v1 splice_out',
]);

type Rule = (the: Case, rules: PolicyRules) => Finding | undefined;

const selfProtected: Rule = ({ command: { params, effect } }) => {
  const named = params['key'] ?? params['plugin_name'] ?? lastSegment(params['path']);
  return effect === 'control' && typeof named === 'string' && SELF_PROTECTED.test(named)
    ? finding(
        'self_protected',
        `${named} belongs to the hive itself`,
        'only the operator changes it, at the node',
      )
    : undefined;
};

function lastSegment(path: unknown): string | undefined {
  return typeof path === 'string' ? path.split('/').at(-1) : undefined;
}

const blocked: Rule = ({ command }, rules) =>
  rules.blockedSchemas.has(command.schema)
    ? finding(
        'schema_blocked',
        `the policy blocks ${command.schema}`,
        'take it out of blocked_schemas',
      )
    : undefined;

const unresolved: Rule = ({ facts }) =>
  facts.unresolved.length > 0
    ? finding(
        'subject_unknown',
        `this node does not know ${facts.unresolved.slice(0, 5).join(', ')}`,
        'name peers and channels of this node',
      )
    : undefined;

const forbidden: Rule = ({ command, facts, policy }) => {
  const peer = facts.peers.find((one) => policy.forbiddenPeers.has(one));
  return command.effect !== 'read' && peer !== undefined
    ? finding(
        'peer_forbidden',
        `hands off ${peer}`,
        'the operator takes it off the forbidden peers',
      )
    : undefined;
};

const protectedChannel: Rule = ({ command, facts, policy }) => {
  const name = facts.channels.flat().find((one) => policy.protectedChannels.has(one));
  const disturbs =
    command.effect === 'close' ||
    command.effect === 'force_close' ||
    DISTURBING.has(`${command.schema} ${command.action}`);
  return disturbs && name !== undefined
    ? finding(
        'channel_protected',
        `the channel ${name} is protected`,
        'the operator takes it off the protected channels',
      )
    : undefined;
};

const tooDangerous: Rule = ({ danger }, rules) =>
  danger > rules.dangerMax
    ? finding(
        'danger_too_high',
        `danger ${danger} is above ${rules.dangerMax}`,
        `raise danger_max to ${danger}`,
      )
    : undefined;

const amountUnknown: Rule = ({ command, facts }) =>
  command.effect !== 'read' && facts.amountMsat === undefined
    ? finding(
        'amount_unknown',
        'how much would leave the node cannot be told',
        'name an amount, or an invoice that has one',
      )
    : undefined;

const hourLimit: Rule = ({ command, activity }, { actionsPerHour: most }) =>
  command.effect !== 'read' && most !== 'unlimited' && activity.actionsLastHour >= most
    ? finding(
        'hour_limit',
        `${activity.actionsLastHour} actions were taken within an hour, ${most} may be`,
        'wait, or raise actions_per_hour',
      )
    : undefined;

const dayLimit: Rule = ({ command, activity }, { actionsPerDay: most }) =>
  command.effect !== 'read' && most !== 'unlimited' && activity.actionsLastDay >= most
    ? finding(
        'day_limit',
        `${activity.actionsLastDay} actions were taken within a day, ${most} may be`,
        'wait, or raise actions_per_day',
      )
    : undefined;

const alwaysPerson: Rule = ({ command, danger }, rules) => {
  const name = `${command.schema} ${command.action}`;
  const hard = HARD_PERSON.has(name) || danger >= HARD_PERSON_DANGER;
  return hard || rules.alwaysApprove.has(name)
    ? finding(
        'always_a_person',
        `${name} at danger ${danger} is for a person to decide`,
        hard ? 'no setting changes that; approve it' : 'approve it, or change always_approve',
      )
    : undefined;
};

const forceClose: Rule = ({ command }) =>
  command.effect === 'force_close'
    ? finding(
        'force_close_person',
        'a force close is for a person to decide',
        'no setting changes that; approve it',
      )
    : undefined;

const closeShare: Rule = ({ facts, activity }, rules) => {
  if (facts.closesMsat === 0n) {
    return undefined;
  }
  const closed = activity.closedInWindowMsat + facts.closesMsat;
  return closed * 1_000_000n > facts.capacityMsat * BigInt(rules.closeSharePpm)
    ? finding(
        'close_share',
        `${closed} msat would be closed within ${rules.closeWindowHours} hours, more than ${rules.closeSharePpm} ppm of the capacity`,
        'approve it, or raise close_share_ppm',
      )
    : undefined;
};

const needsPerson: Rule = ({ danger }, rules) =>
  danger > rules.autoDangerMax
    ? finding(
        'danger_needs_person',
        `danger ${danger} is above ${rules.autoDangerMax}`,
        `approve it, or raise auto_danger_max to ${danger}`,
      )
    : undefined;

const feeChange: Rule = ({ facts: { feeChangePpm: change } }, { feeChangePpmMax: most }) =>
  most !== 'unlimited' && (change === undefined || change > most)
    ? finding(
        'fee_change_needs_person',
        `the fee would change by ${change ?? 'an unknown number of'} ppm, more than ${most}`,
        'approve it, or raise fee_change_ppm_max',
      )
    : undefined;

const quiet: Rule = ({ danger, now }, { quietHours }) =>
  quietHours !== undefined && danger > quietHours.dangerMax && isQuiet(quietHours, now)
    ? finding(
        'quiet_hours',
        `danger ${danger} waits for the end of the quiet hours in ${quietHours.zone}`,
        'approve it, ask later, or change quiet_hours',
      )
    : undefined;

/** The rules that bind every advisor. */
export const NODE_RULES: readonly Rule[] = [
  selfProtected,
  blocked,
  unresolved,
  forbidden,
  protectedChannel,
  amountUnknown,
  tooDangerous,
  hourLimit,
  dayLimit,
  alwaysPerson,
  forceClose,
  closeShare,
  needsPerson,
  feeChange,
  quiet,
];
