import { CodedError } from '@cl-hive/core';

/** Why the vault refused or failed; the closed list. */
export type VaultErrorCode =
  /** A key is no age key. */
  | 'vault_key_invalid'
  /** No key that was given opens the archive. */
  | 'vault_key_wrong'
  /** The archive is changed, cut short, or no archive. */
  | 'vault_damaged'
  /** The archive's manifest is not signed by this node. */
  | 'vault_unsigned'
  /** The archive is of another node. */
  | 'vault_other_node'
  /** The archive is of another network. */
  | 'vault_other_network'
  /** The archive was made by a newer program. */
  | 'vault_newer'
  /** The archive holds what a vault never holds, such as channel state. */
  | 'vault_forbidden'
  /** The archive has no such component. */
  | 'vault_component'
  /** A name that is not taken as one of a file. */
  | 'vault_name'
  /** A folder that is not safe to write to. */
  | 'vault_place'
  /** There is no such archive. */
  | 'vault_missing'
  /** The archive's name is taken. */
  | 'vault_exists'
  /** Restoring would lose what was written since; a person has to accept that. */
  | 'vault_older'
  /** What was confirmed is not what would be done now. */
  | 'vault_changed'
  /** A backup or restore is under way. */
  | 'vault_busy'
  /** No Gatekeeper gives back what was put there, or none is asked. */
  | 'vault_gatekeeper'
  /** A plugin did not hand its database over, or does not take it. */
  | 'vault_plugin';

/** A fault of the vault. */
export type VaultError = CodedError<VaultErrorCode>;

/** Makes a {@link VaultError}. */
export function vaultError(
  code: VaultErrorCode,
  message: string,
  remedy: string,
  options: { readonly data?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): VaultError {
  return new CodedError<VaultErrorCode>(code, message, { remedy, ...options });
}
