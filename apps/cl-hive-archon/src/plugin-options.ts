import { option } from '@cl-hive/cln-plugin';
import { GATEKEEPERS_MAX } from './limits.ts';

/** Why a text cannot be a Gatekeeper's address; undefined for one that can. */
export function gatekeeperFault(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'it is no URL';
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'a Gatekeeper starts with https:// or http://';
  }
  return url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== ''
    ? 'a Gatekeeper is named by host, port and path alone'
    : undefined;
}

/** The options of cl-hive-archon beside that of its database. */
export const ARCHON_OPTIONS = {
  'hive-archon-network': option.bool({
    description:
      'ask the Gatekeepers that are named for DIDs of others, and tell them those of this node; off: nothing leaves',
    default: false,
    dynamic: true,
  }),
  'hive-archon-gatekeeper': option.strings({
    description:
      'URL of an Archon Gatekeeper, the preferred one first; may be given more than once. An address of the own network has to stand there as a number or as localhost',
    validate: (urls) =>
      urls.length > GATEKEEPERS_MAX
        ? `at most ${GATEKEEPERS_MAX} Gatekeepers`
        : urls.map(gatekeeperFault).find((fault) => fault !== undefined),
  }),
  'hive-archon-revocation-grace': option.int({
    description:
      'minutes for which a credential of another issuer still counts when nobody can be asked whether it was revoked, beyond the hour of the cache',
    default: 0,
    min: 0,
    max: 1440,
    dynamic: true,
  }),
} as const;

/** The options as the services use them; dynamic ones are read each time. */
export function archonSettings(options: Readonly<Record<string, unknown>>) {
  const urls = options['hive-archon-gatekeeper'];
  return {
    gatekeepers: Array.isArray(urls) ? urls.map(String) : [],
    network: () => options['hive-archon-network'] === true,
    graceMs: () => Number(options['hive-archon-revocation-grace'] ?? 0) * 60_000,
  };
}
