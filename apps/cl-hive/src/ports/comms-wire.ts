import type { RpcClient } from '@cl-hive/cln-rpc';
import { bytesToHex, isJsonObject, type JsonValue, type NodeId } from '@cl-hive/core';
import { SEND_MS } from '../limits.ts';
import type { WirePort } from './ports.ts';

/** Messages through cl-hive-comms. A send that may have left counts as sent: nothing is sent twice. */
export function commsWire(rpc: Pick<RpcClient, 'raw'>): WirePort {
  const hand = async (to: NodeId, topic: string, payload: JsonValue): Promise<boolean> => {
    const params = { topic, payload, node: to, transport: 'bolt8' };
    const answer = await rpc.raw('hive-comms-send', params, { timeoutMs: SEND_MS });
    return !isJsonObject(answer) || answer['outcome'] !== 'failed';
  };
  return {
    send: (to, bytes) => hand(to, 'hive:wire', bytesToHex(bytes)),
    sendNative: (to, topic, payload) => hand(to, `hive:${topic}`, payload),
  };
}

/** Asks cl-hive-comms to hand over what comes in for the hive. */
export async function registerWithComms(rpc: Pick<RpcClient, 'raw'>): Promise<void> {
  const params = { topic: 'hive:*', method: 'hive-inject-packet' };
  await rpc.raw('hive-comms-register-handler', params, { timeoutMs: SEND_MS });
}
