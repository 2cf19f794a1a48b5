import type { Plugin } from '@cl-hive/cln-plugin';
import type { JsonObject } from '@cl-hive/core';
import { archonBackup } from './methods/hive-archon-backup.ts';
import { archonBackupStatus } from './methods/hive-archon-backup-status.ts';
import { archonExport } from './methods/hive-archon-export.ts';
import { archonRestore } from './methods/hive-archon-restore.ts';
import { archonRotateShares } from './methods/hive-archon-rotate-shares.ts';
import type { RestoreOffice } from './restore-office.ts';
import type { ShareOffice } from './share-office.ts';
import type { VaultOffice } from './vault-office.ts';

/** What the commands of the vault reach. */
export interface VaultDesks {
  readonly vault: VaultOffice;
  readonly restores: RestoreOffice;
  readonly shares: ShareOffice;
}

async function view({ vault, shares }: VaultDesks): Promise<JsonObject> {
  return { ...(await vault.view()), shares: await shares.own.view() };
}

/** Adds the commands of the vault. Reading works while siblings are away. */
export function mountVault(
  plugin: Plugin,
  ready: () => VaultDesks,
  opened: () => VaultDesks,
): Plugin {
  return plugin
    .method(
      'hive-archon-backup',
      archonBackup(() => ready().vault),
    )
    .method(
      'hive-archon-backup-status',
      archonBackupStatus(() => view(opened())),
    )
    .method(
      'hive-archon-restore',
      archonRestore(
        () => ready().restores,
        () => ready().shares,
      ),
    )
    .method(
      'hive-archon-export',
      archonExport(
        () => ready().vault,
        () => view(opened()),
      ),
    )
    .method(
      'hive-archon-rotate-shares',
      archonRotateShares(() => ready().shares),
    );
}
