import {
  HIVE_MESSAGE_BYTES_MAX,
  pythonJson,
  SYNC_ENTRIES_MAX,
  type WireValue,
} from '@cl-hive/protocol';

/** One message's share of a list. */
export interface Page<S, M> {
  readonly states: readonly S[];
  readonly members: readonly M[];
}

/**
 * Room for what a full sync holds besides its lists: hashes, sender, signature (104 characters), the
 * header of relays with ten hops, and the separators.
 */
const FRAME_BYTES = 2048;

/**
 * Splits a full sync so that no message passes 65,535 bytes. Each page is a full sync of its own,
 * which an original merges like any other. An entry that alone is too large is left out and counted.
 */
export function fullSyncPages<S extends WireValue, M extends WireValue>(
  states: readonly S[],
  members: readonly M[],
): { readonly pages: readonly Page<S, M>[]; readonly dropped: number } {
  const room = HIVE_MESSAGE_BYTES_MAX - FRAME_BYTES;
  const pages: { states: S[]; members: M[] }[] = [{ states: [], members: [] }];
  let used = 0;
  let dropped = 0;
  const place = (entry: WireValue, put: (page: { states: S[]; members: M[] }) => void): void => {
    const bytes = pythonJson(entry, { sortKeys: false }).length + 1;
    if (bytes > room) {
      dropped += 1;
      return;
    }
    let page = pages.at(-1);
    const entries = (page?.states.length ?? 0) + (page?.members.length ?? 0);
    if (page === undefined || used + bytes > room || entries >= SYNC_ENTRIES_MAX) {
      page = { states: [], members: [] };
      pages.push(page);
      used = 0;
    }
    used += bytes;
    put(page);
  };
  for (const member of members) {
    place(member, (page) => page.members.push(member));
  }
  for (const state of states) {
    place(state, (page) => page.states.push(state));
  }
  return { pages, dropped };
}
