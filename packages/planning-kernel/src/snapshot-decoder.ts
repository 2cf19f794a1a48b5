import {
  array,
  boolean,
  CodedError,
  compareCodeUnits,
  DecodeError,
  type Decoder,
  hex,
  integer,
  isJsonObject,
  isNodeId,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  text,
  type UnixMs,
} from '@cl-hive/core';
import { canonicalJson, sortedUnique } from './canonical.ts';
import { readConfig, SETTINGS } from './config.ts';
import { DefectCounter } from './defects.ts';
import { checkedFlags } from './flags.ts';
import { ORDER_SIDES } from './intents/order-intent.ts';
import { AMOUNT_SAT_MAX, LIST_MAX, MEMBERS_MAX, PPM, REFUSALS_MAX, TEXT_MAX } from './limits.ts';
import type { Budget, DecodedSnapshot } from './snapshot.ts';

const satoshi = integer(0, AMOUNT_SAT_MAX);
const time = integer(0, 8_640_000_000_000_000);

const member = object({
  id: nodeIdDecoder,
  onchainSat: satoshi,
  uptimePpm: optional(integer(0, PPM)),
  online: boolean,
  canOpen: boolean,
  clboss: boolean,
  budgetSat: optional(satoshi),
});
const memberChannel = object({
  member: nodeIdDecoder,
  peer: nodeIdDecoder,
  state: text(TEXT_MAX),
  totalSat: satoshi,
  channelId: optional(hex(32)),
});
const claim = object({ member: nodeIdDecoder, peer: nodeIdDecoder, capacitySat: satoshi });
const openOrder = object({
  clientOrderId: hex(32),
  member: nodeIdDecoder,
  target: nodeIdDecoder,
  side: oneOf(...ORDER_SIDES),
  quantitySat: satoshi,
  status: oneOf('queued', 'submitted', 'unknown'),
});
const pendingIntent = object({ id: text(TEXT_MAX), member: nodeIdDecoder, target: nodeIdDecoder });
const quality = object({
  target: nodeIdDecoder,
  scorePpm: optional(integer(0, PPM)),
  refusals: integer(0, REFUSALS_MAX),
  lastRefusedAt: optional(time),
});
const guard = object({
  member: nodeIdDecoder,
  target: nodeIdDecoder,
  tags: array(text(TEXT_MAX), 100),
  ours: boolean,
});
const budget = object({ limitSat: satoshi, spentSat: satoshi, reservedSat: satoshi });

/** Without a budget nothing may be spent. */
const NO_BUDGET: Budget = { limitSat: 0, spentSat: 0, reservedSat: 0 };

/**
 * Reads a snapshot. What the plan cannot do without (`now`, `blockHeight`, valid settings, known
 * flags) is required: CodedError `bad_snapshot`, `bad_config` or `unknown_flag`. Everything else that
 * is broken is left out and counted, and where that could hide money under way, spending is closed.
 */
export function decodeSnapshot(input: unknown): DecodedSnapshot {
  if (!isJsonObject(input)) {
    throw badSnapshot('a snapshot is an object');
  }
  const reader = new SnapshotReader(input);
  const members = reader.list('members', member, (m) => m.id, MEMBERS_MAX);
  const memberChannels = reader.commitments('memberChannels', 'peer', memberChannel, (c) =>
    canonicalJson([c.member, c.peer, c.channelId ?? null, c.state]),
  );
  const claims = reader.list('claims', claim, (c) => c.member + c.peer);
  const openOrders = reader.commitments('openOrders', 'target', openOrder, (o) => o.clientOrderId);
  const pendingIntents = reader.commitments(
    'pendingIntents',
    'target',
    pendingIntent,
    (i) => i.member + i.target + i.id,
  );
  return {
    snapshot: {
      flags: checkedFlags(reader.required('flags', array(integer(0), 1_000))),
      now: reader.required('now', time) as UnixMs,
      blockHeight: reader.required('blockHeight', integer(0, 0xffffffff)),
      channels: reader.raw('channels'),
      nodes: input['nodes'] === undefined ? undefined : reader.raw('nodes'),
      members,
      memberChannels,
      claims,
      openOrders,
      pendingIntents,
      quality: reader.list('quality', quality, (q) => q.target),
      guards: reader.list('guards', guard, (g) => g.member + g.target),
      saturated: sortedUnique(reader.list('saturated', nodeIdDecoder, (id) => id)),
      requests: input['requests'] === undefined ? [] : reader.raw('requests', LIST_MAX),
      openingPerkb: reader.optional('openingPerkb', integer(0, SETTINGS.maxOpeningPerkb.max)),
      budget: reader.optional('budget', budget) ?? NO_BUDGET,
      expansionsEnabled: reader.optional('expansionsEnabled', boolean) ?? false,
      ignored: sortedUnique(reader.list('ignored', nodeIdDecoder, (id) => id)),
      config: readConfig(input['config']),
    },
    defects: reader.defects.list(),
    unreadable: { targets: reader.closedTargets, any: reader.closed },
  };
}

class SnapshotReader {
  readonly defects = new DefectCounter();
  readonly closedTargets = new Set<string>();
  closed = false;
  readonly #input: Readonly<Record<string, unknown>>;

  constructor(input: Readonly<Record<string, unknown>>) {
    this.#input = input;
  }

  required<T>(name: string, decode: Decoder<T>): T {
    try {
      return decode(this.#input[name]);
    } catch (error) {
      throw error instanceof DecodeError ? badSnapshot(error.under(name).message) : error;
    }
  }

  optional<T>(name: string, decode: Decoder<T>): T | undefined {
    const value = this.#input[name];
    if (value === undefined) {
      this.defects.add('snapshot', 'missing_field', name);
      return undefined;
    }
    try {
      return decode(value);
    } catch (error) {
      this.#note('snapshot', error, name);
      return undefined;
    }
  }

  /** A list whose entries are read by the stage that uses them. */
  raw(name: string, max = Number.POSITIVE_INFINITY): readonly unknown[] {
    const value = this.#input[name];
    if (Array.isArray(value)) {
      if (value.length <= max) {
        return value;
      }
      this.defects.add(name, 'list_too_long', `${value.length} entries`);
      return [];
    }
    this.defects.add('snapshot', value === undefined ? 'missing_field' : 'bad_field', name);
    return [];
  }

  /** The readable entries of a list, each key once, in canonical order. */
  list<T>(
    name: string,
    decode: Decoder<T>,
    key: (item: T) => string,
    max = LIST_MAX,
  ): readonly T[] {
    return this.#read(name, decode, key, max, () => undefined);
  }

  /** A list of what is under way: an entry that cannot be read closes its target, or everything. */
  commitments<T>(
    name: string,
    targetField: string,
    decode: Decoder<T>,
    key: (item: T) => string,
  ): readonly T[] {
    if (!Array.isArray(this.#input[name]) || this.#input[name].length > LIST_MAX) {
      this.closed = true;
    }
    return this.#read(name, decode, key, LIST_MAX, (entry) => {
      const target = isJsonObject(entry) ? entry[targetField] : undefined;
      if (isNodeId(target)) {
        this.closedTargets.add(target);
      } else {
        this.closed = true;
      }
    });
  }

  #read<T>(
    name: string,
    decode: Decoder<T>,
    key: (item: T) => string,
    max: number,
    unreadable: (entry: unknown) => void,
  ): readonly T[] {
    const entries = this.raw(name, max);
    const found = new Map<string, { readonly item: T; readonly order: string }>();
    for (const entry of entries) {
      try {
        const item = decode(entry);
        const id = key(item);
        const order = canonicalJson(item);
        const other = found.get(id);
        if (other !== undefined) {
          this.defects.add(name, 'duplicate', id.slice(0, TEXT_MAX));
        }
        // Of two entries for one key the same one counts, whichever comes first.
        if (other === undefined || other.order < order) {
          found.set(id, { item, order });
        }
      } catch (error) {
        this.#note(name, error);
        unreadable(entry);
      }
    }
    return [...found.values()]
      .sort((a, b) => compareCodeUnits(a.order, b.order))
      .map((f) => f.item);
  }

  #note(list: string, error: unknown, culprit?: string): void {
    if (!(error instanceof DecodeError)) {
      throw error;
    }
    const missing = error.data['found'] === 'nothing';
    const what = culprit ?? (error.path === '' ? error.expected : error.path);
    this.defects.add(list, missing ? 'missing_field' : 'bad_field', what.slice(0, TEXT_MAX));
  }
}

function badSnapshot(message: string): CodedError {
  return new CodedError('bad_snapshot', `the snapshot cannot be planned: ${message}`, {
    remedy:
      'give the planner a snapshot with the time, the height and the flags it is planned under',
  });
}
