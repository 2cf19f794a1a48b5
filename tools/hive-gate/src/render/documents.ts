import type { JsonObject } from '@cl-hive/core';
import { GATE_TITLES, worst } from '@cl-hive/readiness';
import type { CheckedLine } from '../check-run.ts';
import { printable, renderSum, seconds } from './table.ts';

/** The checks for programs. */
export function checksJson(lines: readonly CheckedLine[]): JsonObject {
  return {
    outcome: worst(lines.map(({ verdict }) => verdict)),
    checks: lines.map(({ check, verdict, tookMs }) => ({
      gate: check.gate,
      check: check.id,
      title: check.title,
      outcome: verdict.outcome,
      evidence: verdict.evidence,
      ...(verdict.next === undefined ? {} : { next: verdict.next }),
      took_ms: tookMs,
    })),
  };
}

function xml(text: string): string {
  return printable(text).replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** The checks as JUnit: a suite a gate, a case a check; unknown is an error, as nothing was shown. */
export function renderJunit(lines: readonly CheckedLine[], commit: string): string {
  const gates = [...new Set(lines.map(({ check }) => check.gate))];
  const suites = gates.map((gate) => {
    const mine = lines.filter(({ check }) => check.gate === gate);
    const count = (outcome: string): number =>
      mine.filter(({ verdict }) => verdict.outcome === outcome).length;
    const cases = mine.map(({ check, verdict, tookMs }) => {
      const tag = verdict.outcome === 'fail' ? 'failure' : 'error';
      const detail = `<${tag} message="${xml(verdict.evidence)}">${xml(verdict.next ?? '')}</${tag}>`;
      const inner = verdict.outcome === 'pass' ? '' : detail;
      return `    <testcase classname="${gate}" name="${xml(`${check.id} ${check.title}`)}" time="${tookMs / 1000}">${inner}</testcase>`;
    });
    return [
      `  <testsuite name="${xml(`${gate} ${GATE_TITLES[gate]}`)}" tests="${mine.length}" failures="${count('fail')}" errors="${count('unknown')}">`,
      `    <properties><property name="commit" value="${commit}"/></properties>`,
      ...cases,
      '  </testsuite>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hive-gate">\n${suites.join('\n')}\n</testsuites>\n`;
}

/** The checks as a table of Markdown. */
export function renderMarkdown(lines: readonly CheckedLine[]): string {
  const cell = (text: string): string =>
    printable(text).replace(/[|\\<>`]/g, (sign) => `\\${sign}`);
  const rows = lines.map(({ check, verdict: { outcome, evidence, next }, tookMs }) => {
    const text = next === undefined ? cell(evidence) : `${cell(evidence)}; next: ${cell(next)}`;
    return `| ${check.gate} | ${check.id} | **${outcome}** | ${text} | ${seconds(tookMs)} |`;
  });
  return [
    '| gate | check | outcome | evidence | time |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    renderSum(lines),
    '',
  ].join('\n');
}
