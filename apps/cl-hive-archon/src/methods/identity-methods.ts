import type { Plugin } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { archonProvision } from './hive-archon-provision.ts';
import { archonRotateDid } from './hive-archon-rotate-did.ts';
import { archonRotateKeys } from './hive-archon-rotate-keys.ts';

/** Adds the commands about who the node is. */
export function withIdentityMethods(plugin: Plugin, opened: () => ArchonServices): Plugin {
  return plugin
    .method('hive-archon-provision', archonProvision(opened))
    .method('hive-archon-rotate-keys', archonRotateKeys(opened))
    .method('hive-archon-rotate-did', archonRotateDid(opened));
}
