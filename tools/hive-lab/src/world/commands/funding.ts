import {
  isNodeId,
  type JsonObject,
  type JsonValue,
  type NodeId,
  parseMsat,
  stringifyJson,
} from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import { addressToScript, witnessScript } from '../chain/address.ts';
import type { TxOutput } from '../chain/transaction.ts';
import { CHANNEL_TYPE } from '../channel-render.ts';
import { parseConnectTarget } from '../connections.ts';
import { sha256 } from '../digest.ts';
import { isPoint } from '../keys.ts';
import type { LabNode } from '../lab-node.ts';
import {
  badParam,
  INVALID_PARAMS,
  LIGHTNINGD,
  missing,
  optionalFlag,
  optionalInteger,
  optionalSat,
} from '../params.ts';
import type { CommandFamily, Services } from '../services.ts';
import { dustError } from '../treasury.ts';
import { DUST_SAT } from '../wallet.ts';
import { utxosOf } from './wallet.ts';

/** Smallest channel that a peer accepts (`min-capacity-sat`). */
const CAPACITY_MIN_SAT = 10_000n;

/** lightningd's code of a funding that the peer broke off. */
const PEER_FAILED = 305;

/** One channel to open. */
interface Destination {
  readonly id: NodeId;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly sat: bigint | 'all';
  readonly announce: boolean;
  readonly pushMsat: bigint;
  readonly closeTo: string | undefined;
  readonly minDepth: number | undefined;
  readonly reserveMsat: bigint | undefined;
}

/** One that was agreed with its peer. */
interface Agreed {
  readonly destination: Destination;
  readonly accepterCloseTo: string;
  readonly minDepth: number | undefined;
  readonly reserveMsat: bigint | undefined;
}

/** `fundchannel` and `multifundchannel`. */
export const fundingCommands: CommandFamily = (services, node) => [
  { name: 'fundchannel', run: (params) => fundChannel(services, node, params) },
  { name: 'multifundchannel', run: (params) => multiFund(services, node, params) },
];

async function fundChannel(
  services: Services,
  node: LabNode,
  params: JsonObject,
): Promise<JsonObject> {
  for (const name of ['id', 'amount']) {
    if (params[name] === undefined) {
      throw missing(name);
    }
  }
  const passed = ['id', 'amount', 'announce', 'push_msat', 'close_to', 'mindepth', 'reserve'];
  const destination = Object.fromEntries(
    passed.flatMap((name) => {
      const value = params[name];
      return value === undefined || value === null ? [] : [[name, value] as const];
    }),
  );
  const answer = await openAll(services, node, [destination], params, 1);
  const [failure] = answer.failed;
  const [opened] = answer.opened;
  if (opened === undefined) {
    throw failure?.error ?? new LabRpcError(LIGHTNINGD, 'the channel was not opened');
  }
  return {
    tx: answer.hex,
    txid: answer.txid,
    outnum: opened['outnum'] ?? 0,
    channel_id: opened['channel_id'] ?? '',
    channel_type: CHANNEL_TYPE,
    ...(typeof opened['close_to'] === 'string' ? { close_to: opened['close_to'] } : {}),
  };
}

async function multiFund(
  services: Services,
  node: LabNode,
  params: JsonObject,
): Promise<JsonObject> {
  const { destinations } = params;
  if (destinations === undefined) {
    throw missing('destinations');
  }
  if (!Array.isArray(destinations) || destinations.length === 0) {
    throw badParam('destinations', 'must have at least one entry', destinations);
  }
  const least = optionalInteger(params, 'minchannels') ?? destinations.length;
  const answer = await openAll(services, node, destinations, params, least);
  return {
    tx: answer.hex,
    txid: answer.txid,
    channel_ids: answer.opened,
    failed: answer.failed.map(({ id, method, error }) => ({
      id,
      method,
      error: { code: error.code, message: error.message },
    })),
  };
}

interface Failure {
  readonly id: NodeId;
  readonly method: 'connect' | 'fundchannel_start';
  readonly error: LabRpcError;
}

interface Opened {
  readonly hex: string;
  readonly txid: string;
  readonly opened: readonly JsonObject[];
  readonly failed: readonly Failure[];
}

/** Agrees with all peers, then funds all that agreed in one transaction. */
async function openAll(
  services: Services,
  node: LabNode,
  entries: readonly JsonValue[],
  params: JsonObject,
  least: number,
): Promise<Opened> {
  const { treasury, life } = services;
  const perKw = treasury.feeRate(params['feerate'], 12);
  const destinations = entries.map((entry) => readDestination(services, entry));
  const agreed: Agreed[] = [];
  const failed: Failure[] = [];
  for (const destination of destinations) {
    const result = await agree(services, node, destination, perKw);
    if ('error' in result) {
      failed.push(result);
    } else {
      agreed.push(result);
    }
  }
  if (failed[0] !== undefined && (agreed.length < least || agreed.length === 0)) {
    const { error, id, method } = failed[0];
    throw new LabRpcError(error.code, error.message, { id, method });
  }
  const outputs = agreed.map(({ destination }) => fundingOutput(node, destination));
  const takesAll = agreed.findIndex(({ destination }) => destination.sat === 'all');
  const transaction = treasury.spend(node, {
    outputs,
    ...(takesAll === -1 ? {} : { takesAll }),
    perKw,
    minconf: optionalInteger(params, 'minconf', 0xffff) ?? 1,
    ...utxosOf(params),
    keepReserve: true,
  });
  const opened = agreed.map(({ destination, accepterCloseTo, minDepth, reserveMsat }, outnum) => {
    const channel = life.open({
      opener: node.id,
      accepter: destination.id,
      transaction,
      outnum,
      pushMsat: destination.pushMsat,
      isPrivate: !destination.announce,
      minDepth: destination.minDepth ?? minDepth ?? 1,
      reserveMsat: destination.reserveMsat ?? reserveMsat,
      closeTo: [destination.closeTo ?? node.wallet.newKey(undefined).p2tr, accepterCloseTo],
    });
    return {
      id: destination.id,
      outnum,
      channel_id: channel.channelId,
      channel_type: CHANNEL_TYPE,
      ...(destination.closeTo === undefined ? {} : { close_to: destination.closeTo }),
    };
  });
  services.waits.changed();
  return { hex: transaction.hex, txid: transaction.txid, opened, failed };
}

/** A 2-of-2 witness script hash: unique by contents, spendable by nobody. */
function fundingOutput(node: LabNode, { id, sat }: Destination): TxOutput {
  return {
    sat: sat === 'all' ? 0n : sat,
    script: witnessScript(0, sha256('funding', node.id, id, node.draws.next('funding'))),
  };
}

function readDestination(services: Services, entry: JsonValue): Destination {
  const token = stringifyJson(entry);
  const refuse = (reason: string): LabRpcError =>
    new LabRpcError(INVALID_PARAMS, `destinations: ${reason}: invalid token '${token}'`);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw refuse('should be an array of objects');
  }
  const values = entry as JsonObject;
  const target = typeof values['id'] === 'string' ? parseConnectTarget(values['id']) : undefined;
  const { state } = services;
  if (
    target === undefined ||
    !isNodeId(target.id) ||
    !(state.nodes.has(target.id) || state.gossip.knows(target.id) || isPoint(target.id))
  ) {
    throw refuse('invalid node id');
  }
  const sat = values['amount'] === 'all' ? 'all' : optionalSat(values, 'amount');
  const pushMsat = parseMsat(values['push_msat'] ?? 0);
  const closeTo = values['close_to'];
  const script = typeof closeTo === 'string' ? addressToScript(closeTo, state.network) : undefined;
  if (sat === undefined || pushMsat === undefined) {
    throw refuse('invalid amount');
  }
  if (sat !== 'all' && sat < DUST_SAT) {
    throw dustError('destinations', token);
  }
  if (sat !== 'all' && pushMsat > sat * 1000n) {
    throw new LabRpcError(
      300,
      `Requested to push_msat of ${pushMsat}msat is greater than available funding amount ${sat}sat`,
    );
  }
  if (closeTo !== undefined && script === undefined) {
    throw refuse('invalid close_to address');
  }
  const reserve = optionalSat(values, 'reserve');
  return {
    id: target.id,
    host: target.host,
    port: target.port,
    sat,
    announce: optionalFlag(values, 'announce') ?? true,
    pushMsat,
    closeTo: script,
    minDepth: optionalInteger(values, 'mindepth', 100),
    reserveMsat: reserve === undefined ? undefined : reserve * 1000n,
  };
}

async function agree(
  services: Services,
  node: LabNode,
  destination: Destination,
  perKw: number,
): Promise<Agreed | Failure> {
  const { id } = destination;
  try {
    await services.connections.connect(node, id, destination.host, destination.port);
  } catch (error) {
    if (error instanceof LabRpcError) {
      return { id, method: 'connect', error };
    }
    throw error;
  }
  const refuse = (text: string): Failure => ({
    id,
    method: 'fundchannel_start',
    error: new LabRpcError(PEER_FAILED, text),
  });
  const funding = destination.sat === 'all' ? undefined : destination.sat;
  if (funding !== undefined && funding < CAPACITY_MIN_SAT) {
    return refuse(
      `They sent ERROR: channel capacity with funding ${funding}sat is below ${CAPACITY_MIN_SAT}sat`,
    );
  }
  const accepter = services.state.nodes.get(id);
  if (accepter === undefined) {
    const script = witnessScript(1, sha256('close', id, node.draws.next('passive')));
    return { destination, accepterCloseTo: script, minDepth: undefined, reserveMsat: undefined };
  }
  const reply = await accepter.hook('openchannel', {
    openchannel: openRequest(services, node, destination, perKw),
  });
  if (reply['result'] === 'reject') {
    const reason = reply['error_message'];
    return refuse(
      `They sent ERROR: ${typeof reason === 'string' ? reason : 'Rejected by a plugin'}`,
    );
  }
  const closeTo = reply['close_to'];
  return {
    destination,
    accepterCloseTo:
      (typeof closeTo === 'string'
        ? addressToScript(closeTo, services.state.network)
        : undefined) ?? accepter.wallet.newKey(undefined).p2tr,
    minDepth: optionalInteger(reply, 'mindepth', 1_000),
    reserveMsat: undefined,
  };
}

function openRequest(
  { treasury }: Services,
  node: LabNode,
  { sat, pushMsat, announce }: Destination,
  perKw: number,
): JsonObject {
  const fundingMsat =
    (sat === 'all'
      ? treasury.candidates(node, { minconf: 1 }).reduce((sum, output) => sum + output.sat, 0n)
      : sat) * 1000n;
  return {
    id: node.id,
    funding_msat: fundingMsat,
    push_msat: pushMsat,
    dust_limit_msat: 546_000,
    max_htlc_value_in_flight_msat: (1n << 64n) - 1n,
    channel_reserve_msat: fundingMsat / 100n,
    htlc_minimum_msat: 0,
    feerate_per_kw: Math.max(1250, perKw),
    to_self_delay: 6,
    max_accepted_htlcs: 483,
    channel_flags: announce ? 1 : 0,
    channel_type: CHANNEL_TYPE,
  };
}
