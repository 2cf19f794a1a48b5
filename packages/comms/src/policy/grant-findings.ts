import type { Msat } from '@cl-hive/core';
import { type Finding, finding, type PolicyReason } from './finding.ts';
import { type Grant, grantCovers, grantNames, type Power } from './grant.ts';
import type { Case } from './question.ts';

type Rule = (the: Case, grant: Grant) => Finding | undefined;

const tier: Rule = ({ command }, grant) =>
  grantCovers(grant, command)
    ? undefined
    : finding(
        'tier_too_low',
        `${command.action} is of tier ${command.tier}, the grant of ${grant.tier}`,
        `grant the tier ${command.tier}`,
      );

const named: Rule = ({ command }, grant) =>
  grantNames(grant, command)
    ? undefined
    : finding(
        'action_not_granted',
        `the grant does not name ${command.schema} ${command.action}`,
        'add the schema or the action to the grant',
      );

const dangerMax: Rule = ({ danger }, { constraints: { dangerMax: most } }) =>
  most !== undefined && danger > most
    ? finding(
        'danger_not_granted',
        `danger ${danger} is above the ${most} of the grant`,
        `raise the grant's danger_max to ${danger}`,
      )
    : undefined;

const namedPeers: Rule = ({ command, facts }, { constraints: { peers } }) => {
  const other = peers && facts.peers.find((peer) => !peers.has(peer));
  return command.effect !== 'read' && other !== undefined
    ? finding('peer_not_named', `the grant does not name ${other}`, "add it to the grant's peers")
    : undefined;
};

const namedChannels: Rule = ({ command, facts }, { constraints: { channels } }) => {
  const other = channels && facts.channels.find((names) => !names.some((one) => channels.has(one)));
  return command.effect !== 'read' && other !== undefined
    ? finding(
        'channel_not_named',
        `the grant does not name the channel ${other[0] ?? ''}`,
        "add it to the grant's channels",
      )
    : undefined;
};

const amount: Rule = ({ facts }, { constraints: { amountMsatMax: most } }) =>
  most !== undefined && (facts.amountMsat === undefined || facts.amountMsat + facts.feeMsat > most)
    ? finding(
        'amount_too_large',
        `the amount with fees is above ${most} msat`,
        "lower it, or raise the grant's amount",
      )
    : undefined;

const feeChange: Rule = ({ facts }, { constraints: { feeChangePpmMax: most } }) =>
  most !== undefined && (facts.feeChangePpm === undefined || facts.feeChangePpm > most)
    ? finding(
        'fee_change_too_large',
        `the fee would change by more than ${most} ppm`,
        "change it by less, or raise the grant's fee_change_ppm_max",
      )
    : undefined;

const advice: Rule = ({ command }, grant) =>
  grant.mode === 'advice' && command.effect !== 'read'
    ? finding(
        'advice_only',
        'the advisor proposes, a person decides',
        'approve it, or grant the advisor to act',
      )
    : undefined;

function powerFinding(
  code: PolicyReason,
  what: string,
  power: Power | undefined,
  used: Msat,
  wanted: Msat,
  now: number,
): Finding | undefined {
  if (power !== undefined && now < power.until && used + wanted <= power.amountMsat) {
    return undefined;
  }
  const left = power === undefined || now >= power.until ? 0n : power.amountMsat - used;
  return finding(
    code,
    `${what} ${wanted} msat is not granted; ${left > 0n ? left : 0n} msat are left`,
    `approve it, or grant an amount and an end for it`,
  );
}

const spend: Rule = ({ command, facts, activity, now }, grant) =>
  command.effect === 'spend' || (facts.amountMsat !== undefined && facts.amountMsat > 0n)
    ? powerFinding(
        'spend_not_granted',
        'spending',
        grant.spend,
        activity.grantUse.get(grant.id)?.spend ?? (0n as Msat),
        ((facts.amountMsat ?? 0n) + facts.feeMsat) as Msat,
        now,
      )
    : undefined;

const close: Rule = ({ command, facts, activity, now }, grant) =>
  command.effect === 'close'
    ? powerFinding(
        'close_not_granted',
        'closing',
        grant.close,
        activity.grantUse.get(grant.id)?.close ?? (0n as Msat),
        facts.closesMsat,
        now,
      )
    : undefined;

const forceClose: Rule = ({ command, facts, activity, now }, grant) =>
  command.effect === 'force_close'
    ? powerFinding(
        'force_close_not_granted',
        'force closing',
        grant.forceClose,
        activity.grantUse.get(grant.id)?.forceClose ?? (0n as Msat),
        facts.closesMsat,
        now,
      )
    : undefined;

/** The rules of one grant. */
export const GRANT_RULES: readonly Rule[] = [
  tier,
  named,
  dangerMax,
  namedPeers,
  namedChannels,
  amount,
  feeChange,
  advice,
  spend,
  close,
  forceClose,
];
