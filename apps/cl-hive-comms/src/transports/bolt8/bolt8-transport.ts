import {
  type CustommsgNotification,
  listpeers,
  type RpcClient,
  RpcError,
  type RpcFault,
  sendcustommsg,
} from '@cl-hive/cln-rpc';
import {
  bytesToHex,
  type Clock,
  describeError,
  hexToBytes,
  isCodedError,
  isNodeId,
  type JsonObject,
  type NodeId,
  type Random,
} from '@cl-hive/core';
import { SenderRates } from '../../registry/sender-rates.ts';
import { SENDER_BURST, SENDER_PER_SECOND, SENDERS_MAX } from '../limits.ts';
import type {
  IncomingMessage,
  MessageHandler,
  Reach,
  SendOutcome,
  Target,
  TransportHealth,
  TransportPort,
} from '../transport-port.ts';
import { COMMS_TYPE, framesOf, HIVE_TYPE, messageTypeOf, PARTS_MAX, readFrame } from './frame.ts';
import { Reassembly } from './reassembly.ts';

/** What the transport works with. */
export interface Bolt8Parts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** Longest wait for lightningd to queue a message, ms: it does not wait for the peer. */
const CALL_MS = 10_000;

/** Parts that one peer may deliver: its messages, each in the most parts there are. */
const PART_RATES = {
  burst: SENDER_BURST * PARTS_MAX,
  perSecond: SENDER_PER_SECOND * PARTS_MAX,
  senders: SENDERS_MAX,
};

/**
 * Custom messages between connected nodes (BOLT 1, BOLT 8). They come in by the notification, which
 * never makes a peer's traffic wait, and their sender is the peer, whose key the connection proves.
 */
export class Bolt8Transport implements TransportPort {
  readonly id = 'bolt8';
  readonly seal = 'link';
  readonly verifies = 'lightning';
  readonly #parts: Bolt8Parts;
  readonly #rates = new SenderRates(PART_RATES);
  readonly #reassembly = new Reassembly();
  readonly #counts = { received: 0, sent: 0, not_sent: 0, over_rate: 0, malformed: 0 };
  #handle: MessageHandler | undefined;

  constructor(parts: Bolt8Parts) {
    this.#parts = parts;
  }

  /** Takes the notification `custommsg`; types of others are left alone. */
  take({ peer_id: peer, payload }: CustommsgNotification): void {
    const type = messageTypeOf(payload);
    if (this.#handle === undefined || (type !== COMMS_TYPE && type !== HIVE_TYPE)) {
      return;
    }
    const now = this.#parts.clock.monotonic();
    if (!this.#rates.take(peer, now)) {
      this.#counts.over_rate += 1;
      return;
    }
    const message = hexToBytes(payload);
    const body = type === HIVE_TYPE ? message : this.#assemble(peer, message, now);
    if (body !== undefined) {
      this.#counts.received += 1;
      void this.#handle(incoming(peer, body));
    }
  }

  async reach({ node }: Target): Promise<Reach> {
    if (node === undefined) {
      return { kind: 'none', reason: 'the target has no node id' };
    }
    const { peers } = await this.#parts.rpc.call(listpeers, { id: node }, { timeoutMs: CALL_MS });
    return peers.some((peer) => peer.id === node && peer.connected)
      ? { kind: 'now' }
      : { kind: 'none', reason: 'the node is not connected' };
  }

  health(): TransportHealth {
    const { size, dropped } = this.#reassembly;
    return { state: 'up', detail: { ...this.#counts, unfinished: size, given_up: dropped } };
  }

  async send({ node }: Target, body: Uint8Array): Promise<SendOutcome> {
    if (node === undefined) {
      return failed('target_unreachable', 'the target has no node id', 'name the node');
    }
    const outcome = await this.#sendAll(node, framesOf(body, this.#parts.random.bytes(8)));
    this.#counts[outcome.kind === 'sent' ? 'sent' : 'not_sent'] += 1;
    return outcome;
  }

  async reply(route: JsonObject, body: Uint8Array): Promise<SendOutcome> {
    const { peer } = route;
    return isNodeId(peer)
      ? this.send({ node: peer }, body)
      : failed('route_invalid', 'the route names no peer', 'ask again with the same nonce');
  }

  onMessage(handler: MessageHandler): void {
    this.#handle = handler;
  }

  async close(): Promise<void> {
    this.#handle = undefined;
  }

  #assemble(peer: NodeId, message: Uint8Array, now: number): Uint8Array | undefined {
    const frame = readFrame(message);
    if (frame === undefined) {
      this.#counts.malformed += 1;
      return undefined;
    }
    return this.#reassembly.take(peer, frame, now);
  }

  async #sendAll(node: NodeId, frames: readonly Uint8Array[]): Promise<SendOutcome> {
    for (const [index, frame] of frames.entries()) {
      try {
        const params = { node_id: node, msg: bytesToHex(frame) };
        await this.#parts.rpc.call(sendcustommsg, params, { timeoutMs: CALL_MS });
      } catch (error) {
        return faulted(error, index === frames.length - 1);
      }
    }
    return { kind: 'sent', detail: { peer: node, parts: frames.length } };
  }
}

function incoming(peer: NodeId, body: Uint8Array): IncomingMessage {
  const sender = { scheme: 'lightning', key: peer } as const;
  return { transport: 'bolt8', sender, body, route: { peer } };
}

function failed(
  code: 'target_unreachable' | 'route_invalid' | 'send_failed',
  message: string,
  remedy: string,
): SendOutcome {
  return { kind: 'failed', code, message, remedy };
}

/** A message without its last part never becomes one; only the last part may have been sent unseen. */
function faulted(error: unknown, last: boolean): SendOutcome {
  const message = describeError(error);
  if (error instanceof RpcError) {
    return failed('target_unreachable', message, 'connect to the node, or use another transport');
  }
  const sent = isCodedError(error) && (error as RpcFault).data['sent'] !== false;
  const remedy = 'look whether the message arrived before sending it again';
  return last && sent
    ? { kind: 'unknown', code: 'send_failed', message, remedy }
    : failed('send_failed', message, 'try again');
}
