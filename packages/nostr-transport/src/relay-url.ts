import { CodedError } from '@cl-hive/core';

/** Why a text is not the address of a relay. */
export type RelayUrlErrorCode = 'relay_url';

const CHARS_MAX = 255;

/**
 * The one spelling of a relay's address under which it is known here: `ws:` or `wss:`, lower-case host,
 * no trailing slash, no fragment. Throws CodedError `relay_url`.
 */
export function relayUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw refused('it is no URL');
  }
  if (text.length > CHARS_MAX) {
    throw refused(`it is longer than ${CHARS_MAX} characters`);
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw refused(`it begins with ${url.protocol}//`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('it carries a user name or password');
  }
  url.hash = '';
  return url.href.replace(/\/+$/, '');
}

function refused(why: string): CodedError<RelayUrlErrorCode> {
  return new CodedError('relay_url', `this is not the address of a relay: ${why}`, {
    remedy: 'give it as wss://host or ws://host:port',
  });
}
