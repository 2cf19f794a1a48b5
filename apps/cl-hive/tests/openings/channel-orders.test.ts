import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelRequest } from '../../src/openings/channel-orders.ts';
import { Fleet, TARGET } from './fleet.ts';
import type { ChannelMood } from './own-channels.ts';

const CHANNEL = 'c'.repeat(64);

let fleet: Fleet;
beforeEach(async () => {
  fleet = await Fleet.start(1);
  fleet.first.channels.add(CHANNEL, TARGET, 5_000_000n);
});
afterEach(() => fleet.stop());

const REQUESTS: Record<ChannelRequest['kind'], ChannelRequest> = {
  close: { id: 'x', kind: 'close', channel: CHANNEL, reason: 'idle', proposedBy: 'planner' },
  splice_in: {
    id: 'x',
    kind: 'splice_in',
    channel: CHANNEL,
    amountSat: 1_000_000n,
    reason: 'more',
    proposedBy: 'planner',
  },
  splice_out: {
    id: 'x',
    kind: 'splice_out',
    channel: CHANNEL,
    amountSat: 1_000_000n,
    reason: 'less',
    proposedBy: 'planner',
  },
};
const KINDS = Object.values(REQUESTS);

async function approved(request: ChannelRequest): Promise<void> {
  const { desk, actions } = fleet.first;
  const view = await desk.requestChannel(request);
  expect(view).toMatchObject({ state: 'proposed', reason: { code: 'always_a_person' } });
  const answer = actions.approve(view.actionId ?? 0);
  await fleet.settle();
  await fleet.pass(20_000);
  await answer;
}

const view = () => fleet.first.desk.view('x');

describe('an order about a channel', () => {
  it.each(KINDS)('$kind never goes without a person, whatever the budget', async (request) => {
    expect((await fleet.first.desk.requestChannel(request)).state).toBe('proposed');
    await fleet.pass(60_000);
    await fleet.mine(10);
    expect(fleet.first.channels.calls).toEqual([]);
    expect((await fleet.first.desk.requestChannel(request)).state).toBe('proposed');
    expect(await fleet.first.actions.pending()).toHaveLength(1);
  });

  it.each(KINDS)('$kind is done once after a yes, and its action is executed', async (request) => {
    await approved(request);
    expect(await view()).toMatchObject({ state: 'done' });
    expect(fleet.first.channels.calls).toHaveLength(1);
    expect(await fleet.first.actions.pending()).toEqual([]);
  });

  it.each(KINDS)('$kind whose answer was lost is looked for, not asked again', async (request) => {
    fleet.first.channels.moods = ['answer_lost'];
    await approved(request);
    expect(await view()).toMatchObject({ state: 'done' });
    expect(fleet.first.channels.calls).toHaveLength(1);
  });

  it.each<[ChannelMood, string]>([
    ['refused', 'failed'],
    ['lost', 'unknown'],
  ])('a splice that was %s is %s, and ends as failed', async (mood, state) => {
    fleet.first.channels.moods = [mood];
    await approved(REQUESTS.splice_in);
    expect(await view()).toMatchObject({ state });
    await fleet.boot(fleet.first);
    await fleet.pass(700_000, 100_000);
    expect(await view()).toMatchObject({ state: 'failed' });
    expect(fleet.first.channels.calls).toHaveLength(1);
  });

  it('is refused where the channel is none, or in no state for it, or another order is about it', async () => {
    const { desk, channels } = fleet.first;
    const ask = async (change: Partial<ChannelRequest>) =>
      (await desk.requestChannel({ ...REQUESTS.splice_in, ...change })).reason?.code;
    expect(await ask({ id: 'a', channel: '1x1x1' })).toBe('channel_unknown');
    expect(await ask({ id: 'a', amountSat: 0n })).toBe('bad_amount');
    expect(await ask({ id: 'a', kind: 'splice_out', amountSat: 5_000_000n })).toBe('bad_amount');
    expect(await ask({ id: 'a', amountSat: 1n << 60n })).toBe('under_reserve');
    expect(await ask({ id: 'a b' })).toBe('bad_request');
    channels.add('d'.repeat(64), TARGET, 1_000_000n, 'CHANNELD_SHUTTING_DOWN');
    expect(await ask({ id: 'a', channel: 'd'.repeat(64), kind: 'close' })).toBe('channel_state');
    await desk.requestChannel(REQUESTS.close);
    expect(await ask({ id: 'b' })).toBe('order_pending');
    expect(await ask({})).toBe('same_id');
  });
});
