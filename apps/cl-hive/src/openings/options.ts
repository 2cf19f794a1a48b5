import { option } from '@cl-hive/cln-plugin';
import type { GovernanceMode } from '@cl-hive/hive';
import type { OpeningSettings } from './settings.ts';

/** A share as the original writes it: a number from 0 to 1 with up to six decimals. */
const SHARE = /^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/;

const share = (description: string, fallback: string) =>
  option.string({
    description,
    default: fallback,
    dynamic: true,
    validate: (text) => (SHARE.test(text) ? undefined : 'give a share from 0 to 1, such as 0.20'),
  });

/** Whether a text names a governance mode. */
export function isMode(text: unknown): text is GovernanceMode {
  return text === 'advisor' || text === 'failsafe';
}

/** The owner's limits for openings, under the original's names. By default nothing goes without a person. */
export const OPENING_OPTIONS = {
  'hive-governance-mode': option.string({
    description:
      'advisor: a person approves every opening; failsafe: what fits the budget goes without',
    default: 'advisor',
    dynamic: true,
    validate: (text) => (isMode(text) ? undefined : 'give advisor or failsafe'),
  }),
  'hive-failsafe-budget-per-day': option.int({
    description: 'sat that openings may cost in 144 blocks without a person; 0: nothing',
    default: 0,
    min: 0,
    max: 10_000_000,
    dynamic: true,
  }),
  'hive-budget-max-per-channel-pct': share(
    'share of the budget per day that one channel may cost without a person',
    '0.50',
  ),
  'hive-budget-reserve-pct': share(
    'share of what is on chain that openings never touch, whoever approves',
    '0.20',
  ),
  'hive-lock-liars': option.int({
    description:
      'lying members that an opening withstands: 0 finds one afterwards, 1 prevents it by one grant more',
    default: 0,
    min: 0,
    max: 1,
  }),
} as const;

const ppm = (text: unknown): number => Math.round(Number(text) * 1_000_000);

/** The limits as the options have them now; `mode` overrules the option. */
export function readSettings(
  values: Readonly<Record<string, unknown>>,
  mode: GovernanceMode | undefined,
): OpeningSettings {
  const given = values['hive-governance-mode'];
  const perDay = values['hive-failsafe-budget-per-day'];
  return {
    mode: mode ?? (isMode(given) ? given : 'advisor'),
    perDaySat: typeof perDay === 'number' ? BigInt(perDay) : 0n,
    perChannelPpm: ppm(values['hive-budget-max-per-channel-pct'] ?? '0.50'),
    reservePpm: ppm(values['hive-budget-reserve-pct'] ?? '0.20'),
    liars: values['hive-lock-liars'] === 1 ? 1 : 0,
  };
}
