/** Why a URL cannot be a webhook; undefined for one that can. */
export function webhookFault(url: string): string | undefined {
  try {
    const { protocol } = new URL(url);
    return protocol === 'https:' || protocol === 'http:'
      ? undefined
      : 'a webhook starts with https:// or http://';
  } catch {
    return 'it is no URL';
  }
}
