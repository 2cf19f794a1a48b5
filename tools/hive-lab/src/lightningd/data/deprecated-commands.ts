import type { Deprecation } from '../rules/deprecation.ts';

/** Commands that lightningd v26.06.6 refuses where deprecated APIs are off; all go in v27.03. */
export const DEPRECATED_COMMANDS: Readonly<Record<string, Deprecation>> = {
  getroute: { start: 'v26.06', end: 'v27.03' },
  keysend: { start: 'v26.06', end: 'v27.03' },
  paystatus: { start: 'v26.06', end: 'v27.03' },
  renepay: { start: 'v26.06', end: 'v27.03' },
  renepaystatus: { start: 'v26.06', end: 'v27.03' },
};
