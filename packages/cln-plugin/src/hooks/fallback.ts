import { isJsonObject, type JsonObject } from '@cl-hive/core';

/** What happens to an HTLC when its handler fails. */
export type HtlcFailurePolicy = 'continue' | 'fail';

/** `temporary_node_failure` (BOLT 4): the sender may try again. */
const TEMPORARY_NODE_FAILURE = '2002';

type Policy =
  /** Goes on as if the plugin were not there; a handler that returns nothing means the same. */
  | 'continue'
  /** Refuses the channel. */
  | 'reject'
  /** Passes on the PSBT that came. */
  | 'pass_psbt'
  /** As the author chose. */
  | 'chosen';

const POLICIES: Readonly<Record<string, Policy>> = {
  commitment_revocation: 'continue',
  custommsg: 'continue',
  htlc_accepted: 'chosen',
  invoice_payment: 'continue',
  onion_message_recv: 'continue',
  onion_message_recv_secret: 'continue',
  openchannel: 'reject',
  openchannel2: 'reject',
  openchannel2_changed: 'pass_psbt',
  openchannel2_sign: 'pass_psbt',
  peer_connected: 'continue',
  rbf_channel: 'reject',
  recover: 'continue',
  rpc_command: 'continue',
};

const CONTINUE: JsonObject = { result: 'continue' };

/** Whether lightningd has a hook of this name that a plugin may use. */
export function isHookName(name: string): boolean {
  return Object.hasOwn(POLICIES, name);
}

/** Whether a handler of this hook that returns nothing means "continue"; else it is a mistake. */
export function mayReturnNothing(name: string): boolean {
  return POLICIES[name] === 'continue';
}

/**
 * The safe answer of a hook whose handler threw, answered nonsense, or was too late. Undefined only
 * where lightningd sent no PSBT to pass on, which it never does: every answer would abort it.
 */
export function fallbackReply(
  name: string,
  payload: unknown,
  plugin: string,
  htlc: HtlcFailurePolicy,
): JsonObject | undefined {
  switch (POLICIES[name] ?? 'continue') {
    case 'reject':
      return { result: 'reject', error_message: `${plugin} could not decide on this channel` };
    case 'pass_psbt': {
      const psbt = psbtOf(name, payload);
      return psbt === undefined ? undefined : { result: 'continue', psbt };
    }
    case 'chosen':
      return htlc === 'fail'
        ? { result: 'fail', failure_message: TEMPORARY_NODE_FAILURE }
        : CONTINUE;
    case 'continue':
      return CONTINUE;
  }
}

function psbtOf(name: string, payload: unknown): string | undefined {
  const inner = isJsonObject(payload) ? (payload[name] ?? payload) : undefined;
  const psbt = isJsonObject(inner) ? inner['psbt'] : undefined;
  return typeof psbt === 'string' && psbt !== '' ? psbt : undefined;
}
