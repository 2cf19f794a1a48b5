import type { Plugin } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { archonBindCln } from './hive-archon-bind-cln.ts';
import { archonBindNostr } from './hive-archon-bind-nostr.ts';
import { archonImportIdentity } from './hive-archon-import-identity.ts';
import { archonProcessOutbox } from './hive-archon-process-outbox.ts';
import { archonProvision } from './hive-archon-provision.ts';
import { archonPrune } from './hive-archon-prune.ts';
import { archonReceiveContact } from './hive-archon-receive-contact.ts';
import { archonResolve } from './hive-archon-resolve.ts';
import { archonRotateDid } from './hive-archon-rotate-did.ts';
import { archonRotateKeys } from './hive-archon-rotate-keys.ts';
import { archonSignMessage } from './hive-archon-sign-message.ts';
import { archonUpgrade } from './hive-archon-upgrade.ts';
import { archonVerifyContact } from './hive-archon-verify-contact.ts';

/** Adds the commands about who the node and its peers are. */
export function withIdentityMethods(
  plugin: Plugin,
  opened: () => ArchonServices,
  ready: () => ArchonServices,
): Plugin {
  return plugin
    .method('hive-archon-provision', archonProvision(opened))
    .method('hive-archon-rotate-keys', archonRotateKeys(opened))
    .method('hive-archon-rotate-did', archonRotateDid(opened))
    .method('hive-archon-import-identity', archonImportIdentity(opened))
    .method('hive-archon-upgrade', archonUpgrade(opened))
    .method('hive-archon-bind-cln', archonBindCln(opened))
    .method('hive-archon-bind-nostr', archonBindNostr(opened))
    .method('hive-archon-verify-contact', archonVerifyContact(ready))
    .method('hive-archon-receive-contact', archonReceiveContact(opened))
    .method('hive-archon-resolve', archonResolve(opened))
    .method('hive-archon-sign-message', archonSignMessage(opened))
    .method('hive-archon-process-outbox', archonProcessOutbox(opened))
    .method('hive-archon-prune', archonPrune(opened));
}
