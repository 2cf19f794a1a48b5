import type { RpcClient } from '@cl-hive/cln-rpc';
import { array, integer, object, optional, text } from '@cl-hive/core';
import type { Owner } from '@cl-hive/store';

/** lightningd answers at once, or its database is busy; ms. */
const CALL_MS = 10_000;

const decode = object({
  datastore: array(object({ key: array(text()), string: optional(text(32)) })),
});
const count = integer(0);

function keyOf(owner: Owner): readonly string[] {
  return ['cl-hive-vault', 'generation', owner];
}

/**
 * The highest generation that a plugin's database ever had on this node, as lightningd's own database
 * remembers: a plugin's may be lost or set back. 0 for none.
 */
export async function highestGeneration(rpc: RpcClient, owner: Owner): Promise<number> {
  const answer = await rpc.raw('listdatastore', { key: keyOf(owner) }, { timeoutMs: CALL_MS });
  const [entry] = decode(answer).datastore;
  return entry?.string === undefined ? 0 : count(Number(entry.string));
}

/** Remembers a generation, unless a higher one is remembered already. */
export async function rememberGeneration(
  rpc: RpcClient,
  owner: Owner,
  generation: number,
): Promise<void> {
  if (generation > 0 && generation > (await highestGeneration(rpc, owner))) {
    const params = { key: keyOf(owner), string: String(generation), mode: 'create-or-replace' };
    await rpc.raw('datastore', params, { timeoutMs: CALL_MS });
  }
}
