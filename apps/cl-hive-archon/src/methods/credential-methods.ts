import type { Plugin } from '@cl-hive/cln-plugin';
import type { ArchonServices } from '../services.ts';
import { archonAccept } from './hive-archon-accept.ts';
import { archonAuthorize } from './hive-archon-authorize.ts';
import { archonCredentials } from './hive-archon-credentials.ts';
import { archonIssue } from './hive-archon-issue.ts';
import { archonIssuers } from './hive-archon-issuers.ts';
import { archonPresent } from './hive-archon-present.ts';
import { archonReputation } from './hive-archon-reputation.ts';
import { archonRevoke } from './hive-archon-revoke.ts';
import { archonVerify } from './hive-archon-verify.ts';

/** Adds the commands about credentials. */
export function withCredentialMethods(
  plugin: Plugin,
  opened: () => ArchonServices,
  ready: () => ArchonServices,
): Plugin {
  return plugin
    .method('hive-archon-issue', archonIssue(opened))
    .method('hive-archon-accept', archonAccept(opened))
    .method('hive-archon-present', archonPresent(ready))
    .method('hive-archon-verify', archonVerify(opened))
    .method('hive-archon-revoke', archonRevoke(opened))
    .method('hive-archon-credentials', archonCredentials(opened))
    .method('hive-archon-issuers', archonIssuers(opened))
    .method('hive-archon-reputation', archonReputation(opened))
    .method('hive-archon-authorize', archonAuthorize(opened));
}
