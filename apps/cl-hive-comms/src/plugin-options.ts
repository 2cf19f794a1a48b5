import { option } from '@cl-hive/cln-plugin';
import { webhookFault } from './timers/webhook-url.ts';

/**
 * The options of cl-hive-comms beside that of its database. A bad relay, operator or webhook does not
 * keep the plugin from working: its status and the log say which value is not used.
 */
export const COMMS_OPTIONS = {
  'hive-comms-nostr-relays': option.strings({
    description:
      'a Nostr relay (wss://...) to be reached over; may be given more than once; none: Nostr is off',
  }),
  'hive-comms-clock-skew': option.int({
    description: 'how far the time of a request may be from the clock of this node, in seconds',
    default: 300,
    min: 10,
    max: 300,
    dynamic: true,
  }),
  'hive-comms-webhook': option.secret({
    description: 'a URL to which alerts are posted as JSON',
    dynamic: true,
    onChange: (url) => {
      const fault = url === '' || url === undefined ? undefined : webhookFault(url);
      if (fault !== undefined) {
        throw new Error(fault);
      }
    },
  }),
  'hive-comms-operator': option.string({
    description: 'your own Nostr key (npub1...), which is told what needs you',
  }),
} as const;
