import { type Clock, CodedError, isCodedError, type NodeId, stringifyJson } from '@cl-hive/core';
import { guardedRequest, leadsInside, type Resolve } from '@cl-hive/net';
import type { AlertSink } from './alert-office.ts';

/** Time for a webhook to answer, ms. */
const TIMEOUT_MS = 10_000;

/** Bytes of an answer that are read, and thrown away. */
const ANSWER_BYTES_MAX = 65_536;

/** What a webhook works with. */
export interface WebhookParts {
  readonly url: () => string | undefined;
  readonly node: NodeId;
  readonly clock: Pick<Clock, 'after'>;
  readonly resolve?: Resolve;
}

/**
 * Posts messages as JSON to the operator's own URL. A name that leads inside is not followed there: only
 * an address that the operator wrote as a number, or `localhost`, may be of the own network. It follows no
 * redirect, uses nothing of the answer but its status, and names the URL in no error: it may hold a secret.
 */
export function webhookSink({ url, node, clock, resolve }: WebhookParts): AlertSink {
  return {
    id: 'webhook',
    on: () => url() !== undefined,
    tell: async ({ type, text, data }) => {
      const target = url();
      if (target === undefined) {
        return;
      }
      const body = stringifyJson({ type: `hive.${type}`, node, text, ...data });
      const status = await post(new URL(target), body, clock, resolve);
      if (status < 200 || status > 299) {
        throw new CodedError('webhook_refused', `the webhook answers ${status}`);
      }
    },
  };
}

async function post(
  url: URL,
  body: string,
  clock: Pick<Clock, 'after'>,
  resolve: Resolve | undefined,
): Promise<number> {
  try {
    const { status } = await guardedRequest(
      {
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(body, 'utf8'),
        bytesMax: ANSWER_BYTES_MAX,
        totalMs: TIMEOUT_MS,
        allowPrivate: leadsInside(url),
      },
      { clock, ...(resolve === undefined ? {} : { resolve }) },
    );
    return status;
  } catch (cause) {
    throw isCodedError(cause, 'address_private')
      ? new CodedError('webhook_private', 'the name of the webhook leads into a private network', {
          remedy:
            'write an address of your own network as a number, such as http://192.168.1.2:8080',
        })
      : new CodedError('webhook_unreachable', 'the webhook does not answer', { cause });
  }
}
