import { type RequestEnvelope, requestDigest, requestToJson } from '@cl-hive/protocol';
import { judgeNonce } from '../gate/nonce.ts';
import { RATE_DANGEROUS_FROM } from '../limits.ts';
import type { Refusal } from './reason.ts';
import { recordText } from './receipt-data.ts';
import type { Moment, Write } from './write.ts';

/** A request of a known sender that holds no command of the registry. */
export interface Malformed {
  readonly principal: string;
  readonly envelope: RequestEnvelope;
  readonly refusal: Refusal;
  readonly danger: number;
}

/**
 * What is stored about a request without a command: its nonce, and a receipt where it counts as
 * dangerous. A nonce that was used stores nothing, so that a copy leaves no second receipt.
 */
export function decideMalformed(
  malformed: Malformed,
  snapshot: { readonly epoch: number; readonly highestNonce: number },
  moment: Moment,
): readonly Write[] {
  const { principal, envelope, refusal, danger } = malformed;
  const { nonce, epoch } = envelope;
  const fresh = judgeNonce(nonce, snapshot.highestNonce, moment.now).kind === 'fresh';
  if (!fresh || epoch !== snapshot.epoch) {
    return [];
  }
  const claimed: Write = { kind: 'nonce', principal, nonce };
  if (danger < RATE_DANGEROUS_FROM) {
    return [claimed];
  }
  const data = {
    principal,
    danger,
    schema: recordText(envelope.schema),
    action: recordText(envelope.action),
    request: requestToJson(envelope),
    request_digest: requestDigest(envelope),
    code: refusal.code,
  };
  return [claimed, { kind: 'receipt', draft: { kind: 'refusal', at: moment.now, data } }];
}
