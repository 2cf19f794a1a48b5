import { GATE_TITLES, type Outcome } from '@cl-hive/readiness';
import type { CheckedLine } from '../check-run.ts';

const COLOURS: Readonly<Record<Outcome, string>> = { pass: '32', fail: '31', unknown: '33' };
const ID_WIDTH = 22;
const OUTCOME_WIDTH = 8;
const TIME_WIDTH = 8;

/** How a table is shown: its width, and whether in colour. */
export interface TableStyle {
  readonly columns: number;
  readonly colour: boolean;
}

/** The checks as a table, by gate, with the next step under what does not pass. */
export function renderTable(
  lines: readonly CheckedLine[],
  { columns, colour }: TableStyle,
): string {
  const paint = (outcome: Outcome, text: string): string =>
    colour ? `\u001b[${COLOURS[outcome]}m${text}\u001b[0m` : text;
  const rows: string[] = [];
  const indent = ID_WIDTH + OUTCOME_WIDTH + TIME_WIDTH + 2;
  let gate = '';
  for (const { check, verdict, tookMs } of lines) {
    if (check.gate !== gate) {
      gate = check.gate;
      rows.push(...(rows.length > 0 ? [''] : []), `${gateName(gate)}: ${GATE_TITLES[check.gate]}`);
    }
    const { outcome, evidence, next } = verdict;
    const head = `  ${check.id.padEnd(ID_WIDTH)}${paint(outcome, outcome.padEnd(OUTCOME_WIDTH))}`;
    const time = seconds(tookMs).padStart(TIME_WIDTH - 2);
    const text = wrap(printable(evidence), Math.max(30, columns - indent));
    rows.push(`${head}${time}  ${text[0] ?? ''}`);
    rows.push(...text.slice(1).map((part) => `${' '.repeat(indent)}${part}`));
    if (next !== undefined) {
      const steps = wrap(`→ ${printable(next)}`, Math.max(30, columns - indent));
      rows.push(...steps.map((part) => `${' '.repeat(indent)}${part}`));
    }
  }
  return `${rows.join('\n')}\n\n${renderSum(lines)}\n`;
}

function gateName(gate: string): string {
  return /^[A-D]$/.test(gate) ? `Gate ${gate}` : gate.charAt(0).toUpperCase() + gate.slice(1);
}

/** The last line: how many of each, and what it means. */
export function renderSum(lines: readonly CheckedLine[]): string {
  const count = (wanted: Outcome): number =>
    lines.filter(({ verdict: { outcome } }) => outcome === wanted).length;
  const [pass, fail, unknown] = [count('pass'), count('fail'), count('unknown')];
  const meaning =
    fail > 0 ? 'not ready' : unknown > 0 || pass === 0 ? 'not known to be ready' : 'ready';
  return `${pass} pass, ${fail} fail, ${unknown} unknown: ${meaning}`;
}

/** `0.4 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Evidence may quote what strangers wrote: nothing in it may move a terminal's cursor. */
export function printable(text: string): string {
  return Array.from(text, (sign) => (isUnsafe(sign.codePointAt(0) ?? 0) ? ' ' : sign)).join('');
}

/** Control characters, and those that turn the direction of writing. */
function isUnsafe(code: number): boolean {
  const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  return control || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
