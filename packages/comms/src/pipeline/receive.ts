import { err, type JsonObject, type NodeId, ok, type Result } from '@cl-hive/core';
import {
  decodeRequest,
  type ManagementCommand,
  parseCommand,
  type RequestEnvelope,
} from '@cl-hive/protocol';
import type { RateLimiter } from '../gate/rate-limiter.ts';
import { isTimely } from '../gate/timestamp.ts';
import { RATE_DANGEROUS_FROM } from '../limits.ts';
import type { Refusal } from './reason.ts';
import type { Moment } from './write.ts';

/** Bytes that came in over a transport, with what the transport knows about them. */
export interface Inbound {
  readonly bytes: Uint8Array;
  readonly transport: string;
  /** Who the transport saw sending: the key of a verified event, a rune's id, a peer. */
  readonly source: string;
  /** How to answer; the transport's own. */
  readonly route: JsonObject;
  /** What the transport can show for the sender; the authenticator's own. */
  readonly evidence: JsonObject;
}

/** What the first stages need to know. */
export interface GateContext {
  readonly node: NodeId;
  readonly skewSeconds: number;
  readonly moment: Moment;
  /** Monotonic milliseconds, for rates. */
  readonly monotonicMs: number;
  /** The limiter of sources before anybody is known. */
  readonly strangers: RateLimiter;
  /** The limiter of principals, which strangers cannot fill. */
  readonly principals: RateLimiter;
}

/** A request that may be authenticated; its command is parsed once, here. */
export interface Received {
  readonly envelope: RequestEnvelope;
  readonly command: Result<ManagementCommand, Refusal>;
  /** The command's danger; 9 when there is none such. */
  readonly danger: number;
}

/** A refusal, with the envelope where it could be read. */
export interface EarlyRefusal {
  readonly refusal: Refusal;
  readonly envelope: RequestEnvelope | undefined;
}

function refuse(
  refusal: Refusal,
  envelope?: RequestEnvelope,
): { readonly ok: false; readonly error: EarlyRefusal } {
  return err({ refusal, envelope });
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

/** The refusal of somebody who asks too often; undefined when it may go on. */
export function checkRate(
  limiter: RateLimiter,
  key: string,
  danger: number,
  monotonicMs: number,
): Refusal | undefined {
  const verdict = limiter.take(key, danger >= RATE_DANGEROUS_FROM, monotonicMs);
  return verdict.ok
    ? undefined
    : {
        code: verdict.dangerous ? 'rate_limited_dangerous' : 'rate_limited',
        message: verdict.dangerous ? 'too many dangerous requests' : 'too many requests',
        remedy: `wait ${seconds(verdict.retryAfterMs)} seconds`,
      };
}

/** Size, form, node, clock and rate of the source: all that can be judged before anybody is known. */
export function receive(inbound: Inbound, context: GateContext): Result<Received, EarlyRefusal> {
  const decoded = decodeRequest(inbound.bytes);
  if (!decoded.ok) {
    const { code, message, remedy } = decoded.error;
    return refuse({ code, message, remedy: remedy ?? '' });
  }
  const envelope = decoded.value;
  if (envelope.node !== context.node) {
    const message = 'the envelope is for another node';
    return refuse({ code: 'wrong_node', message, remedy: `sign for ${context.node}` }, envelope);
  }
  const { now } = context.moment;
  if (!isTimely(envelope.timestamp, now, context.skewSeconds)) {
    const message = `the timestamp is more than ${context.skewSeconds} seconds from the node's clock`;
    const remedy = `set your clock: here it is ${Math.floor(now / 1000)}`;
    return refuse({ code: 'clock_skew', message, remedy }, envelope);
  }
  const parsed = parseCommand(envelope.schema, envelope.action, envelope.params);
  const { danger } = parsed.ok ? parsed.value : parsed.error;
  const source = `${inbound.transport}/${inbound.source}`;
  const limited = checkRate(context.strangers, source, danger, context.monotonicMs);
  if (limited !== undefined) {
    return refuse(limited, envelope);
  }
  return ok({ envelope, command: parsed, danger });
}
