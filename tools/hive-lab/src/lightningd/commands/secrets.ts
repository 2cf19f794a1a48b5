import {
  bytesToHex,
  isJsonObject,
  type JsonObject,
  type NodeId,
  nodeId,
  parseJson,
} from '@cl-hive/core';
import { decodeZbase32, messageDigest, nobleCurve, signMessage } from '@cl-hive/protocol';
import {
  type CallContext,
  type LabCommand,
  LabRpcError,
  RenderedJson,
} from '../../contract/node.ts';
import { RPC_ERROR } from '../data/rpc-error-codes.ts';
import { SIGNED_MESSAGE_MAX } from '../limits.ts';
import { CHECKED, type ShellCommand } from '../rpc/shell-command.ts';
import { hexBytes, invalidParams, publicKey, rawString } from '../rules/param-type.ts';
import { deriveSecret } from '../rules/secrets.ts';

/** What the commands around the node's keys need. */
export interface SecretParts {
  readonly secretKey: Uint8Array;
  readonly hsmSecret: Uint8Array;
  /** The world's `listnodes`, if it has one. */
  readonly listNodes: LabCommand | undefined;
}

const SIGNATURE_BYTES = 65;
const RECID_BASE = 31;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function makeSecret({ hsmSecret }: SecretParts): ShellCommand {
  return {
    name: 'makesecret',
    run: (params) => {
      const bytes = params.optional('hex', hexBytes);
      const text = params.optional('string', rawString);
      if (bytes !== undefined && text !== undefined) {
        throw invalidParams('Cannot have both hex and string');
      }
      const info = text === undefined ? bytes : Buffer.from(text, 'utf8');
      if (info === undefined) {
        throw invalidParams('Must have either hex or string');
      }
      return { secret: bytesToHex(deriveSecret(hsmSecret, info)) };
    },
  };
}

function sign({ secretKey }: SecretParts): ShellCommand {
  return {
    name: 'signmessage',
    run: (params, { checking }) => {
      // As it stands in the request, escapes included: that is what lightningd signs.
      const message = params.required('message', rawString);
      if (Buffer.byteLength(message) > SIGNED_MESSAGE_MAX) {
        throw invalidParams('Message must be < 64k');
      }
      return checking ? CHECKED : { ...signMessage(message, secretKey) };
    },
  };
}

/** The bytes of a signature in zbase32. Throws LabRpcError with lightningd's words. */
function signatureBytes(zbase: string): Uint8Array {
  const bytes = decodeZbase32(zbase);
  if (bytes === undefined) {
    throw invalidParams('zbase is not valid zbase32');
  }
  if (bytes.length !== SIGNATURE_BYTES) {
    throw invalidParams(`zbase is too ${bytes.length < SIGNATURE_BYTES ? 'short' : 'long'}`);
  }
  const recid = (bytes[0] ?? 0) - RECID_BASE;
  const [r, s] = [bytes.subarray(1, 33), bytes.subarray(33)].map((half) =>
    BigInt(`0x${bytesToHex(half)}`),
  );
  if (recid < 0 || recid > 3 || (r ?? 0n) >= CURVE_ORDER || (s ?? 0n) >= CURVE_ORDER) {
    throw invalidParams('cannot parse zbase signature');
  }
  return bytes;
}

/** Any key that signed it, high s included; undefined where no key gives this signature. */
function signerOf(message: string, signature: Uint8Array): NodeId | undefined {
  if (Buffer.byteLength(message) > SIGNED_MESSAGE_MAX) {
    throw invalidParams('Message must be < 64k');
  }
  const recid = (signature[0] ?? 0) - RECID_BASE;
  const key = nobleCurve.ecdsaRecover(messageDigest(message), signature.subarray(1), recid);
  return key === undefined ? undefined : nodeId(bytesToHex(key));
}

async function inGraph(
  listNodes: LabCommand | undefined,
  id: NodeId,
  call: CallContext,
): Promise<boolean> {
  const answer = await listNodes?.run({ id }, call);
  const result = answer instanceof RenderedJson ? parseJson(answer.text()) : answer;
  const nodes = isJsonObject(result) ? result['nodes'] : [];
  return Array.isArray(nodes) && nodes.length > 0;
}

function checkMessage({ listNodes }: SecretParts): ShellCommand {
  return {
    name: 'checkmessage',
    run: async (params, { command, checking }): Promise<JsonObject> => {
      const message = params.required('message', rawString);
      const zbase = params.required('zbase', rawString);
      const expected = params.optional('pubkey', publicKey);
      const signature = signatureBytes(zbase);
      if (checking) {
        return CHECKED;
      }
      const signer = signerOf(message, signature);
      if (signer === undefined) {
        return { verified: false };
      }
      if (expected !== undefined || listNodes === undefined) {
        return { pubkey: signer, verified: signer === expected };
      }
      if (!(await inGraph(listNodes, signer, command))) {
        throw new LabRpcError(RPC_ERROR.pubkeyNotFound, 'pubkey not found in the graph', {
          claimed_key: signer,
        });
      }
      return { pubkey: signer, verified: true };
    },
  };
}

/** `makesecret`, `signmessage` and `checkmessage`. */
export function secretCommands(parts: SecretParts): readonly ShellCommand[] {
  return [makeSecret(parts), sign(parts), checkMessage(parts)];
}
