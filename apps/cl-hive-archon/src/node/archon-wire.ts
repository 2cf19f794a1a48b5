import type { RpcClient } from '@cl-hive/cln-rpc';
import { describeError, isJsonObject, type JsonValue, type NodeId } from '@cl-hive/core';

/** cl-hive-comms sends, or queues, within this time; ms. */
const SEND_MS = 30_000;

/** What this plugin says to that of another node. */
export type ArchonTopic =
  | 'poll'
  | 'ballots'
  | 'sync'
  | 'want'
  | 'share'
  | 'share-answer'
  | 'share-request'
  | 'share-cancel'
  | 'share-release'
  | 'dmail';

/** Whether a message left, or surely did not. What may have left counts as sent: it is safe to repeat. */
export type SendToArchon = (
  to: NodeId,
  topic: ArchonTopic,
  payload: JsonValue,
  sensitivity?: 'routine' | 'sensitive',
) => Promise<{ readonly sent: boolean; readonly why: string }>;

/** Sends through cl-hive-comms. */
export function archonWire(rpc: Pick<RpcClient, 'raw'>): SendToArchon {
  return async (to, topic, payload, sensitivity = 'routine') => {
    // A dmail is sealed already: it goes from node to node, never by dmail again.
    const way = topic === 'dmail' ? { transport: 'bolt8' } : {};
    const params = { topic: `archon:${topic}`, payload, node: to, sensitivity, ...way };
    try {
      const answer = await rpc.raw('hive-comms-send', params, { timeoutMs: SEND_MS });
      const { outcome, message, transport } = isJsonObject(answer) ? answer : {};
      const why = [message, transport, outcome].find((one) => typeof one === 'string');
      return { sent: outcome !== 'failed', why: why ?? 'no word' };
    } catch (error) {
      return { sent: false, why: describeError(error) };
    }
  };
}

/** Asks cl-hive-comms to hand over what comes in for this plugin. */
export async function registerWithComms(rpc: Pick<RpcClient, 'raw'>): Promise<void> {
  const params = { topic: 'archon:*', method: 'hive-archon-message' };
  await rpc.raw('hive-comms-register-handler', params, { timeoutMs: SEND_MS });
}
