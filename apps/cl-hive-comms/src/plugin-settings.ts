import type { PluginContext } from '@cl-hive/cln-plugin';
import { isCodedError } from '@cl-hive/core';
import { parsePublicKey } from './identity/nostr-key.ts';
import { webhookFault } from './timers/webhook-url.ts';
import type { OptionProblem } from './transports/relay-list.ts';

/** The options as they are used. */
export interface GivenOptions {
  readonly relays: readonly string[];
  /** x-only public key. */
  readonly operator: string | undefined;
  readonly webhook: () => string | undefined;
  readonly skewSeconds: () => number;
  /** Values that are of no use; what they ask for is left undone, all else works. */
  readonly problems: () => readonly OptionProblem[];
}

/** Reads the options; a value that is of no use is told, and costs nothing else. */
export function readOptions({ options }: PluginContext): GivenOptions {
  const values = options as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const relays = values['hive-comms-nostr-relays'];
  const operator = readOperator(text('hive-comms-operator'));
  const webhook = (): string | undefined => text('hive-comms-webhook');
  const fault = (): string | undefined => {
    const url = webhook();
    return url === undefined ? undefined : webhookFault(url);
  };
  return {
    relays: Array.isArray(relays) ? relays.map(String) : [],
    operator: operator.key,
    webhook: () => (fault() === undefined ? webhook() : undefined),
    skewSeconds: () => Number(values['hive-comms-clock-skew']),
    problems: () => {
      const message = fault();
      const remedy = 'lightning-cli setconfig hive-comms-webhook https://...';
      const option = 'hive-comms-webhook';
      return [
        ...operator.problems,
        ...(message === undefined ? [] : [{ option, code: 'webhook_invalid', message, remedy }]),
      ];
    },
  };
}

function readOperator(text: string | undefined): {
  readonly key: string | undefined;
  readonly problems: readonly OptionProblem[];
} {
  if (text === undefined) {
    return { key: undefined, problems: [] };
  }
  try {
    return { key: parsePublicKey(text), problems: [] };
  } catch (error) {
    if (!isCodedError(error)) {
      throw error;
    }
    const { code, message, remedy = '' } = error;
    // Somebody may have given the secret key in the place of the public one.
    const value = text.startsWith('npub1') ? { value: text.slice(0, 100) } : {};
    const option = 'hive-comms-operator';
    return { key: undefined, problems: [{ option, ...value, code, message, remedy }] };
  }
}
