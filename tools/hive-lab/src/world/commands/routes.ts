import { type JsonObject, MSAT_MAX } from '@cl-hive/core';
import { LabRpcError } from '../../contract/node.ts';
import type { LabNode } from '../lab-node.ts';
import { PAYMENT_PARTS_MAX } from '../limits.ts';
import {
  badParam,
  LIGHTNINGD,
  missing,
  optionalId,
  optionalInteger,
  optionalMsat,
} from '../params.ts';
import {
  edgeKey,
  findRoute,
  type Hop,
  probabilityPpm,
  type RouteGraph,
} from '../payments/routing.ts';
import type { CommandFamily, Services } from '../services.ts';

/** lightningd's codes of routing. */
const NO_ROUTE = 205;
const TOO_EXPENSIVE = 206;

/** Layers that need not be made first. */
const AUTOMATIC_LAYERS: ReadonlySet<string> = new Set([
  'auto.localchans',
  'auto.sourcefree',
  'auto.include_fees',
  'auto.no_mpp_support',
]);

/** `getroutes` and `getroute`. */
export const routeCommands: CommandFamily = (services, node) => [
  { name: 'getroutes', run: (params) => getRoutes(services, node, params) },
  { name: 'getroute', run: (params) => getRoute(services, node, params) },
];

function getRoutes({ graphs, state }: Services, node: LabNode, params: JsonObject): JsonObject {
  const [source, destination] = [optionalId(params, 'source'), optionalId(params, 'destination')];
  const amountMsat = optionalMsat(params, 'amount_msat');
  const maxFeeMsat = optionalMsat(params, 'maxfee_msat');
  const finalCltv = optionalInteger(params, 'final_cltv', 0xffff_ffff);
  const { layers } = params;
  for (const [name, value] of Object.entries({
    source,
    destination,
    amount_msat: amountMsat,
    layers,
    maxfee_msat: maxFeeMsat,
    final_cltv: finalCltv,
  })) {
    if (value === undefined) {
      throw missing(name);
    }
  }
  if (!Array.isArray(layers)) {
    throw badParam('layers', 'should be an array', layers);
  }
  const unknown = layers.find((layer) => typeof layer !== 'string' || !AUTOMATIC_LAYERS.has(layer));
  if (unknown !== undefined) {
    throw badParam('layers', 'unknown layer', unknown);
  }
  for (const [name, id] of [
    ['source', source],
    ['destination', destination],
  ] as const) {
    if (id !== node.id && !state.gossip.knows(id ?? '')) {
      throw new LabRpcError(NO_ROUTE, `Unknown ${name} node ${id ?? ''}`);
    }
  }
  const own = layers.includes('auto.localchans') ? { own: node.id } : {};
  const graph = graphs.view(own);
  const query: Query = {
    source: source ?? '',
    destination: destination ?? '',
    amountMsat: amountMsat ?? 0n,
    finalCltv: finalCltv ?? 0,
    maxFeeMsat: maxFeeMsat ?? 0n,
    maxDelay: optionalInteger(params, 'maxdelay', 0xffff_ffff) ?? 2_016,
    maxParts: optionalInteger(params, 'maxparts', PAYMENT_PARTS_MAX) ?? PAYMENT_PARTS_MAX,
    sourceFree: layers.includes('auto.sourcefree'),
  };
  const routes = splitRoutes(graph, query);
  if (typeof routes === 'string') {
    // Too dear is only what could be carried at all.
    const any = routes === 'fee' ? splitRoutes(graph, { ...query, maxFeeMsat: MSAT_MAX }) : 'none';
    throw typeof any === 'string'
      ? new LabRpcError(NO_ROUTE, 'We could not find a usable set of paths.')
      : new LabRpcError(TOO_EXPENSIVE, 'Could not find route without excessive cost');
  }
  const chances = routes.map((hops) => probabilityPpm(hops));
  return {
    probability_ppm: Math.floor(chances.reduce((all, chance) => (all * chance) / 1e6, 1e6)),
    routes: routes.map((hops, index) => renderRoute(hops, chances[index] ?? 0, finalCltv ?? 0)),
  };
}

interface Query {
  readonly source: string;
  readonly destination: string;
  readonly amountMsat: bigint;
  readonly finalCltv: number;
  readonly maxFeeMsat: bigint;
  readonly maxDelay: number;
  readonly maxParts: number;
  readonly sourceFree: boolean;
}

/** Routes for the whole amount, in one part or in as many as capacity asks for, or why there are none. */
function splitRoutes(graph: RouteGraph, query: Query): (readonly Hop[])[] | 'none' | 'fee' {
  const used = new Map<string, bigint>();
  const left = new Map<string, bigint>();
  const routes: (readonly Hop[])[] = [];
  const open = [query.amountMsat];
  let feesMsat = 0n;
  for (let amount = open.pop(); amount !== undefined; amount = open.pop()) {
    const found = findRoute(graph, {
      ...query,
      // A source that is not free charges its own policy, which is how askrene reckons without the layer.
      amountMsat: amount,
      maxFeeMsat: query.maxFeeMsat - feesMsat,
      learnt: left,
    });
    if (found.found) {
      const hops = query.sourceFree ? found.hops : withSourceFee(found.hops);
      feesMsat += (hops[0]?.amountInMsat ?? amount) - amount;
      if (feesMsat > query.maxFeeMsat) {
        return 'fee';
      }
      routes.push(hops);
      for (const hop of hops) {
        const key = edgeKey(hop.edge);
        const sum = (used.get(key) ?? 0n) + hop.amountOutMsat;
        used.set(key, sum);
        left.set(key, (hop.edge.limitMsat ?? hop.edge.capacityMsat) - sum);
      }
      continue;
    }
    if (found.reason === 'fee') {
      return 'fee';
    }
    const parts = routes.length + open.length + 2;
    if (found.reason === 'delay' || parts > query.maxParts || amount < 2_000n) {
      return 'none';
    }
    open.push(amount - amount / 2n, amount / 2n);
  }
  return routes;
}

/** Adds what the first channel's policy asks for, as for any other hop. */
function withSourceFee(hops: readonly Hop[]): Hop[] {
  return hops.map((hop, index) => {
    if (index > 0) {
      return hop;
    }
    const { baseMsat, feePpm, delay } = hop.edge.policy;
    const fee = BigInt(baseMsat) + (hop.amountOutMsat * BigInt(feePpm)) / 1_000_000n;
    return { ...hop, amountInMsat: hop.amountOutMsat + fee, cltvIn: hop.cltvOut + delay };
  });
}

function renderRoute(hops: readonly Hop[], probability: number, finalCltv: number): JsonObject {
  return {
    probability_ppm: probability,
    amount_msat: hops.at(-1)?.amountOutMsat ?? 0,
    final_cltv: finalCltv,
    path: hops.map((hop) => ({
      short_channel_id_dir: edgeKey(hop.edge),
      node_id_in: hop.edge.from,
      node_id_out: hop.edge.to,
      amount_in_msat: hop.amountInMsat,
      amount_out_msat: hop.amountOutMsat,
      cltv_in: hop.cltvIn,
      cltv_out: hop.cltvOut,
    })),
  };
}

function getRoute({ graphs }: Services, node: LabNode, params: JsonObject): JsonObject {
  const destination = optionalId(params, 'id');
  const amountMsat = optionalMsat(params, 'amount_msat');
  if (destination === undefined || amountMsat === undefined) {
    throw missing(destination === undefined ? 'id' : 'amount_msat');
  }
  const from = optionalId(params, 'fromid') ?? node.id;
  const excluded = Array.isArray(params['exclude']) ? params['exclude'] : [];
  const found = findRoute(graphs.view(from === node.id ? { own: node.id } : {}), {
    source: from,
    destination,
    amountMsat,
    finalCltv: optionalInteger(params, 'cltv', 0xffff) ?? 9,
    maxDelay: 2_016,
    maxFeeMsat: amountMsat,
    learnt: new Map(excluded.map((key) => [typeof key === 'string' ? key : '', 0n] as const)),
  });
  if (!found.found) {
    throw new LabRpcError(NO_ROUTE, 'Could not find a route');
  }
  if (found.hops.length === 0) {
    throw new LabRpcError(LIGHTNINGD, 'source and destination are the same');
  }
  return {
    route: found.hops.map((hop) => ({
      id: hop.edge.to,
      channel: hop.edge.scid,
      direction: hop.edge.direction,
      amount_msat: hop.amountOutMsat,
      delay: hop.cltvOut,
      style: 'tlv',
    })),
  };
}
