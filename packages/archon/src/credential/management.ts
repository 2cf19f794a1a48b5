import {
  anyJson,
  array,
  DecodeError,
  type Decoder,
  integer,
  isJsonObject,
  type JsonObject,
  type NodeId,
  nodeIdDecoder,
  object,
  oneOf,
  optional,
  text,
} from '@cl-hive/core';
import { TIERS, type Tier, tierCovers } from '@cl-hive/protocol';
import { CREDENTIAL_LIST_MAX } from '../limits.ts';
import type { Credential } from './credential.ts';

/** Type and schema of a credential that lets its subject manage a node. */
export const MANAGEMENT_TYPE = 'HiveManagementGrant';
export const MANAGEMENT_SCHEMA = 'urn:cl-hive:management-grant:v1';

/** What a management credential lets its subject do, on one node. */
export interface ManagementGrant {
  readonly node: NodeId;
  /** `advice`: reads are answered, all else waits for a person. */
  readonly mode: 'advice' | 'act';
  readonly tier: Tier;
  /** Schemas, or actions written `schema action`; `all` for every one within the tier. */
  readonly actions: readonly string[] | 'all';
  /** Highest danger, 1 to 10. */
  readonly dangerMax: number;
  /** Further terms of the grant, as cl-hive-comms takes them (spend, close, limits). */
  readonly terms: JsonObject;
}

const actionsDecoder: Decoder<readonly string[] | 'all'> = (input) =>
  input === 'all' ? 'all' : array(text(200), CREDENTIAL_LIST_MAX)(input);

const termsDecoder: Decoder<JsonObject> = (input) => {
  const terms = anyJson(input);
  const known = ['spend', 'close', 'force_close', 'limits'];
  if (!isJsonObject(terms) || Object.keys(terms).some((key) => !known.includes(key))) {
    throw new DecodeError(`an object of ${known.join(', ')}`, input);
  }
  return terms;
};

const fields = object({
  node: nodeIdDecoder,
  mode: oneOf('advice', 'act'),
  tier: oneOf(...TIERS),
  actions: actionsDecoder,
  danger_max: integer(1, 10),
  terms: optional(termsDecoder),
});

/** Reads the claims of a management credential. Throws DecodeError. */
export function readManagementGrant(claims: JsonObject): ManagementGrant {
  const { node, mode, tier, actions, danger_max: dangerMax, terms = {} } = fields(claims);
  return { node, mode, tier, actions, dangerMax, terms };
}

/** The claims of a management credential. */
export function managementClaims(grant: ManagementGrant): JsonObject {
  const { node, mode, tier, actions, dangerMax: danger_max, terms } = grant;
  return { node, mode, tier, actions, danger_max, terms };
}

/** An action that somebody asks for. */
export interface AskedAction {
  readonly node: NodeId;
  readonly schema: string;
  readonly action: string;
  readonly tier: Tier;
  /** 1 to 10. */
  readonly danger: number;
}

/** Why a management credential does not cover an action. */
export type ScopeFaultCode =
  | 'not_management'
  | 'other_node'
  | 'scope_tier'
  | 'scope_action'
  | 'scope_danger';

/** What keeps a credential from covering an action; undefined when it does. */
export function scopeFault(
  credential: Credential,
  asked: AskedAction,
): { readonly code: ScopeFaultCode; readonly message: string } | undefined {
  if (credential.types[1] !== MANAGEMENT_TYPE || credential.schema !== MANAGEMENT_SCHEMA) {
    return { code: 'not_management', message: 'it is no management credential' };
  }
  const { node, tier, actions, dangerMax } = readManagementGrant(credential.claims);
  if (node !== asked.node) {
    return { code: 'other_node', message: `it is for the node ${node}` };
  }
  if (!tierCovers(tier, asked.tier)) {
    return { code: 'scope_tier', message: `it reaches to the tier ${tier}, not ${asked.tier}` };
  }
  const named = `${asked.schema} ${asked.action}`;
  if (actions !== 'all' && !actions.includes(asked.schema) && !actions.includes(named)) {
    return { code: 'scope_action', message: `it does not name ${named}` };
  }
  return asked.danger > dangerMax
    ? { code: 'scope_danger', message: `it reaches to danger ${dangerMax}, not ${asked.danger}` }
    : undefined;
}
