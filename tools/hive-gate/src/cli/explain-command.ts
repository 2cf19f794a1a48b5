import { stringifyJson } from '@cl-hive/core';
import { CANARY_CHECKS, CHECKS, type Check, GATE_TITLES, NODE_CHECKS } from '@cl-hive/readiness';
import { COLLECTORS } from '../collectors/index.ts';
import type { Around } from './around.ts';
import { UsageError } from './common.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const ALL: readonly Check[] = [...CHECKS, ...CANARY_CHECKS, ...NODE_CHECKS];

/** How evidence of a collector is gathered. */
function howGathered(collector: string): string {
  const others: Readonly<Record<string, string>> = {
    canary: 'hive-gate baseline and hive-gate sample, at the node',
    node: 'hive-gate doctor, at the node',
  };
  return COLLECTORS.find(({ id }) => id === collector)?.title ?? others[collector] ?? collector;
}

/** `hive-gate list`: rules and collectors. */
export function runList(options: { readonly json?: true }, around: Around): ExitCode {
  if (options.json === true) {
    const checks = ALL.map(({ id, gate, title, collector, acceptable }) => ({
      id,
      gate,
      title,
      collector,
      acceptable,
    }));
    const collectors = COLLECTORS.map(({ id, title }) => ({ id, title }));
    around.out(`${stringifyJson({ checks, collectors })}\n`);
    return EXIT.pass;
  }
  let gate = '';
  for (const check of ALL) {
    if (check.gate !== gate) {
      gate = check.gate;
      around.out(`${gate}: ${GATE_TITLES[check.gate]}\n`);
    }
    around.out(`  ${check.id.padEnd(22)}${check.title}  [${check.collector}]\n`);
  }
  around.out('\nCollectors\n');
  for (const { id, title } of COLLECTORS) {
    around.out(`  ${id.padEnd(22)}${title}\n`);
  }
  return EXIT.pass;
}

/** `hive-gate explain ID`. */
export function runExplain(id: string, around: Around): ExitCode {
  const check = ALL.find((known) => known.id === id.toUpperCase());
  if (check === undefined) {
    throw new UsageError(`there is no check ${id}`, 'hive-gate list');
  }
  const accept = check.acceptable
    ? 'A person may answer for a finding until a day, with a control (docs/gates/gates.yaml).'
    : 'Nobody can answer for it: it has to pass.';
  around.out(
    [
      `${check.id}: ${check.title} (${GATE_TITLES[check.gate]})`,
      '',
      check.why,
      '',
      `Evidence    ${check.collector}: ${howGathered(check.collector)}`,
      `Next        ${check.next}`,
      `Acceptance  ${accept}`,
      '',
    ].join('\n'),
  );
  return EXIT.pass;
}
