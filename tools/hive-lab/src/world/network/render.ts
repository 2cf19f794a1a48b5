import { type JsonObject, parseJson } from '@cl-hive/core';
import type { Gossip, GossipChannel, GossipNode } from '../gossip.ts';
import type { NetworkIndex } from './network-index.ts';

/** Texts joined before they become bytes: few enough that no long string is kept. */
const BATCH = 2_000;

/** Features that public nodes announce: those of a current Core Lightning. */
export const NODE_FEATURES = '808898880a8a59a1';

interface HalfChannel {
  readonly source: string;
  readonly destination: string;
  readonly scid: string;
  readonly direction: number;
  readonly amountMsat: bigint | number;
  readonly disabled: boolean;
  readonly timestamp: number;
  readonly base: number;
  readonly ppm: number;
  readonly delay: number;
  readonly min: bigint | number;
  readonly max: bigint | number;
}

/** One entry of `listchannels` as JSON text. */
function halfText(half: HalfChannel): string {
  return (
    `{"source":"${half.source}","destination":"${half.destination}",` +
    `"short_channel_id":"${half.scid}","direction":${half.direction},"public":true,` +
    `"amount_msat":${half.amountMsat},"message_flags":1,` +
    `"channel_flags":${half.direction + (half.disabled ? 2 : 0)},"active":${!half.disabled},` +
    `"last_update":${half.timestamp},"base_fee_millisatoshi":${half.base},` +
    `"fee_per_millionth":${half.ppm},"delay":${half.delay},"htlc_minimum_msat":${half.min},` +
    `"htlc_maximum_msat":${half.max},"features":""}`
  );
}

/** The entry of a public half-channel. */
export function publicHalfText(index: NetworkIndex, half: number): string {
  const n = index.network;
  return halfText({
    source: index.idOf(n.source[half] ?? 0),
    destination: index.idOf(n.source[half ^ 1] ?? 0),
    scid: index.scidOf(half >> 1),
    direction: half & 1,
    amountMsat: (n.capacitySat[half >> 1] ?? 0) * 1000,
    disabled: n.disabled[half] === 1,
    timestamp: n.lastUpdate[half] ?? 0,
    base: n.baseMsat[half] ?? 0,
    ppm: n.feePpm[half] ?? 0,
    delay: n.delay[half] ?? 0,
    min: n.htlcMinMsat[half] ?? 0,
    max: n.htlcMaxMsat[half] ?? 0,
  });
}

/** The entries of a lab channel: those directions that were updated and that `wanted` takes. */
export function labHalfTexts(
  channel: GossipChannel,
  wanted: (source: string, destination: string) => boolean = () => true,
): string[] {
  return channel.updates.flatMap((update, direction) => {
    const source = channel.ids[direction === 0 ? 0 : 1];
    const destination = channel.ids[direction === 0 ? 1 : 0];
    if (update === undefined || !wanted(source, destination)) {
      return [];
    }
    return halfText({
      source,
      destination,
      scid: channel.scid,
      direction,
      amountMsat: channel.capacityMsat,
      disabled: update.disabled,
      timestamp: update.timestamp,
      base: update.policy.baseMsat,
      ppm: update.policy.feePpm,
      delay: update.policy.delay,
      min: update.policy.htlcMinMsat,
      max: update.policy.htlcMaxMsat,
    });
  });
}

const WORDS =
  'amber basalt cedar delta ember falcon granite harbor iris jade kestrel lumen maple nectar onyx prism quartz raven sable tundra umber vesper willow zephyr'.split(
    ' ',
  );

/** The entry of a public node in `listnodes`; alias and address follow from its id. */
export function publicNodeText(index: NetworkIndex, node: number): string {
  const id = index.idOf(node);
  const bits = Number.parseInt(id.slice(2, 14), 16);
  const word = (shift: number): string => WORDS[Math.floor(bits / shift) % WORDS.length] ?? '';
  const octet = (at: number): number => (Number.parseInt(id.slice(at, at + 2), 16) % 223) + 1;
  const address = `${octet(20)}.${octet(22)}.${octet(24)}.${octet(26)}`;
  return nodeText({
    id,
    alias: `${word(1)}-${word(29)}-${id.slice(60)}`,
    timestamp: index.network.announced[node] ?? 0,
    features: NODE_FEATURES,
    addresses: `{"type":"ipv4","address":"${address}","port":9735}`,
  });
}

/** The entry of a lab node. */
export function labNodeText(node: GossipNode): string {
  return nodeText({ ...node, addresses: '' });
}

function nodeText(node: {
  readonly id: string;
  readonly alias: string;
  readonly timestamp: number;
  readonly features: string;
  readonly addresses: string;
}): string {
  return (
    `{"nodeid":"${node.id}","alias":${JSON.stringify(node.alias)},"color":"${node.id.slice(0, 6)}",` +
    `"last_timestamp":${node.timestamp},"features":"${node.features}","addresses":[${node.addresses}]}`
  );
}

/** Joins `count` texts into UTF-8, a comma before each. */
function renderAll(count: number, text: (at: number) => string): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < count; start += BATCH) {
    let batch = '';
    for (let at = start; at < Math.min(count, start + BATCH); at += 1) {
      batch += `,${text(at)}`;
    }
    chunks.push(Buffer.from(batch));
  }
  return chunks;
}

/** Whole `listchannels` and `listnodes` answers: the public part is made once, the lab's at each change. */
export class GossipRenderer {
  readonly #gossip: Gossip;
  readonly #public = new Map<'channels' | 'nodes', readonly Uint8Array[]>();
  readonly #cached = new Map<'channels' | 'nodes', { version: number; chunks: Uint8Array[] }>();

  constructor(gossip: Gossip) {
    this.#gossip = gossip;
  }

  channels(): Uint8Array[] {
    return this.#render('channels', () =>
      [...this.#gossip.channels].flatMap((c) => labHalfTexts(c)),
    );
  }

  nodes(): Uint8Array[] {
    return this.#render('nodes', () => [...this.#gossip.nodes].map(labNodeText));
  }

  #render(kind: 'channels' | 'nodes', lab: () => string[]): Uint8Array[] {
    const { version } = this.#gossip;
    const cached = this.#cached.get(kind);
    if (cached?.version === version) {
      return cached.chunks;
    }
    const start = lab().join(',');
    const rest = [...this.#publicPart(kind)];
    if (start === '' && rest[0] !== undefined) {
      rest[0] = rest[0].subarray(1);
    }
    const chunks = [Buffer.from(`{"${kind}":[${start}`), ...rest, Buffer.from(']}')];
    this.#cached.set(kind, { version, chunks });
    return chunks;
  }

  #publicPart(kind: 'channels' | 'nodes'): readonly Uint8Array[] {
    const index = this.#gossip.index;
    if (index === undefined) {
      return [];
    }
    let made = this.#public.get(kind);
    if (made === undefined) {
      made =
        kind === 'channels'
          ? renderAll(index.network.channelCount * 2, (half) => publicHalfText(index, half))
          : renderAll(index.network.nodeCount, (node) => publicNodeText(index, node));
      this.#public.set(kind, made);
    }
    return made;
  }
}

/** Makes a small answer of entries that are JSON text. */
export function answerOf(kind: 'channels' | 'nodes', texts: readonly string[]): JsonObject {
  return parseJson(`{"${kind}":[${texts.join(',')}]}`) as JsonObject;
}
