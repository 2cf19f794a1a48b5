import { rawText } from './json-members.ts';

/** What lightningd will not copy into an id. */
// oxlint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f\u007f]/;

/**
 * The id that lightningd gives a request to a plugin: `"<caller's id>/cln:<method>#<n>"`, as a JSON
 * token with its quotes. `callerId` is the raw token of the request that caused it.
 */
export function chainedId(callerId: string | undefined, method: string, n: number): string {
  if (callerId === undefined) {
    return `"cln:${method}#${n}"`;
  }
  const inner = rawText(callerId);
  return `"${NEEDS_ESCAPE.test(inner) ? 'weird-id' : inner}/cln:${method}#${n}"`;
}
