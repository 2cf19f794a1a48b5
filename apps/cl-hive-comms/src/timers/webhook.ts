import { CodedError, type NodeId, stringifyJson } from '@cl-hive/core';
import type { AlertSink } from './alert-office.ts';

/** Time for a webhook to answer, ms. */
const TIMEOUT_MS = 10_000;

/**
 * Posts messages as JSON to the operator's own URL. It follows no redirect, reads nothing of the
 * answer but its status, and names the URL in no error: it may hold a secret.
 */
export function webhookSink(url: () => string | undefined, node: NodeId): AlertSink {
  return {
    id: 'webhook',
    on: () => url() !== undefined,
    tell: async ({ type, text, data }) => {
      const target = url();
      if (target === undefined) {
        return;
      }
      let status: number;
      try {
        const response = await fetch(target, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: stringifyJson({ type: `hive.${type}`, node, text, ...data }),
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        ({ status } = response);
        await response.body?.cancel();
      } catch (cause) {
        throw new CodedError('webhook_unreachable', 'the webhook does not answer', { cause });
      }
      if (status < 200 || status > 299) {
        throw new CodedError('webhook_refused', `the webhook answers ${status}`);
      }
    },
  };
}
