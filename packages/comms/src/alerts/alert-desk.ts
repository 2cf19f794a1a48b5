import { ALERT_KEYS_MAX } from '../limits.ts';

/** How much an alert asks of a person. */
export const ALERT_LEVELS = ['info', 'notice', 'warning', 'critical'] as const;

/** How much an alert asks of a person. */
export type AlertLevel = (typeof ALERT_LEVELS)[number];

/** Something that a person should know. */
export interface Alert {
  /** What makes two alerts the same, such as `approval/17`. */
  readonly key: string;
  readonly level: AlertLevel;
  readonly text: string;
}

/** How alerts are told. */
export interface AlertRules {
  /** The same alert is not told again within this time, in ms. */
  readonly repeatMs: number;
  /** Below this level alerts wait for the digest. */
  readonly immediateFrom: AlertLevel;
  /** Messages of each level told at once within an hour; what is more waits for the digest. */
  readonly perHour: number;
  /** Time between digests, in ms. */
  readonly digestMs: number;
}

/** A node's rules until its operator says otherwise. */
export const DEFAULT_ALERT_RULES: AlertRules = {
  repeatMs: 3_600_000,
  immediateFrom: 'warning',
  perHour: 10,
  digestMs: 86_400_000,
};

interface Told {
  readonly at: number;
  readonly level: AlertLevel;
}

/** Alerts that wait for the digest, by key, each with how often it came. */
type Waiting = ReadonlyMap<string, { readonly alert: Alert; readonly times: number }>;

/** What the desk remembers; times are guard time in ms. */
export interface AlertDesk {
  readonly told: ReadonlyMap<string, Told>;
  readonly waiting: Waiting;
  /** Moments at which something was told at once within the last hour, by level. */
  readonly recent: Readonly<Record<AlertLevel, readonly number[]>>;
  readonly digestAt: number;
  /** Alerts that found no room; the digest says how many. */
  readonly dropped: number;
}

/** A message that goes out. */
export type AlertMessage =
  | { readonly kind: 'alert'; readonly alert: Alert }
  | {
      readonly kind: 'digest';
      readonly alerts: readonly { readonly alert: Alert; readonly times: number }[];
      readonly dropped: number;
    };

/** The desk with what it lets out. */
export interface AlertStep {
  readonly desk: AlertDesk;
  readonly messages: readonly AlertMessage[];
}

/** The desk of a node that has told nothing; its first digest is a whole period away. */
export function newAlertDesk(now: number): AlertDesk {
  return {
    told: new Map(),
    waiting: new Map(),
    recent: { info: [], notice: [], warning: [], critical: [] },
    digestAt: now,
    dropped: 0,
  };
}

/** The level of an alert about something of that danger. */
export function alertLevel(danger: number): AlertLevel {
  return danger >= 9 ? 'critical' : danger >= 6 ? 'warning' : danger >= 3 ? 'notice' : 'info';
}

function rank(level: AlertLevel): number {
  return ALERT_LEVELS.indexOf(level);
}

function toDigest(desk: AlertDesk, alert: Alert): AlertDesk {
  const before = desk.waiting.get(alert.key);
  if (before === undefined && desk.waiting.size >= ALERT_KEYS_MAX) {
    return { ...desk, dropped: desk.dropped + 1 };
  }
  const worse = before !== undefined && rank(before.alert.level) > rank(alert.level);
  const entry = { alert: worse ? before.alert : alert, times: (before?.times ?? 0) + 1 };
  return { ...desk, waiting: new Map(desk.waiting).set(alert.key, entry) };
}

function remember(told: AlertDesk['told'], alert: Alert, now: number, repeatMs: number) {
  const kept = new Map([...told].filter(([, { at }]) => now - at < repeatMs));
  if (kept.size >= ALERT_KEYS_MAX) {
    const [oldest] = kept.keys();
    kept.delete(oldest ?? '');
  }
  kept.delete(alert.key);
  return kept.set(alert.key, { at: now, level: alert.level });
}

/**
 * Takes an alert: told at once when it is grave enough, not a repetition at the same or a lower
 * level, and within the hour's number; else it waits for the digest. Nothing is lost without being
 * counted.
 */
export function raiseAlert(
  desk: AlertDesk,
  alert: Alert,
  rules: AlertRules,
  now: number,
): AlertStep {
  const before = desk.told.get(alert.key);
  const repeated =
    before !== undefined &&
    now - before.at < rules.repeatMs &&
    rank(alert.level) <= rank(before.level);
  const recent = desk.recent[alert.level].filter((at) => at > now - 3_600_000);
  const atOnce = rank(alert.level) >= rank(rules.immediateFrom);
  if (!atOnce || repeated || recent.length >= rules.perHour) {
    return { desk: toDigest(desk, alert), messages: [] };
  }
  const told = remember(desk.told, alert, now, rules.repeatMs);
  const next = { ...desk, told, recent: { ...desk.recent, [alert.level]: [...recent, now] } };
  return { desk: next, messages: [{ kind: 'alert', alert }] };
}

/** Lets the digest out when it is due and there is something in it. */
export function tickAlerts(desk: AlertDesk, rules: AlertRules, now: number): AlertStep {
  if (now - desk.digestAt < rules.digestMs) {
    return { desk, messages: [] };
  }
  const { dropped } = desk;
  const alerts = [...desk.waiting.values()].sort(
    (a, b) => rank(b.alert.level) - rank(a.alert.level),
  );
  const next: AlertDesk = { ...desk, waiting: new Map(), dropped: 0, digestAt: now };
  const empty = alerts.length === 0 && dropped === 0;
  return { desk: next, messages: empty ? [] : [{ kind: 'digest', alerts, dropped }] };
}
