import { RELEASE_DELAY_BLOCKS_DEFAULT, RELEASE_DELAY_BLOCKS_MAX } from '@cl-hive/archon';
import { method, p } from '@cl-hive/cln-plugin';
import { CodedError, type JsonObject } from '@cl-hive/core';
import type { ShareOffice } from '../share-office.ts';

/** Why the command was not understood. */
export type SharesMethodErrorCode = 'shares_parameter';

function missing(name: string): CodedError<SharesMethodErrorCode> {
  return new CodedError('shares_parameter', `${name} is missing`, {
    remedy: `give ${name} with this action`,
  });
}

/**
 * `hive-archon-rotate-shares`: `rotate` shares a new vault key among holders, `spread` sends what they have
 * not got again, `status` shows all. As a holder, `refuse` keeps a share from whoever asks for it.
 */
export const archonRotateShares = (shares: () => ShareOffice) =>
  method({
    description: 'Share the key of the vault among other nodes, or refuse a request as a holder',
    params: {
      action: p.oneOf(['rotate', 'spread', 'status', 'refuse'], 'what to do').default('status'),
      holders: p.array(p.nodeId(), { min: 2, max: 16 }, 'nodes that keep a share').optional(),
      threshold: p.int({ min: 2, max: 16 }, 'how many of them give the key').default(2),
      delay_blocks: p
        .int({ min: 0, max: RELEASE_DELAY_BLOCKS_MAX }, 'how long holders wait before they give')
        .default(RELEASE_DELAY_BLOCKS_DEFAULT),
      request: p.hex(16, 'the request to refuse').optional(),
    },
    handle: async ({ action, holders, threshold, delay_blocks, request }): Promise<JsonObject> => {
      switch (action) {
        case 'rotate':
          if (holders === undefined) {
            throw missing('holders');
          }
          return shares().own.rotate(holders, threshold, delay_blocks);
        case 'spread':
          await shares().own.spread();
          return shares().own.view();
        case 'status':
          return shares().own.view();
        case 'refuse':
          if (request === undefined) {
            throw missing('request');
          }
          return shares().kept.refuseRequest(request);
      }
    },
  });
