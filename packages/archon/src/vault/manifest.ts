import {
  array,
  type Decoded,
  DecodeError,
  hex,
  integer,
  type JsonObject,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  text,
} from '@cl-hive/core';
import { OWNERS, type Owner } from '@cl-hive/store';
import { readStatement } from '../statement/statement.ts';
import { damaged } from './bytes.ts';
import { vaultError } from './errors.ts';
import { COMPONENT_BYTES_MAX, COMPONENT_TABLES_MAX } from './limits.ts';

/** The format that this program writes, and the newest that it reads. */
export const VAULT_FORMAT = 1;

const component = object({
  name: oneOf<Owner>(...OWNERS),
  bytes: integer(1, COMPONENT_BYTES_MAX),
  sha256: hex(32),
  database_id: text(64),
  generation: integer(0),
  schema_version: integer(0),
  /** Unix milliseconds. */
  taken_at: integer(0),
  tables: array(
    object({ name: text(128), rows: integer(0), digest: hex(32) }),
    COMPONENT_TABLES_MAX,
  ),
});

const decode = object({
  type: oneOf('cl-hive-vault'),
  format: integer(1),
  node: nodeIdDecoder,
  network: text(32),
  /** Counts this node's archives. */
  sequence: integer(1),
  taken_at: integer(0),
  /** Whether all components are of one moment, or each of its own. */
  one_moment: integer(0, 1),
  version: text(64),
  components: array(component, OWNERS.length),
});

/** What an archive holds: signed by its node, inside of what is encrypted. */
export type VaultManifest = Decoded<typeof decode>;

/** One database in an archive. */
export type VaultComponent = VaultManifest['components'][number];

/** Whose archives are taken. */
export interface VaultOwner {
  readonly node: NodeId;
  readonly network: string;
}

/** The names that a body gives its components, whatever they are. */
function namesIn(body: JsonObject): readonly unknown[] {
  const components = body['components'];
  return Array.isArray(components)
    ? components.map((one: unknown) => (one as { name?: unknown } | null)?.name)
    : [];
}

/**
 * Reads a manifest as it stands in an archive. Throws `vault_unsigned`, `vault_other_node`,
 * `vault_other_network`, `vault_newer`, `vault_forbidden`, `vault_damaged`.
 */
export function readManifest(input: unknown, owner: VaultOwner): VaultManifest {
  const statement = readStatement('vault', input);
  if (statement === undefined) {
    const remedy = 'use an archive that this node made';
    throw vaultError('vault_unsigned', 'no node signed what the archive holds', remedy);
  }
  const { body, signer } = statement;
  if (signer !== owner.node || body['node'] !== owner.node) {
    const options = { data: { found: signer, node: owner.node } };
    const remedy = 'give an archive of this node; another node is not restored over it';
    throw vaultError('vault_other_node', `the archive is of the node ${signer}`, remedy, options);
  }
  if (body['network'] !== owner.network) {
    const remedy = `give an archive of ${owner.network}`;
    throw vaultError('vault_other_network', 'the archive is of another network', remedy);
  }
  if (typeof body['format'] === 'number' && body['format'] > VAULT_FORMAT) {
    const remedy = 'install the version that made it, or a later one';
    throw vaultError('vault_newer', 'the archive was made by a newer version', remedy);
  }
  const strange = namesIn(body).find((name) => !(OWNERS as readonly unknown[]).includes(name));
  if (strange !== undefined) {
    throw vaultError(
      'vault_forbidden',
      `the archive holds ${JSON.stringify(strange)}, which a vault never holds`,
      'bring channel state back by emergencyrecover or from lightningd’s own replica, never from an old copy',
    );
  }
  try {
    const manifest = decode(body);
    const names = manifest.components.map(({ name }) => name);
    if (names.length === 0 || new Set(names).size !== names.length) {
      throw new DecodeError('each component once', names.length);
    }
    return manifest;
  } catch (cause) {
    throw damaged('its manifest is none', cause);
  }
}
