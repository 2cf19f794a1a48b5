import {
  readStatement,
  type SignedStatement,
  type StatementKind,
  statementText,
} from '@cl-hive/archon';
import { type RpcClient, signmessage } from '@cl-hive/cln-rpc';
import { CodedError, type JsonObject, type NodeId } from '@cl-hive/core';

/** Why a statement could not be signed. */
export type StatementSignerErrorCode = 'statement_unsigned';

/** lightningd signs at once, or its signer is away; ms. */
const SIGN_MS = 30_000;

/** Signs a statement as this node. */
export type SignStatement = (kind: StatementKind, body: JsonObject) => Promise<SignedStatement>;

/** Signs through lightningd, and checks what it signed. */
export function statementSigner(rpc: Pick<RpcClient, 'call'>, self: NodeId): SignStatement {
  return async (kind, body) => {
    const message = statementText(kind, body);
    const { zbase } = await rpc.call(signmessage, { message }, { timeoutMs: SIGN_MS });
    const statement = readStatement(kind, { body, signer: self, signature: zbase });
    if (statement === undefined) {
      throw new CodedError<StatementSignerErrorCode>(
        'statement_unsigned',
        'lightningd signed something else, or as another node',
        { remedy: 'look at lightningd’s log; nothing was sent' },
      );
    }
    return statement;
  };
}
