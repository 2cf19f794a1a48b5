import type { Did, ManagementGrant } from '@cl-hive/archon';
import { type RpcClient, RpcError } from '@cl-hive/cln-rpc';
import { isJsonObject, type JsonObject } from '@cl-hive/core';

/** cl-hive-comms answers within this time, ms. */
const TIMEOUT_MS = 10_000;

function isCode(error: unknown, code: string): boolean {
  return error instanceof RpcError && isJsonObject(error.rpcData) && error.rpcData['code'] === code;
}

/**
 * Makes the subject of a management credential an advisor of cl-hive-comms with a grant of the same reach,
 * or gives the one that it is already this grant. The DID's requests count only while archon confirms a
 * credential for each. Throws what cl-hive-comms refuses.
 */
export async function enrolAdvisor(
  rpc: Pick<RpcClient, 'raw'>,
  name: string,
  did: Did,
  grant: ManagementGrant,
  untilMs: number,
): Promise<JsonObject> {
  const { mode, tier, actions, dangerMax, terms } = grant;
  const { limits } = terms;
  const params: JsonObject = {
    mode,
    tier,
    ...(actions === 'all' ? {} : { actions }),
    ...terms,
    limits: { ...(isJsonObject(limits) ? limits : {}), danger_max: dangerMax },
    until: String(Math.floor(untilMs / 1000)),
  };
  const authorize = async (who: JsonObject): Promise<JsonObject> => {
    const answer = await rpc.raw(
      'hive-client-authorize',
      { ...who, ...params },
      { timeoutMs: TIMEOUT_MS },
    );
    const advisor = isJsonObject(answer) ? answer['advisor'] : undefined;
    return isJsonObject(advisor) ? advisor : {};
  };
  try {
    return await authorize({ advisor: name, key: did });
  } catch (error) {
    // The DID is an advisor's already: that one gets the grant.
    if (isCode(error, 'advisor_key')) {
      return authorize({ advisor: did });
    }
    throw error;
  }
}
