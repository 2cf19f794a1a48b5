import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  type DepositIndex,
  type DepositPiece,
  readDepositIndex,
  readDepositReference,
  vaultError,
} from '@cl-hive/archon';
import { describeError, isCodedError } from '@cl-hive/core';
import { translateFileError } from '@cl-hive/store';
import { type DepositGatekeepers, sha256Of } from './deposit-place.ts';

function absent(message: string, remedy: string, reasons: readonly string[]): Error {
  return vaultError('vault_gatekeeper', message, remedy, { data: { reasons } });
}

/** A piece from whichever Gatekeeper has it. Throws `vault_gatekeeper`. */
async function piece(
  gatekeepers: DepositGatekeepers,
  { cid, sha256, length }: DepositPiece,
): Promise<Uint8Array> {
  const reasons: string[] = [];
  for (const gatekeeper of gatekeepers.available()) {
    const served = await gatekeepers.ask(gatekeeper, (client) => client.getData(cid));
    if (served.ok && served.value.length === length && sha256Of(served.value) === sha256) {
      return served.value;
    }
    const other = 'it serves other bytes than the index says';
    reasons.push(`${gatekeeper.name}: ${served.ok ? other : served.reason}`);
  }
  const all = reasons.length === 0 ? 'all rest after failures' : reasons.join('; ');
  throw absent(`no Gatekeeper gives the piece ${cid} (${all})`, 'try again later', reasons);
}

async function assemble(
  gatekeepers: DepositGatekeepers,
  index: DepositIndex,
  to: string,
): Promise<void> {
  const handle = await open(to, 'wx', 0o600).catch((error: unknown) => {
    throw translateFileError(error, to);
  });
  try {
    const all = createHash('sha256');
    try {
      for (const wanted of index.pieces) {
        const bytes = await piece(gatekeepers, wanted);
        all.update(bytes);
        await handle.writeFile(bytes);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (all.digest('hex') !== index.sha256) {
      throw absent('its pieces do not give that archive', 'name another Gatekeeper', []);
    }
  } catch (error) {
    rmSync(to, { force: true });
    throw error instanceof Error && 'errno' in error ? translateFileError(error, to) : error;
  }
}

/**
 * Brings an archive back from Gatekeepers into the new file `to`, mode 0600. Each piece is held against the
 * index, all of them against the reference; pieces come from any Gatekeeper, and where the index of one leads
 * to nothing that of the next is tried. Nothing stays when it throws: `vault_name`, `vault_gatekeeper`, and
 * faults of the disk.
 */
export async function fetchDeposit(
  gatekeepers: DepositGatekeepers,
  name: string,
  to: string,
): Promise<void> {
  const reference = readDepositReference(name);
  const reasons: string[] = [];
  const tried = new Set<string>();
  for (const gatekeeper of gatekeepers.available()) {
    const served = await gatekeepers.ask(gatekeeper, (client) => client.getData(reference.index));
    if (!served.ok) {
      reasons.push(`${gatekeeper.name}: ${served.reason}`);
      continue;
    }
    const digest = sha256Of(served.value);
    if (tried.has(digest)) {
      continue;
    }
    tried.add(digest);
    try {
      await assemble(gatekeepers, readDepositIndex(served.value, reference), to);
      return;
    } catch (error) {
      if (!isCodedError(error, 'vault_gatekeeper') && !isCodedError(error, 'vault_damaged')) {
        throw error;
      }
      reasons.push(`${gatekeeper.name}: ${describeError(error)}`);
    }
  }
  const silence = gatekeepers.silence();
  throw silence === undefined || reasons.length > 0
    ? absent(
        `no Gatekeeper gives the archive back (${reasons.join('; ')})`,
        'name a Gatekeeper that has it, or try again later',
        reasons,
      )
    : absent(silence.reason, silence.remedy, reasons);
}
