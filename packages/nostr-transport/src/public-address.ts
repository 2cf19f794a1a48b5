import { isIP } from 'node:net';
import { CodedError } from '@cl-hive/core';
import { isPublicAddress } from '@cl-hive/net';
import { type RelayUrlErrorCode, relayUrl } from './relay-url.ts';

/**
 * The address of a relay that somebody else named, if this node may dial it: `wss:` with a public name or
 * address. What the name leads to is checked again when it is dialled.
 */
export function foreignRelayUrl(text: string): string | undefined {
  let url: string;
  try {
    url = relayUrl(text);
  } catch {
    return undefined;
  }
  const { protocol, hostname } = new URL(url);
  const address = hostname.replace(/^\[|\]$|\.$/g, '');
  if (protocol !== 'wss:' || (isIP(address) !== 0 && !isPublicAddress(address))) {
    return undefined;
  }
  const local = isIP(address) === 0 && (!address.includes('.') || LOCAL_NAME.test(address));
  return local ? undefined : url;
}

/**
 * The address of a relay of the node's own, as its operator names it: `wss:` anywhere, `ws:` only to this
 * machine, the own network or an onion service. Throws CodedError `relay_url`.
 */
export function ownRelayUrl(text: string): string {
  const url = relayUrl(text);
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const near =
    isIP(host) === 0 ? !host.includes('.') || LOCAL_NAME.test(host) : !isPublicAddress(host);
  if (protocol === 'ws:' && !near) {
    throw new CodedError<RelayUrlErrorCode>(
      'relay_url',
      `${url} is not encrypted: whoever is on the way sees which relay this node uses, and when`,
      { remedy: `use wss:// in the place of ws://` },
    );
  }
  return url;
}

const LOCAL_NAME = /\.(?:local|localhost|internal|lan|home|intranet|onion|arpa|test|invalid)$/;
