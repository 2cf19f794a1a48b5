import { option } from '@cl-hive/cln-plugin';

/** The options of the vault. */
export const VAULT_OPTIONS = {
  'hive-archon-vault-folder': option.string({
    description:
      'where archives of the databases go: a folder by its whole path, best on another disk',
    dynamic: true,
  }),
  'hive-archon-vault-keep': option.int({
    description: 'how many archives are kept',
    default: 7,
    min: 1,
    max: 1_000,
    dynamic: true,
  }),
  'hive-archon-vault-gatekeeper': option.bool({
    description:
      'put each archive, encrypted, at a Gatekeeper too (hive-archon-gatekeeper, hive-archon-network); what is there stays there for good',
    default: false,
    dynamic: true,
  }),
  'hive-archon-vault-hours': option.int({
    description: 'hours between two archives; 0: none is made by itself',
    default: 24,
    min: 0,
    max: 8_760,
    dynamic: true,
  }),
  'hive-archon-vault-recipients': option.strings({
    description:
      'a recovery key (age1...) that opens the archives too; may be given more than once',
  }),
} as const;
