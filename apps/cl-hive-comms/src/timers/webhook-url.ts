import { isIP } from 'node:net';

/** Why a URL cannot be a webhook; undefined for one that can. */
export function webhookFault(url: string): string | undefined {
  try {
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:' && protocol !== 'http:') {
      return 'a webhook starts with https:// or http://';
    }
    // 2130706433 and 0x7f.1 are 127.0.0.1 too: whoever reads the option has to see where it leads.
    return isIP(hostname) === 4 && !url.includes(hostname)
      ? `its address is written in a disguise: it is ${hostname}`
      : undefined;
  } catch {
    return 'it is no URL';
  }
}
