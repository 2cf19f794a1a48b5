import { createHash } from 'node:crypto';
import type { Gatekeeper, Gatekeepers } from '../dids/gatekeepers.ts';
import type { DepositTrouble } from './deposit-tables.ts';

/** What is asked of Gatekeepers here. */
export type DepositGatekeepers = Pick<Gatekeepers, 'available' | 'ask' | 'lied' | 'silence'>;

/** What came of putting bytes at a Gatekeeper. */
export type PutOutcome =
  | { readonly ok: true; readonly cid: string; readonly sha256: string }
  | { readonly ok: false; readonly trouble: DepositTrouble; readonly reason: string };

/** SHA-256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Puts bytes at a Gatekeeper and has it give them back: what it does not serve now, it never had. */
export async function putAndReadBack(
  gatekeepers: DepositGatekeepers,
  gatekeeper: Gatekeeper,
  bytes: Uint8Array,
): Promise<PutOutcome> {
  const put = await gatekeepers.ask<string>(gatekeeper, (client) => client.putData(bytes));
  if (!put.ok) {
    return { ok: false, trouble: put.refused ? 'refused' : 'failing', reason: put.reason };
  }
  const back = await gatekeepers.ask<Uint8Array>(gatekeeper, (client) => client.getData(put.value));
  if (!back.ok) {
    const reason = `it does not give back what it took: ${back.reason}`;
    return { ok: false, trouble: 'failing', reason };
  }
  const sha256 = sha256Of(bytes);
  if (sha256Of(back.value) !== sha256) {
    const reason = `it took ${bytes.length} bytes and gives others back`;
    gatekeepers.lied(gatekeeper.name, reason);
    return { ok: false, trouble: 'lied', reason };
  }
  return { ok: true, cid: put.value, sha256 };
}
