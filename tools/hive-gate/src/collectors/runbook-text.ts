/** A command block of a runbook, with the result that the page states behind it. */
export interface RunbookBlock {
  readonly step: string;
  /** Line of its first command, from 1. */
  readonly line: number;
  readonly commands: string;
  /** Lines that must appear in the output, in this order; undefined: none is stated. */
  readonly result: readonly string[] | undefined;
}

/** A runbook's steps and blocks, in the order of the page. */
export interface RunbookText {
  readonly steps: readonly string[];
  readonly blocks: readonly RunbookBlock[];
}

/**
 * Reads a runbook: `## N. Step` headings, blocks fenced as `sh` to be executed, and after each, where
 * the page states one, a block fenced as `text` with the result.
 */
export function readRunbook(markdown: string): RunbookText {
  const steps: string[] = [];
  const blocks: RunbookBlock[] = [];
  let fence: { readonly kind: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, kind] = /^```(\w*)\s*$/.exec(line) ?? [];
    if (fence !== undefined && kind === '') {
      const last = blocks.at(-1);
      if (fence.kind === 'sh') {
        const step = steps.at(-1) ?? '';
        blocks.push({
          step,
          line: fence.line,
          commands: fence.lines.join('\n'),
          result: undefined,
        });
      } else if (fence.kind === 'text' && last !== undefined) {
        blocks[blocks.length - 1] = { ...last, result: fence.lines };
      }
      fence = undefined;
    } else if (fence === undefined && kind !== undefined) {
      fence = { kind, line: index + 2, lines: [] };
    } else if (fence !== undefined) {
      fence.lines.push(line);
    } else {
      const [, step] = /^## (?:\d+\. )?(.+)$/.exec(line) ?? [];
      if (step !== undefined) {
        steps.push(step.trim());
      }
    }
  }
  return { steps, blocks };
}

/** Whether every stated line appears in the output, in order; `...` stands for anything in a line. */
export function matchesResult(stated: readonly string[], output: string): boolean {
  const lines = output.split('\n').map((line) => line.trim());
  let from = 0;
  return stated
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '...')
    .every((line) => {
      const at = lines.findIndex((found, index) => index >= from && matchesLine(line, found));
      from = at + 1;
      return at >= 0;
    });
}

function matchesLine(stated: string, found: string): boolean {
  const parts = stated.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(found);
}
