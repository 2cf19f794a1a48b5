import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOSTR_LIMITS, NOSTR_TIMES } from './limits.ts';
import { initialRelayState, type Moment, type RelayState } from './relay-state.ts';
import { nextTickAt, type RelayCommand, type RelayInput, stepRelay } from './relay-step.ts';

const OWN = { reads: true, authenticates: true };
const moment = (monotonic: number, roll = 0.5): Moment => ({
  monotonic,
  unixMs: 1e12 + monotonic,
  roll,
});

/** A connection driven by hand: time moves to whatever is due. */
class Drive {
  state: RelayState;
  now = 1_000;
  commands: string[] = [];

  constructor(role = OWN) {
    this.state = initialRelayState(role);
  }

  put(input: RelayInput, roll = 0.5): this {
    const { state, commands } = stepRelay(this.state, input, moment(this.now, roll));
    this.state = state;
    this.commands = commands.map((command: RelayCommand) => command.do);
    return this;
  }

  /** Lets time pass until the next tick. */
  tick(): this {
    this.now = nextTickAt(this.state) ?? this.now;
    return this.put({ type: 'tick' });
  }

  healthy(): this {
    this.put({ type: 'start' }).put({ type: 'opened' }).put({ type: 'inbox-live' });
    this.now += 20;
    return this.put({ type: 'probe-seen' });
  }
}

describe('a connection', () => {
  it('dials, subscribes, proves itself by a round trip, and is healthy only then', () => {
    const drive = new Drive().put({ type: 'start' });
    expect(drive.commands).toEqual(['dial']);
    expect(drive.put({ type: 'opened' }).commands).toEqual(['subscribe', 'ready']);
    expect(drive.state.health.verdict).toBe('unknown');
    expect(drive.put({ type: 'inbox-live' }).commands).toEqual(['probe']);
    expect(drive.state.health.verdict).toBe('unknown');
    drive.now += 35;
    expect(drive.put({ type: 'probe-seen' }).state.health).toMatchObject({
      verdict: 'healthy',
      latencyMs: 35,
      lastSuccessAt: 1e12 + drive.now,
    });
    const before = drive.now;
    expect(drive.tick().commands).toEqual(['probe']);
    expect(drive.now - before).toBeGreaterThan(NOSTR_TIMES.probeEvery / 2);
  });

  it('gives up a handshake that does not end', () => {
    const drive = new Drive().put({ type: 'start' });
    expect(drive.tick().commands).toEqual(['hang-up']);
    expect(drive.now).toBe(1_000 + NOSTR_TIMES.connect);
    expect(drive.state).toMatchObject({
      phase: 'waiting',
      health: { lastFailure: { code: 'connect_timeout' } },
    });
  });

  it('waits longer after each failure, up to a bound, and never less than a second', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 12, maxLength: 40 }),
        (rolls) => {
          const drive = new Drive().put({ type: 'start' });
          for (const roll of rolls) {
            drive.put({ type: 'lost', reason: 'x' }, roll);
            const pause = drive.state.retryAt - drive.now;
            expect(pause).toBeGreaterThanOrEqual(1_000);
            expect(pause).toBeLessThanOrEqual(NOSTR_TIMES.backoffMax);
            expect(drive.tick().commands).toEqual(['dial']);
          }
          expect(drive.put({ type: 'lost', reason: 'x' }).state.retryAt - drive.now).toBe(
            NOSTR_TIMES.backoffMax * 0.75,
          );
        },
      ),
    );
  });

  it('starts its waits anew only after a stable time, not after a mere connection', () => {
    const drive = new Drive().put({ type: 'start' });
    for (let n = 0; n < 5; n += 1) {
      drive.put({ type: 'opened' }).put({ type: 'inbox-live' }).put({ type: 'probe-seen' });
      drive.put({ type: 'lost', reason: 'flapping' }).tick();
    }
    expect(drive.state.attempt).toBe(5);
    drive.put({ type: 'opened' }).put({ type: 'inbox-live' });
    drive.put({ type: 'probe-seen' }).tick().put({ type: 'probe-seen' });
    expect(drive.state.attempt).toBe(0);
  });

  it('hangs up on a relay that is silent, and asks one again that talks but does not deliver', () => {
    const mute = new Drive().healthy().tick();
    expect(mute.tick().commands).toEqual(['hang-up']);
    expect(mute.state.health).toMatchObject({
      verdict: 'unhealthy',
      lastFailure: { code: 'mute' },
    });
    const deaf = new Drive().healthy().tick();
    deaf.now += 5;
    deaf.put({ type: 'heard' });
    expect(deaf.tick().commands).toEqual(['subscribe']);
    expect(deaf.state).toMatchObject({
      phase: 'open',
      health: { verdict: 'unhealthy', lastFailure: { code: 'probe_unseen' } },
    });
  });

  it('takes a subscription without EOSE as live after a while', () => {
    const drive = new Drive().put({ type: 'start' }).put({ type: 'opened' });
    expect(drive.tick().commands).toEqual(['probe']);
    expect(drive.state.inbox.status).toBe('live');
  });

  it('asks again, later each time, when its subscription is closed', () => {
    const drive = new Drive().put({ type: 'start' }).put({ type: 'opened' });
    let last = 0;
    for (let n = 0; n < 4; n += 1) {
      const from = drive.now;
      drive.put({ type: 'inbox-closed', reason: 'error: no' });
      expect(drive.state.health.lastFailure).toMatchObject({
        code: 'subscription_refused',
        reason: 'error: no',
      });
      expect(drive.tick().commands).toEqual(['subscribe']);
      expect(drive.now - from).toBeGreaterThan(last);
      last = drive.now - from;
    }
  });

  it('answers a challenge, and asks again once the relay knows it', () => {
    const drive = new Drive().put({ type: 'start' }).put({ type: 'opened' });
    expect(drive.put({ type: 'challenge', challenge: 'c' }).commands).toEqual(['authenticate']);
    drive.put({ type: 'inbox-closed', reason: 'auth-required: who' });
    expect(drive.put({ type: 'auth-answer', accepted: true, reason: '' }).commands).toEqual([
      'subscribe',
      'ready',
    ]);
    expect(drive.state.auth).toBe('accepted');
    drive.put({ type: 'auth-answer', accepted: false, reason: 'restricted: not you' });
    expect(drive.state.health.lastFailure).toMatchObject({ code: 'auth_refused' });
  });

  it('does not tell a foreign relay who it is, and does not read from it', () => {
    const drive = new Drive({ reads: false, authenticates: false }).put({ type: 'start' });
    expect(drive.put({ type: 'opened' }).commands).toEqual(['ready']);
    expect(drive.put({ type: 'challenge', challenge: 'c' }).commands).toEqual([]);
    expect(nextTickAt(drive.state)).toBeUndefined();
  });

  it('hangs up on a relay that challenges for ever', () => {
    const drive = new Drive().put({ type: 'start' }).put({ type: 'opened' });
    for (let n = 0; n < NOSTR_LIMITS.challenges; n += 1) {
      drive.put({ type: 'challenge', challenge: String(n) });
    }
    expect(drive.put({ type: 'challenge', challenge: 'one more' }).commands).toEqual(['hang-up']);
    expect(drive.state.health.lastFailure?.code).toBe('hostile');
  });

  it('stays away long from a relay that sends garbage', () => {
    const drive = new Drive().healthy().put({ type: 'hostile', reason: 'garbage' });
    expect(drive.commands).toEqual(['hang-up']);
    expect(drive.state.retryAt - drive.now).toBeGreaterThanOrEqual(NOSTR_TIMES.backoffMax / 2);
  });

  it('ends for good', () => {
    const drive = new Drive().healthy();
    expect(drive.put({ type: 'stop' }).commands).toEqual(['hang-up']);
    for (const type of ['start', 'tick', 'opened', 'probe-seen', 'resync', 'stop'] as const) {
      expect(drive.put({ type }).commands).toEqual([]);
    }
    expect(nextTickAt(drive.state)).toBeUndefined();
  });

  it('always has a next tick while it is not stopped, whatever happens, and never dials twice in a second', () => {
    const input: fc.Arbitrary<RelayInput> = fc.oneof(
      fc.constantFrom<RelayInput>(
        { type: 'start' },
        { type: 'tick' },
        { type: 'opened' },
        { type: 'heard' },
        { type: 'inbox-live' },
        { type: 'resync' },
        { type: 'probe-seen' },
      ),
      fc
        .constantFrom('lost', 'hostile', 'inbox-closed', 'probe-refused', 'event-refused')
        .map((type): RelayInput => ({ type, reason: 'x' })),
      fc.boolean().map((accepted): RelayInput => ({ type: 'auth-answer', accepted, reason: '' })),
      fc.string().map((challenge): RelayInput => ({ type: 'challenge', challenge })),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(input, fc.nat(3_000), fc.double({ min: 0, max: 0.999, noNaN: true })), {
          maxLength: 80,
        }),
        (inputs) => {
          const drive = new Drive().put({ type: 'start' });
          let dialledAt = drive.now;
          for (const [next, passed, roll] of inputs) {
            drive.now += passed;
            drive.put(next, roll);
            expect(nextTickAt(drive.state)).toBeTypeOf('number');
            if (drive.commands.includes('dial')) {
              expect(drive.now - dialledAt).toBeGreaterThanOrEqual(1_000);
              dialledAt = drive.now;
            }
          }
        },
      ),
    );
  });
});
