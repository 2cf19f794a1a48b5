import { compareCodeUnits, type NodeId } from '@cl-hive/core';
import { ALIAS_CHARS_MAX, MAP_TARGETS_MAX } from '../limits.ts';

/** A node outside the fleet on the map. */
export interface MapTarget {
  readonly id: NodeId;
  readonly alias: string;
  readonly publicSat: number;
  readonly fleetSat: number;
  /** Parts per million; null where it has no public capacity. */
  readonly sharePpm: number | null;
  readonly saturated: boolean;
  /** Place in the ranking from 1; null where it is not ranked. */
  readonly rank: number | null;
}

/** What the fleet's map shows. */
export interface FleetMap {
  readonly members: readonly { readonly id: NodeId; readonly alias: string }[];
  readonly targets: readonly MapTarget[];
  /** Public channels between members, and of members with targets; sat of each pair together. */
  readonly links: readonly { readonly from: NodeId; readonly to: NodeId; readonly sat: number }[];
}

const SIZE = 1000;
const MIDDLE = SIZE / 2;
const INNER = 130;
const OUTER = 400;

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The fleet's map as SVG: members inside, the nodes they have channels with and the best ranked ones
 * around them. Red is saturated, green is ranked. The same map gives the same text.
 */
export function fleetMapSvg(map: FleetMap): string {
  const members = [...map.members].sort((a, b) => compareCodeUnits(a.id, b.id));
  const targets = [...map.targets]
    .sort(
      (a, b) =>
        Number(b.rank !== null) - Number(a.rank !== null) ||
        b.fleetSat - a.fleetSat ||
        compareCodeUnits(a.id, b.id),
    )
    .slice(0, MAP_TARGETS_MAX);
  const places = new Map<NodeId, Place>([
    ...onRing(members, members.length === 1 ? 0 : INNER),
    ...onRing(targets, OUTER),
  ]);
  const most = map.links.reduce((sum, { sat }) => Math.max(sum, sat), 1);
  const left = map.targets.length - targets.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...map.links.map((link) => line(link, places, most)),
    ...targets.map((target) => targetMark(target, places)),
    ...members.map((member) => memberMark(member, places)),
    text(12, 24, `${members.length} members, ${map.targets.length} nodes around them`, 14),
    text(12, 42, 'red: saturated; green: ranked, with its place; grey: channel held', 12),
    left > 0 ? text(12, 58, `${left} nodes with the least capacity are left out`, 12) : '',
    '</svg>',
    '',
  ].join('\n');
}

function onRing(items: readonly { readonly id: NodeId }[], radius: number): [NodeId, Place][] {
  return items.map(({ id }, at) => {
    const angle = (2 * Math.PI * at) / items.length - Math.PI / 2;
    return [id, { x: MIDDLE + radius * Math.cos(angle), y: MIDDLE + radius * Math.sin(angle) }];
  });
}

function line(
  { from, to, sat }: FleetMap['links'][number],
  places: ReadonlyMap<NodeId, Place>,
  most: number,
): string {
  const [a, b] = [places.get(from), places.get(to)];
  const width = (0.5 + 4 * Math.sqrt(sat / most)).toFixed(2);
  return a === undefined || b === undefined
    ? ''
    : `<line x1="${a.x.toFixed(1)}" y1="${a.y.toFixed(1)}" x2="${b.x.toFixed(1)}" y2="${b.y.toFixed(1)}" stroke="#9aa5b1" stroke-width="${width}"/>`;
}

function targetMark(target: MapTarget, places: ReadonlyMap<NodeId, Place>): string {
  const place = places.get(target.id);
  if (place === undefined) {
    return '';
  }
  const colour = target.saturated ? '#d64545' : target.rank === null ? '#829ab1' : '#3f9142';
  const share = target.sharePpm === null ? 'share unknown' : `${percent(target.sharePpm)} %`;
  const about = `${label(target)}: ${target.fleetSat} of ${target.publicSat} sat (${share})`;
  const rank = target.rank === null ? '' : text(place.x + 8, place.y + 4, String(target.rank), 10);
  return `${circle(place, 5, colour, about)}${rank}`;
}

function memberMark(
  member: FleetMap['members'][number],
  places: ReadonlyMap<NodeId, Place>,
): string {
  const place = places.get(member.id);
  return place === undefined
    ? ''
    : `${circle(place, 12, '#2186eb', label(member))}${text(place.x + 14, place.y + 4, label(member), 11)}`;
}

function circle({ x, y }: Place, radius: number, colour: string, about: string): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius}" fill="${colour}"><title>${escaped(about)}</title></circle>`;
}

function text(x: number, y: number, content: string, size: number): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" fill="#243b53">${escaped(content)}</text>`;
}

function label({ id, alias }: { readonly id: NodeId; readonly alias: string }): string {
  return alias === '' ? `${id.slice(0, 12)}…` : alias.slice(0, ALIAS_CHARS_MAX);
}

function percent(ppm: number): string {
  return (ppm / 10_000).toFixed(2);
}

/** Aliases come from anyone: nothing of them may be markup, and nothing that XML cannot hold stays. */
function escaped(content: string): string {
  return content
    .replace(/[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
