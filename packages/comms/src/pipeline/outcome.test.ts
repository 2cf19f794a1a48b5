import type { Msat, UnixMs } from '@cl-hive/core';
import { parseCommand } from '@cl-hive/protocol';
import { describe, expect, it } from 'vitest';
import { OUTCOME_RESULT_MAX } from '../limits.ts';
import type { Intent } from './intent.ts';
import { decideOutcome } from './outcome.ts';

function started(): Intent {
  const command = parseCommand('hive:monitor/v1', 'get_info', {});
  if (!command.ok) {
    throw new Error(command.error.message);
  }
  return {
    id: 1,
    principal: '0',
    nonce: 1,
    requestDigest: 'ab',
    commandDigest: 'cd',
    idempotencyKey: undefined,
    command: command.value,
    request: {},
    proof: { scheme: 'schnorr', key: 'k' },
    route: {},
    danger: 1,
    facts: { amountMsat: undefined, feeMsat: 0n as Msat, closesMsat: 0n as Msat },
    state: 'started',
    createdAt: 0 as UnixMs,
    guardMs: 0,
    expiresGuardMs: undefined,
    outcome: undefined,
  };
}

function kept(result: string) {
  const seen = { stateAfter: undefined, confirmed: true };
  const moment = { now: 0 as UnixMs, guardMs: 0 };
  const reported = { kind: 'executed', result, leftMsat: 0n as Msat } as const;
  return decideOutcome(started(), [], reported, seen, moment).intent.outcome?.result;
}

describe('the result that is kept with an outcome', () => {
  it('is whole up to a bound, and beyond it its beginning with a mark', () => {
    const fits = 'x'.repeat(OUTCOME_RESULT_MAX - 2);
    expect(kept(fits)).toBe(fits);
    expect(kept(`${fits}x`)).toEqual({
      cut: true,
      characters: OUTCOME_RESULT_MAX + 1,
      beginning: `"${fits}x`.slice(0, OUTCOME_RESULT_MAX),
    });
  });
});
