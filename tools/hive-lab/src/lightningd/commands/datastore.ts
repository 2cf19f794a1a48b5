import type { JsonObject } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import type { Lifeline } from '../lifeline.ts';
import { DATASTORE_CRASH_BYTES } from '../limits.ts';
import { ANSWERED, CHECKED, type ShellCommand } from '../rpc/shell-command.ts';
import {
  type DatastoreEntry,
  type DatastoreFault,
  type DatastoreMode,
  isDatastoreMode,
} from '../rules/datastore.ts';
import {
  badToken,
  escapedString,
  hexBytes,
  invalidParams,
  keyPath,
  type ParamType,
  rawString,
  unsigned64,
} from '../rules/param-type.ts';
import type { Params } from '../rules/params.ts';
import type { ShellStore } from '../shell-store.ts';

/** What the datastore's commands need. */
export interface DatastoreParts {
  readonly store: ShellStore;
  readonly lifeline: Lifeline;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const modeType: ParamType<DatastoreMode> = (raw, name) => {
  const mode = rawString(raw, name);
  if (!isDatastoreMode(mode)) {
    throw badToken(
      name,
      "should be 'must-create', 'must-replace', 'create-or-replace', 'must-append', or 'create-or-append'",
      raw,
    );
  }
  return mode;
};

function shown({ key, data, generation }: DatastoreEntry): JsonObject {
  const text = asText(data);
  return {
    key,
    generation,
    hex: Buffer.from(data).toString('hex'),
    ...(text === undefined ? {} : { string: text }),
  };
}

function asText(data: Uint8Array): string | undefined {
  try {
    return data.includes(0) ? undefined : UTF8.decode(data);
  } catch {
    return undefined;
  }
}

function keyText(key: readonly string[]): string {
  return `[${key.join(',')}]`;
}

function writeError(fault: DatastoreFault): LabRpcError {
  switch (fault) {
    case 'exists':
      return new LabRpcError(RPC_ERROR.datastoreAlreadyExists, 'Key already exists');
    case 'missing':
      return new LabRpcError(RPC_ERROR.datastoreDoesNotExist, 'Key does not exist');
    case 'generation':
      return new LabRpcError(RPC_ERROR.datastoreWrongGeneration, 'generation is different');
    case 'has_children':
      return new LabRpcError(RPC_ERROR.datastoreHasChildren, 'Key has children already');
    default:
      return new LabRpcError(
        RPC_ERROR.datastoreNoChildren,
        `Parent key ${keyText(fault.parent)} exists`,
      );
  }
}

function dataOf(params: Params): Uint8Array {
  const text = params.optional('string', escapedString);
  const bytes = params.optional('hex', hexBytes);
  if (text !== undefined && bytes !== undefined) {
    throw invalidParams('Cannot have both hex and string');
  }
  if (text !== undefined) {
    return Buffer.from(text, 'utf8');
  }
  if (bytes === undefined) {
    throw invalidParams('Must have either hex or string');
  }
  return bytes;
}

function datastore({ store, lifeline }: DatastoreParts): ShellCommand {
  return {
    name: 'datastore',
    run: (params, { checking }) => {
      const key = params.required('key', keyPath);
      const data = dataOf(params);
      const mode = params.optional('mode', modeType) ?? 'must-create';
      const generation = params.optional('generation', unsigned64);
      if (generation !== undefined && mode !== 'must-replace' && mode !== 'must-append') {
        throw invalidParams('generation only valid with must-replace or must-append');
      }
      const plan = store.datastore.plan(key, data, mode, generation);
      if (!plan.ok) {
        throw writeError(plan.fault);
      }
      if (checking) {
        return CHECKED;
      }
      if (plan.entry.data.length >= DATASTORE_CRASH_BYTES) {
        const reason = `a datastore value of ${plan.entry.data.length} bytes`;
        lifeline.end({ kind: 'signal', signal: 'SIGSEGV', reason });
        return ANSWERED;
      }
      store.putData(plan.entry);
      return shown(plan.entry);
    },
  };
}

function listDatastore({ store }: DatastoreParts): ShellCommand {
  return {
    name: 'listdatastore',
    run: (params) => {
      const key = params.optional('key', keyPath);
      const depth = (key?.length ?? 0) + 1;
      const listed: JsonObject[] = [];
      let parent: string | undefined;
      for (const entry of store.datastore.under(key)) {
        if (entry.key.length <= depth) {
          listed.push(shown(entry));
          continue;
        }
        const above = entry.key.slice(0, depth);
        const name = above.join('\0');
        if (name !== parent) {
          parent = name;
          listed.push({ key: above });
        }
      }
      return { datastore: listed };
    },
  };
}

function delDatastore({ store }: DatastoreParts): ShellCommand {
  return {
    name: 'deldatastore',
    run: (params, { checking }) => {
      const key = params.required('key', keyPath);
      const generation = params.optional('generation', unsigned64);
      const entry = store.datastore.get(key);
      if (entry === undefined) {
        throw new LabRpcError(RPC_ERROR.datastoreDelDoesNotExist, 'Key does not exist');
      }
      if (generation !== undefined && generation !== entry.generation) {
        throw new LabRpcError(RPC_ERROR.datastoreDelWrongGeneration, 'generation is different');
      }
      if (!checking) {
        store.removeData(key);
      }
      return shown(entry);
    },
  };
}

function datastoreUsage({ store }: DatastoreParts): ShellCommand {
  return {
    name: 'datastoreusage',
    run: (params) => {
      const given = params.optional('key', keyPath);
      const key = given?.[0] === '' ? undefined : given;
      const total = store.datastore
        .under(key)
        .reduce(
          (sum, entry) => sum + entry.data.length + Buffer.byteLength(entry.key.join('\0')),
          0,
        );
      return { datastoreusage: { key: keyText(key ?? []), total_bytes: total } };
    },
  };
}

/** `datastore`, `listdatastore`, `deldatastore` and `datastoreusage`. */
export function datastoreCommands(parts: DatastoreParts): readonly ShellCommand[] {
  return [datastore(parts), listDatastore(parts), delDatastore(parts), datastoreUsage(parts)];
}
