import { CodedError, type Msat, type NodeId, type UnixMs } from '@cl-hive/core';
import { type ManagementCommand, type Tier, tierCovers } from '@cl-hive/protocol';
import { POWER_MS_MAX } from '../limits.ts';

/** A power that spends or closes: it names an amount and an end, always. */
export interface Power {
  /** Spending with fees, or capacity closed, over the whole life of the grant, in msat. */
  readonly amountMsat: Msat;
  readonly until: UnixMs;
}

/** What narrows a grant; an absent member narrows nothing. */
export interface GrantConstraints {
  /** Largest change of a fee rate, in ppm. */
  readonly feeChangePpmMax?: number;
  /** Largest amount of one action, fees included, in msat. */
  readonly amountMsatMax?: Msat;
  /** The only peers that may be touched. */
  readonly peers?: ReadonlySet<NodeId>;
  /** The only channels that may be touched, by short channel id or channel id. */
  readonly channels?: ReadonlySet<string>;
  /** How far back lists reach, in hours. */
  readonly historyHours?: number;
  /** Highest danger, 1 to 10. */
  readonly dangerMax?: number;
  /** What the operator's own orders may be for. */
  readonly purposes?: ReadonlySet<string>;
}

/**
 * What one advisor may do. An advisor may hold several; an action is judged by each alone and the
 * mildest verdict counts, so powers of different grants are never mixed.
 */
export interface Grant {
  readonly id: number;
  readonly advisor: string;
  /** `advice`: reads are answered, all else waits for a person. The default of a new advisor. */
  readonly mode: 'advice' | 'act';
  readonly tier: Tier;
  /** Schemas, or actions written `schema action`; `all` for every one within the tier. */
  readonly actions: ReadonlySet<string> | 'all';
  readonly constraints: GrantConstraints;
  readonly spend?: Power;
  readonly close?: Power;
  readonly forceClose?: Power;
  readonly from: UnixMs;
  /** Absent for no end; a grant with a power has one. */
  readonly until?: UnixMs;
}

/** The grant of a new advisor: it sees, and proposes within the tier `standard`. */
export function adviceOnly(advisor: string, id: number, from: UnixMs): Grant {
  return { id, advisor, mode: 'advice', tier: 'standard', actions: 'all', constraints: {}, from };
}

/** Whether a grant is in force: from its start, exclusive of its end. */
export function grantHolds(grant: Grant, now: UnixMs): boolean {
  return now >= grant.from && (grant.until === undefined || now < grant.until);
}

/** A grant that is over from `now` on; for a revocation, and when an operator takes it back. */
export function endGrant(grant: Grant, now: UnixMs): Grant {
  return { ...grant, until: grant.until === undefined || now < grant.until ? now : grant.until };
}

/** Whether a grant names the command's schema or action. */
export function grantNames(grant: Grant, command: ManagementCommand): boolean {
  return (
    grant.actions === 'all' ||
    grant.actions.has(command.schema) ||
    grant.actions.has(`${command.schema} ${command.action}`)
  );
}

/** Whether a grant's tier covers the command's. */
export function grantCovers(grant: Grant, command: ManagementCommand): boolean {
  return tierCovers(grant.tier, command.tier);
}

/**
 * Checks a grant before it is stored: a power has an amount above zero and an end within a year that
 * is not after the grant's own. Throws CodedError `grant_value`.
 */
export function checkGrant(grant: Grant, now: UnixMs): Grant {
  const refuse = (message: string): never => {
    throw new CodedError('grant_value', message, {
      remedy: 'name an amount and an end, at most a year ahead',
    });
  };
  if (grant.until !== undefined && grant.until <= now) {
    refuse('a grant ends in the future');
  }
  for (const [name, power] of Object.entries({
    spend: grant.spend,
    close: grant.close,
    force_close: grant.forceClose,
  })) {
    if (power === undefined) {
      continue;
    }
    if (grant.mode === 'advice') {
      refuse(`${name}: an advice-only grant has no powers`);
    }
    if (power.amountMsat <= 0n) {
      refuse(`${name}: the amount must be above zero`);
    }
    if (power.until <= now || power.until - now > POWER_MS_MAX) {
      refuse(`${name}: the end must be in the future, within a year`);
    }
    if (grant.until !== undefined && power.until > grant.until) {
      refuse(`${name}: it would outlive the grant`);
    }
  }
  return grant;
}
