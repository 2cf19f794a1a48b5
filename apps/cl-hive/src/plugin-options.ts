import { option } from '@cl-hive/cln-plugin';

/** The options of cl-hive beside that of its database. */
export const HIVE_OPTIONS = {
  'hive-auto-join': option.bool({
    description:
      'join by a channel alone: say HELLO to peers with a channel, and let such candidates in without a ticket',
    default: false,
    dynamic: true,
  }),
} as const;
