import { type RpcClient, showrunes } from '@cl-hive/cln-rpc';
import type { AdvisorKey } from '@cl-hive/comms';
import { CodedError, isNodeId } from '@cl-hive/core';

const X_ONLY = /^[0-9a-f]{64}$/;
const DID = /^did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,200}$/;

function invalid(message: string, remedy: string): CodedError<'advisor_key'> {
  return new CodedError('advisor_key', message, { remedy });
}

/**
 * Reads an advisor's public key: a node id, a Nostr key (npub or 64 hexadecimal digits) or a DID.
 * Throws CodedError `advisor_key`; a secret key is never repeated.
 */
export async function readAdvisorKey(text: string): Promise<AdvisorKey> {
  const lower = text.toLowerCase();
  if (lower.startsWith('nsec1')) {
    throw invalid('this is a secret key', 'keep it, change it if others saw it, and give the npub');
  }
  if (isNodeId(lower)) {
    return { scheme: 'lightning', key: lower };
  }
  if (X_ONLY.test(lower)) {
    return { scheme: 'schnorr', key: lower };
  }
  if (DID.test(text)) {
    return { scheme: 'did', key: text };
  }
  if (lower.startsWith('npub1')) {
    const { decode } = await import('nostr-tools/nip19');
    try {
      const decoded = decode(lower);
      if (decoded.type === 'npub') {
        return { scheme: 'schnorr', key: decoded.data };
      }
    } catch {
      // The reason is the same for the operator: it was not copied whole.
    }
  }
  throw invalid(
    'the key is no node id, no npub, no 64 hexadecimal digits and no DID',
    'copy the public key once more, whole',
  );
}

/**
 * The key that a rune stands for: its number, which runes derived from it share. Throws CodedError
 * `advisor_key` for one that is not this node's or is blacklisted.
 */
export async function runeKey(rpc: Pick<RpcClient, 'call'>, rune: string): Promise<AdvisorKey> {
  const { runes } = await rpc.call(showrunes, { rune });
  const [shown] = runes;
  if (shown === undefined || shown.our_rune === false || shown.blacklisted === true) {
    throw invalid('the rune is not one that this node honours', 'make one with createrune');
  }
  if (!/^\d{1,20}$/.test(shown.unique_id)) {
    throw invalid('the rune has no number', 'make one with createrune');
  }
  return { scheme: 'rune', key: shown.unique_id };
}
