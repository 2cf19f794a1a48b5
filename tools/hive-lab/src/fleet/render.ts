import path from 'node:path';
import type { FleetLine, FleetModel, NodeModel } from './fleet-model.ts';
import { unhealthyReasons } from './health.ts';
import { describePluginState, type PluginModel } from './plugin-model.ts';

/** Columns below which the table is cut off rather than squeezed further. */
const WIDTH_MIN = 60;
const GAP = '  ';
const HEADS = ['NODE', 'PLUGIN', 'STATE', 'SIBLINGS', 'DATABASE', 'NOSTR KEY'] as const;
/** How narrow each column may become, and what it gives up first: the last ones. */
const NARROWEST = [4, 8, 10, 9, 10, 9] as const;

/**
 * The fleet as text of lines no wider than `width` columns (at least 60): a heading, the table, and
 * the last `recent` lines of what happened.
 */
export function renderTable(model: FleetModel, width: number, recent = 8): string {
  const columns = Math.max(width, WIDTH_MIN);
  const rows = model.nodes.flatMap((node) => nodeRows(node, model.dir));
  const widths = fitWidths(rows, columns);
  const lines = [
    ...heading(model),
    '',
    formatRow(HEADS, widths),
    ...rows.map((row) => formatRow(row, widths)),
    ...recentLines(model, recent),
  ];
  return lines.map((line) => shorten(line, columns).trimEnd()).join('\n');
}

/** One line of what happened, as it is printed where no table is drawn. */
export function renderLine(line: FleetLine): string {
  const mark = { info: ' ', warn: '!', error: 'X' }[line.level];
  const where = line.node === undefined ? 'fleet ' : `node ${line.node}`;
  const time = new Date(line.at).toISOString().slice(11, 19);
  return `${time} ${mark} ${where}  ${printable(line.text)}`;
}

/** What to type next, for a fleet that runs. `command` is how its RPC is reached. */
export function renderNext(model: FleetModel, command: string): string {
  const has = (name: string): boolean =>
    model.nodes[0]?.plugins.some((plugin) => plugin.name === name) ?? false;
  const examples = [
    ...(has('cl-hive') ? ['1 hive-status'] : []),
    ...(has('cl-hive-comms') ? ['1 hive-comms-status'] : []),
    '1 getinfo',
    `${Math.min(2, model.nodes.length)} listpeerchannels`,
  ];
  return [
    'In another terminal:',
    ...examples.slice(0, 3).map((example) => `  ${command} ${example}`),
    'Ctrl-C stops the fleet.',
  ].join('\n');
}

function heading(model: FleetModel): string[] {
  const nodes = `${model.nodes.length} ${model.nodes.length === 1 ? 'node' : 'nodes'}`;
  const kind = model.backend === 'lab' ? 'emulated' : 'real lightningd on regtest';
  const parts = [`hive-lab: ${nodes}, ${kind}`];
  if (model.publicNetwork !== '') {
    parts.push(model.publicNetwork);
  }
  if (model.relay !== undefined) {
    parts.push(`relay ${model.relay}`);
  }
  return [parts.join(' | '), `${describeHealth(model)} | ${model.dir}`];
}

function describeHealth(model: FleetModel): string {
  if (model.phase !== 'running') {
    return model.phase === 'starting' ? `starting: ${model.progress}` : model.phase;
  }
  const [first, ...others] = unhealthyReasons(model);
  if (first === undefined) {
    return 'healthy';
  }
  return others.length === 0
    ? `not healthy: ${first}`
    : `not healthy: ${first} (+${others.length})`;
}

function nodeRows(node: NodeModel, dir: string): string[][] {
  const labels = nodeLabels(node);
  const plugins = node.plugins.map((plugin) => pluginCells(plugin, node, dir));
  const height = Math.max(labels.length, plugins.length);
  return Array.from({ length: height }, (_, row) => [
    labels[row] ?? '',
    ...(plugins[row] ?? ['', '', '', '', '']),
  ]);
}

function nodeLabels(node: NodeModel): string[] {
  const id = node.id === undefined ? '' : ` ${node.id.slice(0, 8)}`;
  const first = `${node.number}${id} ${node.state.kind}`;
  return node.state.kind === 'up'
    ? [first, `  block ${node.height}`, `  ${node.peers} peers, ${node.channels} channels`]
    : [first];
}

function pluginCells(plugin: PluginModel, node: NodeModel, dir: string): string[] {
  return [
    plugin.name,
    describePluginState(plugin.state),
    siblingsCell(plugin, node),
    plugin.database === undefined ? '' : databaseCell(plugin.database, dir),
    plugin.npub === undefined ? '' : shortNpub(plugin.npub),
  ];
}

/** Siblings that run beside it; the others only when they are incompatible. */
function siblingsCell(plugin: PluginModel, node: NodeModel): string {
  const short = (name: string): string => name.replace(/^cl-hive-/, '').replace(/^cl-/, '');
  return plugin.siblings
    .filter(({ name, state }) => state !== 'absent' || node.plugins.some((p) => p.name === name))
    .map(({ name, state }) => (state === 'ready' ? short(name) : `${short(name)} ${state}`))
    .join(', ');
}

function databaseCell(database: NonNullable<PluginModel['database']>, dir: string): string {
  const { kind, location, schema_version: version } = database;
  if (location.includes('://')) {
    // A database URL may carry a password, before the host or among its parameters.
    return `${location.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '')} v${version}`;
  }
  const relative = path.relative(dir, location);
  return `${kind} ${relative.startsWith('..') ? location : relative} v${version}`;
}

function shortNpub(npub: string): string {
  return npub.length <= 16 ? npub : `${npub.slice(0, 10)}…${npub.slice(-4)}`;
}

function recentLines(model: FleetModel, recent: number): string[] {
  const shown = recent <= 0 ? [] : model.lines.slice(-recent);
  return shown.length === 0 ? [] : ['', ...shown.map(renderLine)];
}

/** Takes width from the widest column that may still give some, until the row fits. */
function fitWidths(rows: readonly (readonly string[])[], columns: number): readonly number[] {
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  while (total() > columns) {
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      const mayGive = width > (NARROWEST[column] ?? 0);
      if (mayGive && (widest === -1 || width >= (widths[widest] ?? 0))) {
        widest = column;
      }
    }
    if (widest === -1) {
      break;
    }
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function formatRow(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => {
      const width = widths[column] ?? 0;
      // The end of a path tells more than its beginning.
      const cut = column === 4 ? shortenStart(cell, width) : shorten(cell, width);
      return cut.padEnd(width);
    })
    .join(GAP);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function shortenStart(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}

/** Control characters from foreign texts would move the cursor or change the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
