import { method, p } from '@cl-hive/cln-plugin';
import { CodedError, type JsonObject } from '@cl-hive/core';
import { OWNERS } from '@cl-hive/store';
import type { RestoreOffice } from '../restore-office.ts';
import type { ShareOffice } from '../share-office.ts';

/** Why the command was not understood. */
export type RestoreMethodErrorCode = 'restore_parameter';

function missing(name: string): CodedError<RestoreMethodErrorCode> {
  return new CodedError('restore_parameter', `${name} is missing`, {
    remedy: `give ${name} with this action`,
  });
}

/**
 * `hive-archon-restore`: `plan` reads an archive and says what would be lost, `confirm` decides it with the
 * code of the plan, `cancel` gives it up. `request-shares` asks holders for the shared key, `cancel-shares`
 * takes that back. Nothing is touched before `confirm`, and then at the plugins' next starts.
 */
export const archonRestore = (ready: () => RestoreOffice, shares: () => ShareOffice) =>
  method({
    description: 'Bring databases back from an archive, in two steps',
    params: {
      action: p
        .oneOf(['plan', 'confirm', 'cancel', 'request-shares', 'cancel-shares'], 'which step')
        .default('plan'),
      archive: p
        .text({ min: 1, max: 4_096 }, 'its name, its whole path, or gatekeeper:...')
        .optional(),
      components: p
        .array(p.oneOf(OWNERS), { min: 1, max: OWNERS.length }, 'by default all')
        .optional(),
      confirm: p.text({ max: 64 }, 'the code of the plan').optional(),
      accept_loss: p.bool('what was written since the archive is given up').default(false),
      key: p.text({ max: 256 }, 'AGE-SECRET-KEY-1... of a recovery key').asSecret().optional(),
      use_shares: p.bool('open it with the shares that came back').default(false),
      holders: p.array(p.nodeId(), { min: 1, max: 16 }, 'whom to ask for shares').optional(),
      request: p.hex(16, 'the request for shares').optional(),
    },
    handle: async (params): Promise<JsonObject> => {
      const { action, archive, components, confirm, key, holders, request } = params;
      switch (action) {
        case 'plan':
          if (archive === undefined) {
            throw missing('archive');
          }
          return ready().planRestore({ archive, components, key, useShares: params.use_shares });
        case 'confirm':
          if (confirm === undefined) {
            throw missing('confirm');
          }
          return ready().confirmRestore(confirm, params.accept_loss);
        case 'cancel':
          return ready().cancelRestore();
        case 'request-shares':
          if (holders === undefined) {
            throw missing('holders');
          }
          return shares().own.request(holders);
        case 'cancel-shares':
          if (request === undefined) {
            throw missing('request');
          }
          return shares().own.cancel(request);
      }
    },
  });
