import {
  type ActionFacts,
  type Activity,
  type Grant,
  type Policy,
  type PolicyRules,
  PRESET_NAMES,
  type Question,
} from '@cl-hive/comms';
import type { Msat, NodeId, UnixMs } from '@cl-hive/core';
import { type ManagementCommand, parseCommand, TIERS, type Tier } from '@cl-hive/protocol';
import fc from 'fast-check';

export const NOW = 1_800_000_000_000;
export const PEERS = ['a', 'b', 'c'].map((c) => `02${c.repeat(64)}` as NodeId);
export const CHANNELS = [
  ['1x1x1', '1'.repeat(64)],
  ['2x2x2', '2'.repeat(64)],
  ['3x3x3', '3'.repeat(64)],
];
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

export function command(schema: string, action: string, params: object): ManagementCommand {
  const parsed = parseCommand(schema, action, params);
  if (!parsed.ok) {
    throw new Error(parsed.error.message);
  }
  return parsed.value;
}

export const COMMANDS: readonly ManagementCommand[] = [
  command('hive:monitor/v1', 'get_info', {}),
  command('hive:monitor/v1', 'list_forwards', { limit: 5 }),
  command('hive:fee-policy/v1', 'set_single', { channel_id: '1x1x1', fee_ppm: 100 }),
  command('hive:fee-policy/v1', 'set_bulk', { channels: ['1x1x1'], policy: { fee_ppm: 100 } }),
  command('hive:forwarding/v1', 'disable_channel', { channel_id: '1x1x1' }),
  command('hive:splice/v1', 'splice_out', {
    channel_id: '1x1x1',
    amount_sats: 1000,
    destination: ADDRESS,
  }),
  command('hive:payment/v1', 'keysend', { destination: PEERS[0] ?? '', amount_msat: 1000 }),
  command('hive:channel/v1', 'open', { peer_id: PEERS[0] ?? '', amount_sats: 20_000 }),
  command('hive:channel/v1', 'close_cooperative', { channel_id: '1x1x1' }),
  command('hive:channel/v1', 'close_force', { channel_id: '1x1x1' }),
  command('hive:channel/v1', 'close_all', {}),
  command('hive:emergency/v1', 'ban_peer', { peer_id: PEERS[0] ?? '', reason: 'spam' }),
  command('hive:config/v1', 'set_config', { key: 'min-capacity-sat', value: '1' }),
  command('hive:config/v1', 'set_config', { key: 'hive-policy', value: 'aggressive' }),
  command('hive:plugin/v1', 'stop_plugin', { plugin_name: 'cl-hive-comms' }),
  command('hive:plugin/v1', 'start_plugin', { path: '/opt/cl-hive-comms' }),
  command('hive:wallet/v1', 'withdraw', { destination: ADDRESS, amount_sats: 5000 }),
];

/** Mostly the harmless value: else nearly every random question meets some refusal. */
function seldom<T>(harmless: T, arbitrary: fc.Arbitrary<T>, weight = 1): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(harmless) }, { weight, arbitrary });
}

const amounts = fc.constantFrom(0n, 1n, 1000n, 999_000n, 1_000_000n, 1_000_001n, 200_000_000n);
export const amount = amounts as fc.Arbitrary<bigint> as fc.Arbitrary<Msat>;
const moment = fc
  .constantFrom(-7_200_000, -1, 0, 1, 7_200_000)
  .map((offset) => (NOW + offset) as UnixMs);
const action = fc.constantFrom(...COMMANDS).map((c) => `${c.schema} ${c.action}`);
const schema = fc.constantFrom(...COMMANDS).map((c) => c.schema);

const RULES: { readonly [K in keyof PolicyRules]: fc.Arbitrary<PolicyRules[K]> } = {
  autoDangerMax: fc.integer({ min: 0, max: 10 }),
  dangerMax: seldom(10, fc.integer({ min: 0, max: 10 }), 3),
  alwaysApprove: seldom(
    new Set<string>(),
    fc.array(action, { maxLength: 3 }).map((list) => new Set(list)),
  ),
  blockedSchemas: seldom(
    new Set<string>(),
    fc.array(schema, { maxLength: 2 }).map((list) => new Set(list)),
  ),
  actionsPerHour: fc.constantFrom('unlimited' as const, 0, 1, 10),
  actionsPerDay: fc.constantFrom('unlimited' as const, 0, 1, 50),
  feeChangePpmMax: fc.constantFrom('unlimited' as const, 0, 100, 1000),
  closeSharePpm: fc.constantFrom(0, 50_000, 500_000, 1_000_000),
  closeWindowHours: fc.constantFrom(1, 168),
  spendPerHourMsat: fc.oneof(fc.constant('unlimited' as const), amount),
  spendPerDayMsat: fc.oneof(fc.constant('unlimited' as const), amount),
  spendPerActionMsat: fc.oneof(fc.constant('unlimited' as const), amount),
  spendPerWeekMsat: fc.oneof(fc.constant('unlimited' as const), amount),
  spendPerAdvisorDayMsat: fc.oneof(fc.constant('unlimited' as const), amount),
  purposePerDayMsat: fc
    .array(fc.tuple(fc.constantFrom('service', 'settlement'), amount), { maxLength: 2 })
    .map((entries) => new Map(entries)),
  payMethods: fc.option(
    fc.uniqueArray(fc.constantFrom('bolt11' as const, 'bolt12' as const, 'cashu' as const)),
    { nil: undefined },
  ),
  amountSteps: fc.constantFrom(
    [],
    [
      { aboveMsat: 1000n as Msat, danger: 6 },
      { aboveMsat: 1_000_000n as Msat, danger: 9 },
    ],
  ),
  quietHours: fc.option(
    fc
      .record({
        zone: fc.constantFrom('Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Apia'),
        fromMinute: fc.integer({ min: 0, max: 1439 }),
        toMinute: fc.integer({ min: 0, max: 1439 }),
        dangerMax: fc.integer({ min: 0, max: 10 }),
      })
      .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute),
    { nil: undefined },
  ),
};

export const someRules = fc.record(RULES, { requiredKeys: [] }) as fc.Arbitrary<
  Partial<PolicyRules>
>;

export const policy: fc.Arbitrary<Policy> = fc.record({
  preset: fc.constantFrom(...PRESET_NAMES),
  settings: seldom({}, someRules, 3),
  overrides: fc.array(
    fc.record({
      id: fc.integer({ min: 1, max: 9 }),
      settings: someRules,
      from: moment,
      until: moment,
      reason: fc.constant('test'),
    }),
    { maxLength: 1 },
  ),
  forbiddenPeers: seldom(
    new Set<NodeId>(),
    fc.subarray(PEERS).map((list) => new Set(list)),
  ),
  protectedChannels: seldom(
    new Set<string>(),
    fc.subarray(CHANNELS.flat()).map((list) => new Set(list)),
  ),
  nextOverride: fc.constant(10),
});

const LONG = (NOW + 10 * 86_400_000) as UnixMs;
const BEFORE = (NOW - 86_400_000) as UnixMs;
const power = fc.record({
  amountMsat: seldom((10n ** 12n) as Msat, amount, 5),
  until: seldom(LONG, moment),
});

export const grant: fc.Arbitrary<Grant> = fc.record(
  {
    id: fc.integer({ min: 1, max: 4 }),
    advisor: fc.constant('alice'),
    mode: fc.constantFrom('advice' as const, 'act' as const),
    tier: seldom<Tier>('admin', fc.constantFrom(...TIERS), 3),
    actions: seldom<Grant['actions']>(
      'all',
      fc.array(fc.oneof(action, schema), { maxLength: 6 }).map((list) => new Set(list)),
      2,
    ),
    constraints: seldom<Grant['constraints']>(
      {},
      fc.record(
        {
          feeChangePpmMax: fc.constantFrom(0, 100, 1000),
          amountMsatMax: amount,
          peers: fc.subarray(PEERS).map((list) => new Set(list)),
          channels: fc.subarray(CHANNELS.flat()).map((list) => new Set(list)),
          historyHours: fc.constantFrom(1, 24),
          dangerMax: fc.integer({ min: 1, max: 10 }),
        },
        { requiredKeys: [] },
      ),
      3,
    ),
    spend: power,
    close: power,
    forceClose: power,
    from: seldom(BEFORE, moment),
    until: seldom(LONG, moment),
  },
  { requiredKeys: ['id', 'advisor', 'mode', 'tier', 'actions', 'constraints', 'from'] },
);

export const facts: fc.Arbitrary<ActionFacts> = fc.record({
  peers: fc.subarray(PEERS),
  channels: fc.subarray(CHANNELS),
  amountMsat: fc.option(amount, { nil: undefined, freq: 8 }),
  feeMsat: amount,
  closesMsat: amount,
  capacityMsat: amount,
  feeChangePpm: fc.option(fc.constantFrom(0, 50, 100, 101, 5000), { nil: undefined, freq: 8 }),
  unresolved: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constant(['9x9x9']) },
  ),
});

export const activity: fc.Arbitrary<Activity> = fc.record({
  actionsLastHour: seldom(0, fc.constantFrom(0, 1, 9, 10)),
  actionsLastDay: seldom(0, fc.constantFrom(0, 1, 49, 50)),
  spentLastHourMsat: amount,
  closedInWindowMsat: amount,
  grantUse: fc
    .array(
      fc.record({
        id: fc.integer({ min: 1, max: 4 }),
        spend: amount,
        close: amount,
        forceClose: amount,
      }),
      {
        maxLength: 3,
      },
    )
    .map((uses) => new Map(uses.map(({ id, ...use }) => [id, use]))),
});

export const grants = fc.uniqueArray(grant, { maxLength: 4, selector: ({ id }) => id });

export const question: fc.Arbitrary<Question> = fc.record({
  policy,
  grants,
  command: fc.constantFrom(...COMMANDS),
  facts,
  activity,
  now: fc
    .oneof(fc.constant(0), fc.integer({ min: 0, max: 86_400_000 }))
    .map((offset) => (NOW + offset) as UnixMs),
  approved: fc.boolean(),
});
