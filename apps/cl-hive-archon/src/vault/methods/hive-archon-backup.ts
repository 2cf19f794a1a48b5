import { method } from '@cl-hive/cln-plugin';
import type { VaultOffice } from '../vault-office.ts';

/** `hive-archon-backup`: an archive of all plugins' databases, now. */
export const archonBackup = (ready: () => VaultOffice) =>
  method({
    description: 'Make an encrypted archive of the databases of all hive plugins now',
    handle: () => ready().backup('asked'),
  });
