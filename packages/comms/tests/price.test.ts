import {
  DEFAULT_POLICY,
  type Grant,
  handleApproval,
  handleRejection,
  handleRequest,
  type Inbound,
  judgeToll,
  type OutgoingAnswer,
  type Policy,
  RateLimiter,
  type Toll,
} from '@cl-hive/comms';
import type { Msat, UnixMs } from '@cl-hive/core';
import { type RequestEnvelope, requestToJson, utf8ToBytes } from '@cl-hive/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Behaviour,
  Crash,
  Desk,
  Effects,
  Fuse,
  NODE,
  newDisk,
  restart,
  START,
} from './memory-desk.ts';

const POLICY: Policy = { ...DEFAULT_POLICY, preset: 'aggressive' };
const GRANT: Grant = {
  id: 1,
  advisor: '1',
  mode: 'act',
  tier: 'admin',
  actions: 'all',
  constraints: {},
  spend: { amountMsat: (10n ** 12n) as Msat, until: (START + 10 ** 10) as UnixMs },
  from: START,
};
const FEES = {
  schema: 'hive:fee-policy/v1',
  action: 'set_single',
  params: { channel_id: '1x1x1', fee_ppm: 5 },
};
const INFO = { schema: 'hive:monitor/v1', action: 'get_info', params: {} };
const CLOSE = {
  schema: 'hive:channel/v1',
  action: 'close_force',
  params: { channel_id: '1x1x1' },
};
const L402 = `L402 AgEE:${'0b'.repeat(32)}`;
const PRICES: Omit<Toll, 'token'> = {
  byDanger: Array.from({ length: 10 }, (_, at) => BigInt(at * 1000) as Msat),
  reads: false,
};

function message(parts: Partial<RequestEnvelope> = {}): Inbound {
  const envelope: RequestEnvelope = {
    principal: 'alice',
    node: NODE,
    epoch: 0,
    nonce: 1,
    timestamp: START / 1000,
    ...FEES,
    ...parts,
  };
  return {
    bytes: utf8ToBytes(JSON.stringify(requestToJson(envelope))),
    transport: 'nostr',
    source: 'alice',
    route: {},
    evidence: { key: 'key-of-alice' },
  };
}

function world(grants: readonly Grant[] = [GRANT], prices = PRICES): Desk {
  const desk = new Desk(newDisk(['alice'], POLICY, grants), new Effects());
  desk.prices = prices;
  return desk;
}

function send(desk: Desk, parts: Partial<RequestEnvelope>, fuse = new Fuse()) {
  const context = {
    node: NODE,
    skewSeconds: 300,
    moment: desk.moment,
    monotonicMs: 0,
    strangers: new RateLimiter(1),
    principals: new RateLimiter(1),
  };
  return fuse.run(handleRequest(message(parts), context), desk);
}

const code = ({ outcome }: OutgoingAnswer): string | undefined => outcome.code ?? outcome.outcome;

describe('an action that has a price', () => {
  it('is asked for first: nothing is stored, and the challenge is in the answer', async () => {
    const desk = world();
    const answer = await send(desk, {});
    expect(answer).toMatchObject({
      authenticated: true,
      nonce: 1,
      outcome: { outcome: 'refused', code: 'payment_required', result: { invoice: 'lnbcrt1000' } },
    });
    expect(desk.disk.nonces.size + desk.disk.intents.size + desk.disk.lines.length).toBe(0);
  });

  it('is done for a token, once a request, as often as the token is good for', async () => {
    const desk = world();
    const codes: (string | undefined)[] = [];
    for (const nonce of [1, 1, 2, 3, 3, 4]) {
      codes.push(code(await send(desk, { nonce, l402: L402 })));
    }
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'executed'), 'payment_required']);
    expect(desk.disk.uses.map(({ nonce }) => nonce)).toEqual([1, 2, 3]);
    expect(desk.effects.counts.size).toBe(3);
  });

  it('may be asked for again with the same nonce and a token', async () => {
    const desk = world();
    expect(code(await send(desk, {}))).toBe('payment_required');
    expect(code(await send(desk, { l402: L402 }))).toBe('executed');
  });

  it('under an idempotency key is paid for once', async () => {
    const desk = world();
    const keyed = { l402: L402, idempotencyKey: 'k' };
    expect(code(await send(desk, keyed))).toBe('executed');
    expect(code(await send(desk, { ...keyed, nonce: 2 }))).toBe('executed');
    expect(code(await send(desk, { idempotencyKey: 'k', nonce: 2 }))).toBe('executed');
    expect(desk.disk.uses).toHaveLength(1);
    expect(desk.effects.counts.size).toBe(1);
  });

  it('says why a token does not count', async () => {
    const answer = await send(world(), { l402: L402.replace('L402', 'LSAT') });
    expect(code(answer)).toBe('payment_required');
    expect(answer.outcome.message).toContain('signature_differs');
  });

  it('is not asked a price for where it is refused', async () => {
    const desk = world([{ ...GRANT, tier: 'monitor', mode: 'advice' }]);
    const tooMuch = await send(desk, { nonce: 1 });
    expect(tooMuch.outcome.outcome).toBe('refused');
    expect(code(tooMuch)).not.toBe('payment_required');
  });

  it('is free where it only reads, unless reads have a price', async () => {
    expect(code(await send(world(), INFO))).toBe('executed');
    const dear = world([GRANT], {
      reads: true,
      byDanger: PRICES.byDanger.map(() => 1000n as Msat),
    });
    expect(code(await send(dear, INFO))).toBe('payment_required');
    expect(code(await send(dear, { ...INFO, l402: L402 }))).toBe('executed');
    expect(dear.disk.uses).toMatchObject([{ token: L402, nonce: 1, intent: undefined }]);
  });

  it('gives the use back where it surely had no effect', async () => {
    for (const behaviour of ['fails', 'unsupported', 'lost_request'] as const) {
      const desk = world();
      desk.behaviour = behaviour;
      await send(desk, { l402: L402 });
      await restart(desk);
      expect(desk.disk.uses).toEqual([]);
    }
    const unknown = world();
    unknown.behaviour = 'lost_reply';
    unknown.blind = true;
    await send(unknown, { l402: L402 });
    await restart(unknown);
    expect(unknown.disk.uses).toHaveLength(1);
  });

  it('that waits for a person counts while it waits; a rejection gives the use back', async () => {
    for (const approve of [true, false]) {
      const desk = world();
      desk.closesMsat = 1000n;
      const answer = await send(desk, { ...CLOSE, l402: L402 });
      expect(answer.outcome.outcome).toBe('pending');
      expect(desk.disk.uses).toHaveLength(1);
      const flow = approve ? handleApproval(1, 'me') : handleRejection(1, 'me');
      await new Fuse().run(flow, desk);
      expect(desk.disk.uses).toHaveLength(approve ? 1 : 0);
    }
  });

  it('I2: whatever dies where, a use is counted for each effect and none else', async () => {
    const behaviours = fc.constantFrom<Behaviour>('works', 'fails', 'lost_reply', 'lost_request');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(12), fc.boolean(), behaviours, fc.boolean()), { maxLength: 8 }),
        async (deaths) => {
          const desk = world();
          let nonce = 0;
          for (const [at, after, behaviour, again] of deaths) {
            nonce += again ? 0 : 1;
            desk.behaviour = behaviour;
            const parts = { nonce: Math.max(1, nonce), l402: L402 };
            await send(desk, parts, new Fuse(at, after)).catch((error: unknown) => {
              expect(error).toBeInstanceOf(Crash);
            });
            await restart(desk);
          }
          expect(desk.disk.uses.length).toBe(desk.effects.counts.size);
          expect(desk.effects.counts.size).toBeLessThanOrEqual(3);
          expect([...desk.effects.counts.values()].every((count) => count === 1)).toBe(true);
        },
      ),
      { numRuns: 200, seed: 8 },
    );
  });
});

describe('a price', () => {
  it.each([0, 11])('of a danger that is none (%s) is none', (danger) => {
    const toll = { ...PRICES, token: undefined };
    expect(judgeToll(toll, { danger, reads: false }, 0)).toEqual({ kind: 'free' });
  });

  it('is none while nothing is asked', () => {
    expect(judgeToll(undefined, { danger: 10, reads: false }, 0)).toEqual({ kind: 'free' });
  });
});
