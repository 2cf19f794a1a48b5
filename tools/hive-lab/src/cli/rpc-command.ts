import { connectRpc, RpcError } from '@cl-hive/cln-rpc';
import { CodedError, isCodedError } from '@cl-hive/core';
import { readRunningFleet } from '../fleet/fleet-dir.ts';
import type { FleetState } from '../fleet/fleet-state.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { prettyJson } from './pretty-json.ts';
import { type ParamStyle, parseRpcParams } from './rpc-params.ts';

/** A call as the words after `hive-lab cli` give it. */
export interface RpcWords {
  readonly node: number;
  readonly method: string;
  readonly params: readonly string[];
  readonly style: ParamStyle;
}

/** Reads `[-k | -o] N METHOD [params…]`; the flag may also follow N. Throws CodedError `bad_call`. */
export function parseRpcWords(words: readonly string[]): RpcWords {
  const rest = [...words];
  let style: ParamStyle = 'guess';
  const takeFlags = (): void => {
    for (;;) {
      const [first] = rest;
      if (first === '-k' || first === '--keywords') {
        style = 'keywords';
      } else if (first === '-o' || first === '--order') {
        style = 'ordered';
      } else {
        return;
      }
      rest.shift();
    }
  };
  takeFlags();
  const number = rest.shift() ?? '';
  if (!/^[1-9]\d{0,3}$/.test(number)) {
    throw new CodedError('bad_call', `"${number}" is not the number of a node`, {
      remedy: 'the node comes first, counted from 1: 1 getinfo',
    });
  }
  takeFlags();
  const method = rest.shift();
  if (method === undefined || method === '') {
    throw new CodedError('bad_call', 'the method is missing', {
      remedy: `for example ${number} getinfo, or ${number} help for all of them`,
    });
  }
  return { node: Number(number), method, params: rest, style };
}

/** The fleet that runs in `dir`. Throws CodedError `no_fleet`. */
export function requireFleet(dir: string): FleetState {
  const fleet = readRunningFleet(dir);
  if (fleet === undefined) {
    throw new CodedError('no_fleet', `no fleet runs in ${dir}`, {
      remedy: 'start one with npm start, or name its folder with --dir',
    });
  }
  return fleet;
}

/**
 * Calls a method of a node of the running fleet, as lightning-cli does: the result, or the error,
 * goes to standard output as JSON. There is no deadline.
 */
export async function runRpc(dir: string, words: RpcWords, output: Output): Promise<ExitCode> {
  const params = parseRpcParams(words.params, words.style);
  const fleet = requireFleet(dir);
  const node = fleet.nodes.find(({ number }) => number === words.node);
  if (node === undefined) {
    const why =
      fleet.nodes.length === 0
        ? 'the fleet is still starting'
        : `it has ${fleet.nodes.length} nodes`;
    throw new CodedError('no_node', `the fleet in ${dir} has no node ${words.node}: ${why}`);
  }
  const rpc = connectRpc({
    path: node.rpcFile,
    caller: 'hive-lab-cli',
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  try {
    const result = await rpc.raw(words.method, params);
    output.out(`${prettyJson(result)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RpcError) {
      const data = error.rpcData === undefined ? {} : { data: error.rpcData };
      output.out(`${prettyJson({ code: error.rpcCode, message: error.rpcMessage, ...data })}\n`);
      return EXIT.failed;
    }
    if (isCodedError(error)) {
      output.err(error.message);
      return EXIT.unreachable;
    }
    throw error;
  } finally {
    await rpc.close();
  }
}
