import type { Clock, JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import { BLACKLIST_MAX } from '../limits.ts';
import { CHECKED, type ShellCommand } from '../rpc/shell-command.ts';
import { addRange, type IdRange, inRanges, removeRange } from '../rules/id-ranges.ts';
import { itemTexts, rawKind } from '../rules/json-members.ts';
import {
  badToken,
  invalidParams,
  type ParamType,
  publicKey,
  rawString,
  truth,
  unsigned64,
} from '../rules/param-type.ts';
import {
  derivationFault,
  masterRune,
  type Rune,
  type RuneAlternative,
  type RuneRestriction,
  readAlternative,
  readRune,
  restrict,
  runeText,
  startRune,
} from '../rules/rune.ts';
import { RuneFields } from '../rules/rune-call.ts';
import { alternativeEnglish, runeFault } from '../rules/rune-check.ts';
import { deriveSecret } from '../rules/secrets.ts';
import type { ShellStore } from '../shell-store.ts';
import { readInvoice } from './rune-invoice.ts';

/** What the runes' commands need. */
export interface RuneParts {
  readonly store: ShellStore;
  readonly clock: Clock;
  readonly hsmSecret: Uint8Array;
}

interface GivenRune {
  readonly text: string;
  readonly rune: Rune;
  readonly id: number;
}

const UNRESTRICTED =
  "WARNING: This rune has no restrictions! Anyone who has access to this rune could drain funds from your node. Be careful when giving this to apps that you don't trust. Consider using the restrictions parameter to only allow access to specific rpc methods.";

const READONLY: readonly RuneRestriction[] = [
  [
    { field: 'method', condition: '^', value: 'list' },
    { field: 'method', condition: '^', value: 'get' },
    { field: 'method', condition: '=', value: 'summary' },
  ],
  [{ field: 'method', condition: '/', value: 'listdatastore' }],
];

const runeType: ParamType<GivenRune> = (raw, name) => {
  const text = rawString(raw, name);
  const rune = readRune(text);
  if (rune === undefined) {
    throw badToken(name, 'should be base64 string', raw);
  }
  const id = /^\d{1,15}$/.test(rune.uniqueId ?? '') ? Number(rune.uniqueId) : undefined;
  if (id === undefined) {
    throw badToken(name, 'should have valid numeric unique_id', raw);
  }
  return { text, rune, id };
};

function restriction(raw: string, name: string): RuneRestriction {
  const alternatives =
    rawKind(raw) === 'array' ? itemTexts(raw).map((item) => alternative(item)) : [undefined];
  const read = alternatives.filter((one) => one !== undefined);
  if (read.length !== alternatives.length) {
    throw badToken(name, 'not a valid restriction (should be array)', raw);
  }
  return read;
}

function alternative(raw: string): RuneAlternative | undefined {
  if (rawKind(raw) !== 'string' || raw.includes('\\u')) {
    return undefined;
  }
  const read = readAlternative(JSON.parse(raw) as string);
  return read === undefined || read.field === '' ? undefined : read;
}

const restrictionsType: ParamType<readonly RuneRestriction[]> = (raw, name) => {
  if (raw === '"readonly"') {
    return READONLY;
  }
  return rawKind(raw) === 'array'
    ? itemTexts(raw).map((item) => restriction(item, name))
    : [restriction(raw, name)];
};

const paramsType: ParamType<string> = (raw, name) => {
  if (rawKind(raw) !== 'object' && rawKind(raw) !== 'array') {
    throw badToken(name, 'must be object or array', raw);
  }
  return raw;
};

/** The runes' commands of one node. */
class RuneCommands {
  readonly #store: ShellStore;
  readonly #clock: Clock;
  readonly #master: Rune;

  constructor({ store, clock, hsmSecret }: RuneParts) {
    this.#store = store;
    this.#clock = clock;
    this.#master = masterRune(deriveSecret(hsmSecret, new TextEncoder().encode('commando')));
  }

  create(name: string): ShellCommand {
    return {
      name,
      run: (params, { checking }) => {
        const given = params.optional('rune', runeType);
        const restrictions = params.optional('restrictions', restrictionsType) ?? [];
        if (checking) {
          return CHECKED;
        }
        const id = given?.id ?? this.#nextId();
        let rune = given?.rune ?? startRune(this.#master, String(id));
        for (const one of restrictions) {
          rune = restrict(rune, one) ?? rune;
        }
        const text = runeText(rune);
        if (given === undefined) {
          this.#store.putRune({ id, rune: text, lastUsed: undefined });
        }
        return {
          rune: text,
          unique_id: rune.uniqueId ?? String(id),
          ...(rune.restrictions.length <= 1 ? { warning_unrestricted_rune: UNRESTRICTED } : {}),
        };
      },
    };
  }

  check(): ShellCommand {
    return {
      name: 'checkrune',
      run: (params, { checking }) => {
        const { rune, id } = params.required('rune', runeType);
        const nodeId = params.optional('nodeid', publicKey);
        const method = params.optional('method', rawString);
        const callParams = params.optional('params', paramsType);
        if (checking) {
          return CHECKED;
        }
        if (inRanges(this.#store.blacklist, id)) {
          throw new LabRpcError(RPC_ERROR.runeBlacklisted, 'Not authorized: Blacklisted rune');
        }
        const foreign = derivationFault(this.#master, rune);
        if (foreign !== undefined) {
          throw new LabRpcError(RPC_ERROR.runeNotAuthorized, `Not authorized: ${foreign}`);
        }
        const now = this.#clock.now();
        const stored = this.#store.rune(id);
        const fields = new RuneFields({
          now,
          nodeId,
          method,
          params: callParams,
          lastUsed: stored?.lastUsed,
          readInvoice,
        });
        const fault = runeFault(rune, (wanted) => fields.of(wanted));
        if (fault !== undefined) {
          throw new LabRpcError(RPC_ERROR.runeNotPermitted, `Not permitted: ${inEnglish(fault)}`);
        }
        if (stored !== undefined) {
          this.#store.putRune({ ...stored, lastUsed: now });
        }
        return { valid: true };
      },
    };
  }

  show(): ShellCommand {
    return {
      name: 'showrunes',
      run: (params) => {
        const given = params.optional('rune', runeType);
        if (given !== undefined) {
          const stored = this.#store.rune(given.id);
          const isStored = stored?.rune === given.text;
          return { runes: [this.#shown(given, isStored, stored?.lastUsed)] };
        }
        const all = this.#store.runes.flatMap(({ id, rune: text, lastUsed }) => {
          const rune = readRune(text);
          return rune === undefined ? [] : [this.#shown({ id, text, rune }, true, lastUsed)];
        });
        return { runes: all };
      },
    };
  }

  blacklist(name: string): ShellCommand {
    return {
      name,
      run: (params, { checking }) => {
        const start = params.optional('start', unsigned64);
        const end = params.optional('end', unsigned64) ?? start;
        const relist = params.optional('relist', truth) ?? false;
        if (start === undefined && end !== undefined) {
          throw invalidParams('Can not specify end without start');
        }
        if (end !== undefined && end >= BigInt(BLACKLIST_MAX)) {
          throw invalidParams(`Cannot blacklist beyond ${BLACKLIST_MAX}`);
        }
        if (!checking && start !== undefined && end !== undefined) {
          const range: IdRange = { start: Number(start), end: Number(end) };
          const change = relist ? removeRange : addRange;
          this.#store.setBlacklist(change(this.#store.blacklist, range));
        }
        return { blacklist: this.#store.blacklist.map((range) => ({ ...range })) };
      },
    };
  }

  #nextId(): number {
    return this.#store.runes.reduce((next, { id }) => Math.max(next, id + 1), 0);
  }

  #shown({ text, rune, id }: GivenRune, stored: boolean, lastUsed: number | undefined): JsonObject {
    const restrictions = rune.restrictions.slice(rune.uniqueId === undefined ? 0 : 1);
    const english = restrictions.map((one) => one.map(alternativeEnglish).join(' OR '));
    return {
      rune: text,
      ...(stored ? {} : { stored: false }),
      ...(inRanges(this.#store.blacklist, id) ? { blacklisted: true } : {}),
      ...(derivationFault(this.#master, rune) === undefined ? {} : { our_rune: false }),
      ...(lastUsed === undefined ? {} : { last_used: lastUsed / 1000 }),
      unique_id: rune.uniqueId ?? String(id),
      restrictions: restrictions.map((one, i) => ({
        alternatives: one.map((alternative) => ({
          fieldname: alternative.field,
          value: alternative.value,
          condition: alternative.condition,
          english: alternativeEnglish(alternative),
        })),
        english: english[i] ?? '',
      })),
      restrictions_as_english: english.join(' AND '),
    };
  }
}

/** A refusal with the name of its field as people know it. */
function inEnglish(fault: string): string {
  const escaped = JSON.stringify(fault).slice(1, -1);
  return escaped
    .replace(/^pname/, 'parameter ')
    .replace(/^parr/, 'parameter #')
    .replace(/^pnum/, 'number of parameters')
    .replace(/^pinv/, 'invoice parameter ');
}

/** `createrune`, `checkrune`, `showrunes`, `blacklistrune` and the older names of two of them. */
export function runeCommands(parts: RuneParts): readonly ShellCommand[] {
  const runes = new RuneCommands(parts);
  return [
    runes.create('createrune'),
    runes.create('invokerune'),
    runes.check(),
    runes.show(),
    runes.blacklist('blacklistrune'),
    runes.blacklist('destroyrune'),
  ];
}
