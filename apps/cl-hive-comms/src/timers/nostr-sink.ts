import { CodedError } from '@cl-hive/core';
import type { TransportPort } from '../transports/transport-port.ts';
import type { AlertSink } from './alert-office.ts';

/** Tells the operator's own Nostr key in plain words, which any client shows. */
export function nostrSink(key: string, transport: () => TransportPort | undefined): AlertSink {
  return {
    id: 'nostr',
    on: () => true,
    tell: async ({ text }) => {
      const nostr = transport();
      if (nostr === undefined) {
        throw new CodedError('nostr_off', 'the Nostr transport is off', {
          remedy: 'add a relay: hive-client-identity -k action=relays add=wss://...',
        });
      }
      const outcome = await nostr.send({ nostr: key }, Buffer.from(text, 'utf8'));
      if (outcome.kind === 'failed') {
        throw new CodedError(outcome.code, outcome.message, { remedy: outcome.remedy });
      }
    },
  };
}
