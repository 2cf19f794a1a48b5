import { method, p } from '@cl-hive/cln-plugin';
import type { VaultOffice } from '../vault-office.ts';

/** `hive-archon-backup`: an archive of all plugins' databases, now; with `target=gatekeeper` at a Gatekeeper too. */
export const archonBackup = (ready: () => VaultOffice) =>
  method({
    description: 'Make an encrypted archive of the databases of all hive plugins now',
    params: {
      target: p
        .oneOf(['local', 'gatekeeper'], 'by default as hive-archon-vault-gatekeeper says')
        .optional(),
    },
    handle: ({ target }) => ready().backup('asked', target),
  });
