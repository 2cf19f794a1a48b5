import { isJsonObject, type JsonObject, type JsonValue } from '@cl-hive/core';
import { textOf } from '../src/testing/fake-rpc-error.ts';
import { type FakeCommand, FakeRpcError } from '../src/testing/index.ts';

interface Entry {
  hex: string;
  generation: number;
}

/** lightningd's datastore: generations from 0, compare-and-swap, generations restart after a removal. */
export function fakeDatastore(): {
  readonly commands: Readonly<Record<string, FakeCommand>>;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly largestHex: number;
  readonly usedString: boolean;
} {
  const entries = new Map<string, Entry>();
  const state = { largestHex: 0, usedString: false };
  const keyOf = (params: JsonValue): readonly string[] => {
    const key = isJsonObject(params) ? params['key'] : undefined;
    return Array.isArray(key) ? key.map(String) : [textOf(key)];
  };
  const id = (key: readonly string[]): string => JSON.stringify(key);
  const shown = (key: readonly string[]): JsonObject => {
    const entry = entries.get(id(key));
    return entry === undefined ? { key } : { key, hex: entry.hex, generation: entry.generation };
  };
  const write = (params: JsonValue): JsonObject => {
    const { hex, mode = 'must-create', generation, string } = isJsonObject(params) ? params : {};
    state.usedString ||= string !== undefined;
    const key = keyOf(params);
    const present = entries.get(id(key));
    if (mode === 'must-create' && present !== undefined) {
      throw new FakeRpcError(1202, 'already exists');
    }
    if (mode === 'must-replace' && present === undefined) {
      throw new FakeRpcError(1203, 'does not exist');
    }
    if (generation !== undefined && generation !== present?.generation) {
      throw new FakeRpcError(1204, 'generation is different');
    }
    const value = textOf(hex);
    state.largestHex = Math.max(state.largestHex, value.length);
    entries.set(id(key), { hex: value, generation: (present?.generation ?? -1) + 1 });
    return shown(key);
  };
  return {
    entries,
    get largestHex() {
      return state.largestHex;
    },
    get usedString() {
      return state.usedString;
    },
    commands: {
      datastore: write,
      listdatastore: (params) => {
        const key = keyOf(params);
        if (entries.has(id(key))) {
          return { datastore: [shown(key)] };
        }
        const children = new Map<string, readonly string[]>();
        for (const stored of entries.keys()) {
          const path = JSON.parse(stored) as string[];
          if (path.length > key.length && key.every((part, at) => part === path[at])) {
            const child = path.slice(0, key.length + 1);
            children.set(id(child), child);
          }
        }
        return { datastore: [...children.values()].map(shown) };
      },
      deldatastore: (params) => {
        const key = keyOf(params);
        const present = shown(key);
        if (!entries.delete(id(key))) {
          throw new FakeRpcError(1200, 'does not exist');
        }
        return present;
      },
    },
  };
}
