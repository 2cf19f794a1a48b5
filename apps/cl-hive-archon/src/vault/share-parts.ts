import { RELEASE_DELAY_BLOCKS_MAX, readShare, type Share, shareJson } from '@cl-hive/archon';
import type { Logger } from '@cl-hive/cln-plugin';
import {
  array,
  type Clock,
  CodedError,
  hex,
  integer,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import type { Store } from '@cl-hive/store';
import type { SendToArchon } from '../node/archon-wire.ts';
import type { Neighbours } from '../node/neighbours.ts';
import type { SignStatement } from '../node/statement-signer.ts';
import type { VaultKeys } from './vault-keys.ts';
import type { VaultTables } from './vault-tables.ts';

/** Why a share or a request for one was refused. */
export type ShareOfficeErrorCode =
  | 'share_stranger'
  | 'share_unasked'
  | 'shares_full'
  | 'share_request_unknown'
  | 'holders_invalid';

/** What sharing works with. */
export interface ShareOfficeParts {
  readonly store: Store<VaultTables>;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly send: SendToArchon;
  readonly sign: SignStatement;
  readonly keys: VaultKeys;
  readonly neighbours: Pick<Neighbours, 'knows'>;
  /** The block height that lightningd knows. */
  readonly height: () => Promise<number>;
}

/** What a message of this kind says. */
export const decodeHandOver = object({
  type: oneOf('cl-hive-share'),
  to: nodeIdDecoder,
  delay_blocks: integer(0, RELEASE_DELAY_BLOCKS_MAX),
  holders: array(nodeIdDecoder, 16),
  share: readShare,
});
/** What a message of this kind says. */
export const decodeAnswer = object({
  type: oneOf('cl-hive-share-answer'),
  set: hex(32),
  index: integer(1, 16),
  held: integer(0, 1),
});
/** What a message of this kind says. */
export const decodeRequest = object({ type: oneOf('cl-hive-share-request'), id: hex(16) });
/** What a message of this kind says. */
export const decodeCancel = object({ type: oneOf('cl-hive-share-cancel'), id: hex(16) });
/** What a message of this kind says. */
export const decodeRelease = object({
  type: oneOf('cl-hive-share-release'),
  id: hex(16),
  to: nodeIdDecoder,
  share: readShare,
});

/** Refuses. */
export function refuse(code: ShareOfficeErrorCode, message: string, remedy: string): never {
  throw new CodedError<ShareOfficeErrorCode>(code, message, { remedy });
}

/** A share as it is sealed. */
export function bytesOf(share: Share): Uint8Array {
  return Buffer.from(stringifyJson(shareJson(share)));
}

/** A share that was sealed. */
export function shareOf(bytes: Uint8Array): Share {
  return readShare(parseJson(Buffer.from(bytes).toString('utf8')));
}
