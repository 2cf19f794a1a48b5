import type { RpcClient } from '@cl-hive/cln-rpc';
import { readValue, writeValue } from '../actions/marker-store.ts';
import type { GenerationMark } from './identity.ts';

const KEY = ['nostr-key'];

/** The mark in lightningd's datastore, which goes where the node's own database goes. */
export function datastoreMark(rpc: RpcClient): GenerationMark {
  return {
    read: async () => {
      const generation = (await readValue(rpc, KEY))?.['generation'];
      return typeof generation === 'number' && Number.isSafeInteger(generation) && generation > 0
        ? generation
        : 1;
    },
    write: async (generation) => void (await writeValue(rpc, KEY, { generation })),
  };
}
